// A keyed hash that does not give its key away: for what strangers see of it.
#pragma once

#include <bit>
#include <cstdint>

#include "table/mix.h"

namespace reveille {

struct SipKey {
  std::uint64_t low = 0;   // octets 0 to 7, little-endian
  std::uint64_t high = 0;  // octets 8 to 15

  // Of a seed that is random, and kept to ourselves.
  static constexpr SipKey of(std::uint64_t seed) {
    return {mix(seed ^ 0x6a09e667f3bcc908), mix(seed + 0x3c6ef372fe94f82b)};
  }
};

// SipHash-2-4 of eight octets, little-endian: who knows any number of outputs cannot compute
// another one.
[[nodiscard]] constexpr std::uint64_t sip_hash(const SipKey& key, std::uint64_t message) {
  std::uint64_t v0 = key.low ^ 0x736f6d6570736575;
  std::uint64_t v1 = key.high ^ 0x646f72616e646f6d;
  std::uint64_t v2 = key.low ^ 0x6c7967656e657261;
  std::uint64_t v3 = key.high ^ 0x7465646279746573;
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
  absorb(message);
  absorb(std::uint64_t{8} << 56);  // the length of the message
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace reveille
