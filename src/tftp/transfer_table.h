// The transfers of one worker: slots, who has them, and which are not yet proven.
#pragma once

#include <cstddef>
#include <cstdint>

#include "packet/share.h"
#include "packet/transfer_id.h"
#include "table/flat_table.h"
#include "table/huge_vector.h"
#include "tftp/free_slots.h"
#include "tftp/slot_lists.h"
#include "tftp/transfer.h"

namespace reveille {

// Bookkeeping only: what a transfer does is the engine's. Owner: one worker. All memory is
// taken at construction. There is a slot for every transfer id of the share, whatever the
// limits, so that ids are spread over all ports.
class TransferTable {
 public:
  struct Limits {
    std::size_t transfers = 0;  // in use at a time; half-open ones included
    std::size_t half_open = 0;
  };

  TransferTable(Share share, Limits limits, std::uint64_t seed);

  [[nodiscard]] Transfer& transfer(unsigned slot) { return transfers_[slot]; }
  [[nodiscard]] const Transfer& transfer(unsigned slot) const { return transfers_[slot]; }
  [[nodiscard]] TransferDetail& detail(unsigned slot) { return details_[slot]; }
  [[nodiscard]] std::uint16_t id(unsigned slot) const { return transfer_id(slot, share_); }
  // SlotFinder::kNone for a port that is none of ours.
  [[nodiscard]] unsigned slot_of(std::uint16_t port) const { return finder_.slot_of(port); }
  // The open transfer of `client`, or kNone.
  [[nodiscard]] unsigned find(std::uint64_t client);

  [[nodiscard]] std::size_t open() const { return by_client_.size(); }
  [[nodiscard]] std::size_t half_open() const { return half_open_; }
  [[nodiscard]] bool full() const { return by_client_.full(); }
  [[nodiscard]] bool half_open_full() const { return half_open_ >= limits_.half_open; }
  // There is one.
  [[nodiscard]] unsigned oldest_half_open() const { return half_open_list_.front(0); }
  // A transfer id that is not in use now, to send an ERROR from.
  [[nodiscard]] std::uint16_t unused_id() { return id(free_.peek()); }

  // A cleared slot for a client that has none; the table is not full. Starts half-open.
  unsigned open(std::uint64_t client);
  // The client has answered.
  void prove(unsigned slot);
  // Frees the slot. It goes on naming its client until it is given to another.
  void close(unsigned slot);

 private:
  struct Hash {
    std::uint64_t operator()(std::uint64_t key) const { return mix(key); }
  };
  // Clients choose their addresses and ports; without the secret they cannot choose cells.
  [[nodiscard]] std::uint64_t key_of(std::uint64_t client) const { return client ^ secret_; }

  Share share_;
  SlotFinder finder_;
  Limits limits_;
  std::uint64_t secret_;
  HugeVector<Transfer> transfers_;
  HugeVector<TransferDetail> details_;
  FreeSlots free_;
  FlatTable<std::uint64_t, std::uint16_t, Hash> by_client_;
  SlotLists half_open_list_;
  std::size_t half_open_ = 0;
};

}  // namespace reveille
