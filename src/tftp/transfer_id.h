// Transfer ids: our UDP port of a transfer names its owner worker and its slot there.
#pragma once

#include <cstdint>

#include "packet/share.h"

namespace reveille {

// All ports from here up are ours: the address belongs to reveille alone, no kernel shares it.
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
[[nodiscard]] constexpr unsigned transfer_slots(unsigned workers) { return kTransferIds / workers; }

}  // namespace reveille
