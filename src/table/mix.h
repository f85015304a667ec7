// The mixer behind every hash of ours.
#pragma once

#include <cstdint>

namespace reveille {

// A finalizer of splitmix64's family: every input bit reaches every output bit, so low bits are
// as good as high ones.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xe9846af9b1a615d5ULL;
  x ^= x >> 32;
  x *= 0xe9846af9b1a615d5ULL;
  x ^= x >> 28;
  return x;
}

}  // namespace reveille
