#include "tftp/transfer_table.h"

#include <algorithm>
#include <cassert>

namespace reveille {

TransferTable::TransferTable(Share share, Limits limits, std::uint64_t seed)
    : share_(share),
      finder_(share),
      // One slot at least stays free, to send errors from.
      limits_{std::clamp<std::size_t>(limits.transfers, 1, transfer_slots(share.count) - 1),
              std::max<std::size_t>(limits.half_open, 1)},
      secret_(Unpredictable(~seed).next()),
      transfers_(transfer_slots(share.count)),
      details_(transfer_slots(share.count)),
      free_(transfer_slots(share.count), seed),
      by_client_(limits_.transfers),
      half_open_list_(transfer_slots(share.count), 1) {}

unsigned TransferTable::find(std::uint64_t client) {
  const std::uint16_t* slot = by_client_.find(key_of(client));
  return slot == nullptr ? SlotFinder::kNone : *slot;
}

unsigned TransferTable::open(std::uint64_t client) {
  assert(!full() && find(client) == SlotFinder::kNone);
  const unsigned slot = free_.take();
  by_client_.insert(key_of(client), static_cast<std::uint16_t>(slot));
  transfers_[slot] = Transfer{};
  transfers_[slot].client = client;
  transfers_[slot].flags = Transfer::kHalfOpen;
  details_[slot] = TransferDetail{};
  half_open_list_.append(0, slot);
  ++half_open_;
  return slot;
}

void TransferTable::prove(unsigned slot) {
  assert(transfers_[slot].has(Transfer::kHalfOpen));
  transfers_[slot].clear(Transfer::kHalfOpen);
  half_open_list_.remove(slot);
  --half_open_;
}

void TransferTable::close(unsigned slot) {
  Transfer& transfer = transfers_[slot];
  assert(!transfer.has(Transfer::kClosed));
  if (transfer.has(Transfer::kHalfOpen)) prove(slot);
  by_client_.erase(key_of(transfer.client));
  transfer.flags = Transfer::kClosed;
  transfer.image = nullptr;
  free_.give_back(slot);
}

}  // namespace reveille
