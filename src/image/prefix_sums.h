// Internet checksums of any part of an image without reading that part.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <reveille/bytes.h>
#include <reveille/wire/checksum.h>

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

  // The two halves of sum(), for one who goes through the whole in order: where one stretch
  // ends the next begins, so that each offset is looked at once. What before() returns is in
  // the byte order of this machine and only good for between().
  [[nodiscard]] std::uint16_t before(Bytes whole, std::uint64_t end) const;
  [[nodiscard]] static std::uint16_t between(std::uint16_t before_begin, std::uint16_t before_end,
                                             std::uint64_t begin) {
    const auto inverse = static_cast<std::uint16_t>(~before_begin);
    const std::uint16_t from_even = detail::swap_if_little(wire::add(before_end, inverse));
    return begin % 2 == 0 ? from_even : wire::at_odd_offset(from_even);
  }
  // Starts the memory accesses of a later before(whole, end).
  void prefetch(Bytes whole, std::uint64_t end) const {
    __builtin_prefetch(&sums_[end / kBlockSize]);
    if (end % kBlockSize != 0) __builtin_prefetch(whole.data() + end / kBlockSize * kBlockSize);
  }

  // The TFTP block sizes that firmware asks for and that are no multiple of kBlockSize: iPXE,
  // WDS and legacy PXE, EDK2, and what fits Ethernet beside larger IP and UDP headers.
  static constexpr std::array<std::uint32_t, 4> kStrides{1428, 1432, 1456, 1468};
  // For one of these: element k is before(whole, k * stride), so that the bytes of the whole
  // are not touched at all, and the next 31 lie in the same cache line. nullptr for others.
  [[nodiscard]] const std::uint16_t* strides(std::uint32_t stride) const;

 private:
  std::vector<std::uint16_t> sums_{0};  // in the byte order of this machine
  std::array<std::vector<std::uint16_t>, kStrides.size()> strides_;
};

}  // namespace reveille
