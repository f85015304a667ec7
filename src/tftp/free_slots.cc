#include "tftp/free_slots.h"

#include <numeric>

namespace reveille {

FreeSlots::FreeSlots(unsigned slots, std::uint64_t seed) : random_(seed), free_(slots) {
  std::iota(free_.begin(), free_.end(), std::uint16_t{0});
}

unsigned FreeSlots::take() {
  const std::size_t i = chosen();
  const unsigned slot = free_[i];
  free_[i] = free_.back();
  free_.pop_back();
  return slot;
}

}  // namespace reveille
