// A seeded 64-bit hash of bytes: for tables, not for secrets.
#pragma once

#include <cstdint>

#include <reveille/bytes.h>

#include "packet/share.h"

namespace reveille {

[[nodiscard]] inline std::uint64_t hash_bytes(Bytes bytes, std::uint64_t seed) {
  std::uint64_t hash = mix(seed ^ bytes.size());
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) hash = mix(hash ^ load_be64(bytes.data()));
  std::uint64_t rest = 0;
  for (const std::uint8_t octet : bytes) rest = (rest << 8) | octet;
  return mix(hash ^ rest);
}

}  // namespace reveille
