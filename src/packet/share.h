// Which part of the clients a worker serves.
#pragma once

#include <cstdint>

#include <reveille/address.h>

#include "table/mix.h"

namespace reveille {

inline constexpr unsigned kWorkersMax = 32;

// Those clients that hash to `index` of `count` workers.
struct Share {
  unsigned index = 0;
  unsigned count = 1;
};

// The worker that owns a key. Uses the high bits, so that tables may use the low ones.
[[nodiscard]] constexpr unsigned owner_of(std::uint64_t key, unsigned workers) {
  return static_cast<unsigned>(((mix(key) >> 32) * workers) >> 32);
}
[[nodiscard]] constexpr unsigned owner_of(const MacAddress& client, unsigned workers) {
  return owner_of(client.number(), workers);
}

}  // namespace reveille
