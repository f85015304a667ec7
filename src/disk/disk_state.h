// What all workers know of a disk beside its bytes: who may use it, and who does.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <reveille/address.h>
#include <reveille/instant.h>

namespace reveille {

// A short list of machines that any worker may read while one of them changes it.
class MachineList {
 public:
  static constexpr std::size_t kMax = 180;  // that many directives fit a frame of 1500 octets

  [[nodiscard]] std::size_t size() const { return count_.load(std::memory_order_acquire); }
  [[nodiscard]] MacAddress operator[](std::size_t index) const {
    const std::uint64_t number = macs_[index].load(std::memory_order_relaxed);
    MacAddress mac;
    for (std::size_t i = 0; i < 6; ++i) {
      mac.octets[i] = static_cast<std::uint8_t>(number >> (40 - 8 * i));
    }
    return mac;
  }
  [[nodiscard]] bool contains(const MacAddress& mac) const {
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) {
      if (macs_[i].load(std::memory_order_relaxed) == mac.number()) return true;
    }
    return false;
  }

  // Between DiskState::begin_change() and end_change() only. False when full.
  bool add(const MacAddress& mac) {
    if (contains(mac)) return true;
    const std::size_t count = size();
    if (count == kMax) return false;
    macs_[count].store(mac.number(), std::memory_order_relaxed);
    count_.store(static_cast<std::uint32_t>(count + 1), std::memory_order_release);
    return true;
  }
  void remove(const MacAddress& mac) {
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) {
      if (macs_[i].load(std::memory_order_relaxed) != mac.number()) continue;
      macs_[i].store(macs_[count - 1].load(std::memory_order_relaxed), std::memory_order_relaxed);
      count_.store(static_cast<std::uint32_t>(count - 1), std::memory_order_release);
      return;
    }
  }
  // Those, and no others; at most kMax. Never empty in between.
  template <class MacOf>
  void assign(std::size_t count, MacOf&& mac_of) {
    for (std::size_t i = 0; i < count; ++i) {
      macs_[i].store(mac_of(i).number(), std::memory_order_relaxed);
    }
    count_.store(static_cast<std::uint32_t>(count), std::memory_order_release);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kMax> macs_{};
  std::atomic<std::uint32_t> count_{0};
};

// Lives as long as the workers, through all versions of the disk. Reading is plain loads; the
// rare changes never wait either: who comes second tries again with its client's next request.
class DiskState {
 public:
  MachineList masks;         // AoEr11 5: empty: all that the configuration allows
  MachineList reservations;  // AoEr11 6: empty: nobody has reserved the disk

  [[nodiscard]] bool masked(const MacAddress& mac) const {
    return masks.size() != 0 && !masks.contains(mac);
  }
  [[nodiscard]] bool reserved_for_others(const MacAddress& mac) const {
    return reservations.size() != 0 && !reservations.contains(mac);
  }

  [[nodiscard]] bool begin_change() { return !changing_.exchange(true, std::memory_order_acquire); }
  void end_change() { changing_.store(false, std::memory_order_release); }

  // ---- private disks: who reads or writes has the disk, until it did neither for long
  static constexpr Nanoseconds kAbandoned = std::chrono::minutes{5};

  // Whether claim() would be true now. Any frame may ask; only reads and writes claim.
  [[nodiscard]] bool free_for(const MacAddress& mac, Instant now) const {
    const std::uint64_t owner = owner_.load(std::memory_order_acquire);
    return owner == 0 || owner == mac.number() || abandoned(now);
  }
  // True when the disk is this machine's from now on, or was already.
  bool claim(const MacAddress& mac, Instant now) {
    std::uint64_t owner = owner_.load(std::memory_order_acquire);
    if (owner != mac.number()) {
      if (owner != 0 && !abandoned(now)) return false;
      if (!owner_.compare_exchange_strong(owner, mac.number())) return false;
    }
    heard_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    return true;
  }

 private:
  [[nodiscard]] bool abandoned(Instant now) const {
    return now.time_since_epoch() - Nanoseconds{heard_.load()} >= kAbandoned;
  }

  std::atomic<bool> changing_{false};
  std::atomic<std::uint64_t> owner_{0};  // MacAddress::number; 0: nobody
  std::atomic<std::int64_t> heard_{0};
};

}  // namespace reveille
