// Internet checksums of any part of an image without reading that part.
#pragma once

#include <cstdint>
#include <vector>

#include <reveille/bytes.h>

namespace reveille {

// The sum of everything before each 64-byte block: two bytes for 64, 3 % more memory.
class PrefixSums {
 public:
  static constexpr std::size_t kBlockSize = 64;

  PrefixSums() = default;
  // `size` is that of the whole; it only sets memory aside.
  explicit PrefixSums(std::uint64_t size);

  // The next bytes of the whole. Every part but the last is a multiple of kBlockSize.
  void append(Bytes part);

  // RFC 1071: the ones'-complement sum of big-endian 16-bit words, folded and not inverted, of
  // `length` bytes from `offset`, the first of which is a high byte. `whole` are the bytes that
  // were appended; at most 126 of them are read. Ones' complement has two zeros: where the sum
  // is a multiple of 0xffff the result may be either of them. A datagram's pseudo-header is not
  // zero (its protocol is 17), so that a checksum made from it is exact.
  [[nodiscard]] std::uint16_t sum(Bytes whole, std::uint64_t offset, std::uint32_t length) const;

 private:
  [[nodiscard]] std::uint16_t before(Bytes whole, std::uint64_t end) const;

  std::vector<std::uint16_t> sums_{0};  // in the byte order of this machine
};

}  // namespace reveille
