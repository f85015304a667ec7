// Transfer ids: our UDP port of a transfer names its owner worker and its slot there.
#pragma once

#include <cstdint>

#include "packet/share.h"

namespace reveille {

// All ports from here up are ours: the address belongs to reveille alone, no kernel shares it.
// The service ports 67, 69 and 4011 lie below, so none of them can be a transfer.
inline constexpr std::uint16_t kFirstTransferId = 4096;
inline constexpr unsigned kTransferIds = 65536 - kFirstTransferId;

[[nodiscard]] constexpr bool is_transfer_id(std::uint16_t port) {
  return port >= kFirstTransferId;
}
[[nodiscard]] constexpr unsigned transfer_owner(std::uint16_t tid, unsigned workers) {
  return (tid - kFirstTransferId) % workers;
}
[[nodiscard]] constexpr unsigned transfer_slot(std::uint16_t tid, unsigned workers) {
  return (tid - kFirstTransferId) / workers;
}
[[nodiscard]] constexpr std::uint16_t transfer_id(unsigned slot, Share share) {
  return static_cast<std::uint16_t>(kFirstTransferId + slot * share.count + share.index);
}
// How many slots a worker can have at most.
[[nodiscard]] constexpr unsigned transfer_slots(unsigned workers) {
  return kTransferIds / workers;
}

// Ports to slots of one share, with a multiplication instead of a division for each ACK.
class SlotFinder {
 public:
  explicit constexpr SlotFinder(Share share)
      : share_(share),
        slots_(transfer_slots(share.count)),
        reciprocal_((std::uint64_t{1} << 32) / share.count + 1) {}

  static constexpr unsigned kNone = ~0U;

  // kNone for a port that is no transfer id of this share.
  [[nodiscard]] constexpr unsigned slot_of(std::uint16_t port) const {
    const unsigned id = port - unsigned{kFirstTransferId};  // wraps to a huge number below it
    if (id >= kTransferIds) return kNone;
    // Exact: id < 2^16 and the reciprocal is at most one too high.
    const auto slot = static_cast<unsigned>((id * reciprocal_) >> 32);
    if (id - slot * share_.count != share_.index || slot >= slots_) {
      return kNone;
    }
    return slot;
  }

 private:
  Share share_;
  unsigned slots_;
  std::uint64_t reciprocal_;
};

}  // namespace reveille
