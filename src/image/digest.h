// What is worked out about an image while it is read for the first time, in one pass.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <reveille/bytes.h>

#include "image/prefix_sums.h"

namespace reveille {

struct Digest {
  std::array<std::uint8_t, 32> sha256{};
  PrefixSums sums;
};

[[nodiscard]] Digest digest_of(Bytes whole);

// The same in parts. Throws std::bad_alloc when the hash has no memory.
class Digester {
 public:
  // Parts of this size stay in the cache between being read, hashed and summed.
  static constexpr std::size_t kPartSize = 256 * 1024;

  explicit Digester(std::uint64_t size);
  ~Digester();
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;

  // Every part but the last is a multiple of PrefixSums::kBlockSize.
  void append(Bytes part);
  [[nodiscard]] Digest finish();

 private:
  struct Hash;
  std::unique_ptr<Hash> hash_;
  PrefixSums sums_;
};

}  // namespace reveille
