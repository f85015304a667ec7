// Which part of the clients a worker serves.
#pragma once

#include <cstdint>

#include <reveille/address.h>

namespace reveille {

inline constexpr unsigned kWorkersMax = 32;

// Those clients that hash to `index` of `count` workers.
struct Share {
  unsigned index = 0;
  unsigned count = 1;
};

// A 64-bit mixer (the finalizer of splitmix64's family): every input bit reaches every output
// bit, so low bits are as good as high ones.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xe9846af9b1a615d5ULL;
  x ^= x >> 32;
  x *= 0xe9846af9b1a615d5ULL;
  x ^= x >> 28;
  return x;
}

// The worker that owns a key. Uses the high bits, so that tables may use the low ones.
[[nodiscard]] constexpr unsigned owner_of(std::uint64_t key, unsigned workers) {
  return static_cast<unsigned>(((mix(key) >> 32) * workers) >> 32);
}
[[nodiscard]] constexpr unsigned owner_of(const MacAddress& client, unsigned workers) {
  return owner_of(client.number(), workers);
}

}  // namespace reveille
