// Which transfer slots are free, handed out in an order that nobody can foretell.
#pragma once

#include <cstdint>
#include <vector>

#include "table/sip_hash.h"

namespace reveille {

// Who has seen some outputs cannot compute the next (the transfer id is all that a blind attacker
// has to guess besides the client's port).
class Unpredictable {
 public:
  explicit Unpredictable(std::uint64_t seed) : key_(SipKey::of(seed)) {}
  std::uint64_t next() { return sip_hash(key_, counter_++); }

 private:
  SipKey key_;
  std::uint64_t counter_ = 0;
};

// Owner: one worker.
class FreeSlots {
 public:
  FreeSlots(unsigned slots, std::uint64_t seed);

  [[nodiscard]] bool empty() const { return free_.empty(); }
  // A slot that is free but stays so. There is one.
  [[nodiscard]] unsigned peek() { return free_[chosen()]; }
  // There is one.
  unsigned take();
  void give_back(unsigned slot) { free_.push_back(static_cast<std::uint16_t>(slot)); }

 private:
  std::size_t chosen() {
    return static_cast<std::size_t>(((random_.next() >> 32) * free_.size()) >> 32);
  }

  Unpredictable random_;
  std::vector<std::uint16_t> free_;
};

}  // namespace reveille
