// Memory for images: hugepages if there are any, else locked pages, else plain ones.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <reveille/bytes.h>

namespace reveille {

inline constexpr std::uint64_t kPageSize = 4096;

// huge: 2 MB pages that were reserved (/proc/sys/vm/nr_hugepages). locked: pages that are never
// swapped out, as far as RLIMIT_MEMLOCK allows. plain: may be swapped out.
enum class MemoryKind : std::uint8_t { huge, locked, plain };

struct MemoryUse {
  std::array<std::uint64_t, 3> bytes{};  // by MemoryKind, whole pages

  [[nodiscard]] std::uint64_t operator[](MemoryKind kind) const {
    return bytes[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::uint64_t total() const { return bytes[0] + bytes[1] + bytes[2]; }
};

// Hands out memory up to a limit. Small images share regions of one hugepage, others have a
// region of their own; a region goes back to the system with its last image, even if this
// object is gone by then. Any thread.
class ImageMemory {
  struct Account;

 public:
  static constexpr std::size_t kRegionSize = std::size_t{2} << 20;

  // One mapping of whole pages.
  class Region {
   public:
    // nullptr when the system has no memory.
    static std::shared_ptr<Region> map(std::uint64_t size, std::shared_ptr<Account> account);
    ~Region();
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;

    [[nodiscard]] MutableBytes bytes() const { return bytes_; }

   private:
    Region(MutableBytes bytes, MemoryKind kind, std::shared_ptr<Account> account);

    MutableBytes bytes_;
    MemoryKind kind_;
    std::shared_ptr<Account> account_;
  };

  // Room for one image: aligned to a cache line, and from 16 KiB up in pages that no other image
  // touches. Lives as long as `region` is held.
  struct Room {
    std::shared_ptr<Region> region;
    MutableBytes bytes;
  };

  explicit ImageMemory(std::uint64_t bytes_max);

  // Nothing when the limit is reached or the system has no memory.
  std::optional<Room> take(std::uint64_t size);

  [[nodiscard]] MemoryUse use() const;
  [[nodiscard]] std::uint64_t bytes_max() const { return bytes_max_; }

 private:
  std::shared_ptr<Region> map_within_limit(std::uint64_t size);

  const std::uint64_t bytes_max_;
  std::shared_ptr<Account> account_;
  std::mutex mutex_;                // guards the two below
  std::weak_ptr<Region> shared_;    // where small images go at present
  std::uint64_t shared_taken_ = 0;  // bytes of it that are spoken for
};

}  // namespace reveille
