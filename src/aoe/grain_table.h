// Which grains of which clients' disks were written, and where they are now.
#pragma once

#include <cstddef>
#include <cstdint>

#include <reveille/bytes.h>

#include "disk/overlay_file.h"
#include "table/index_table.h"
#include "table/mix.h"

namespace reveille {

// One for overlays in memory, which it holds itself, and one for those in files, of which it
// knows the places. Owner: one worker. All memory is taken at construction, but pages of which
// no grain was ever written cost nothing.
class GrainTable {
 public:
  enum class Holds : bool { places, bytes };

  GrainTable(std::size_t capacity, std::uint64_t seed, Holds holds);
  ~GrainTable();
  GrainTable(const GrainTable&) = delete;
  GrainTable& operator=(const GrainTable&) = delete;

  [[nodiscard]] bool full() const { return used_ == capacity_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  // The entry of that grain, or kNoIndex.
  [[nodiscard]] std::uint32_t find(std::uint32_t session, std::uint32_t grain) const {
    return table_.find(hash(session, grain), [&](std::uint32_t entry) {
      return entries_[entry].session == session && entries_[entry].grain == grain;
    });
  }
  // Start the memory accesses of a later find(), and of what follows it, in two steps.
  void prefetch(std::uint32_t session, std::uint32_t grain) const {
    table_.prefetch(hash(session, grain));
  }
  // Of Holds::bytes: `length` octets from `offset`, which lie in the grain.
  void prefetch_bytes(std::uint32_t session, std::uint32_t grain, std::size_t offset,
                      std::size_t length, bool to_write) const;

  // A new entry in front of the chain that begins at `chain`; not full, not there yet. Of Holds
  // ::places: `place` is where it is. Of Holds::bytes: what bytes() has is undefined.
  std::uint32_t insert(std::uint32_t session, std::uint32_t grain, std::uint32_t place,
                       std::uint32_t& chain);
  // Lets go of the first `count` entries of the chain, or of fewer if it ends. Returns how many.
  std::size_t release(std::uint32_t& chain, std::size_t count);

  [[nodiscard]] std::uint32_t place(std::uint32_t entry) const { return entries_[entry].place; }
  // Of Holds::bytes: the grain itself.
  [[nodiscard]] MutableBytes bytes(std::uint32_t entry) {
    return {memory_ + std::size_t{entry} * kGrainSize, kGrainSize};
  }

 private:
  struct Entry {
    std::uint32_t session;
    std::uint32_t grain;
    std::uint32_t place;
    std::uint32_t next;  // of the same session, or of the free ones
  };
  [[nodiscard]] std::uint64_t hash(std::uint32_t session, std::uint32_t grain) const {
    return mix((std::uint64_t{session} << 32 | grain) ^ seed_);
  }

  std::size_t capacity_;
  std::uint64_t seed_;
  std::size_t used_ = 0;
  std::uint32_t fresh_ = 0;        // entries from here on were never used
  std::uint32_t free_ = kNoIndex;  // chain of those that were
  IndexTable table_;
  Entry* entries_ = nullptr;  // zero pages of the system until touched
  std::uint8_t* memory_ = nullptr;
};

}  // namespace reveille
