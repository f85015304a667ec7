#include "tftp/free_slots.h"

#include <numeric>

#include "packet/share.h"

namespace reveille {

Unpredictable::Unpredictable(std::uint64_t seed)
    : key_{mix(seed ^ 0x6a09e667f3bcc908), mix(seed + 0x3c6ef372fe94f82b)} {}

std::uint64_t Unpredictable::next() {
  std::uint64_t v0 = key_[0] ^ 0x736f6d6570736575;
  std::uint64_t v1 = key_[1] ^ 0x646f72616e646f6d;
  std::uint64_t v2 = key_[0] ^ 0x6c7967656e657261;
  std::uint64_t v3 = key_[1] ^ 0x7465646279746573;
  const auto round = [&] {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  };
  const auto absorb = [&](std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  absorb(counter_++);
  absorb(std::uint64_t{8} << 56);  // the length of the message
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

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
