// The Internet checksum: RFC 1071.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include <reveille/address.h>
#include <reveille/bytes.h>

namespace reveille::wire {

// Sums are ones'-complement sums of big-endian 16-bit words, folded to 16 bits, not inverted.
// An odd last octet counts as the high octet of a word.
[[nodiscard]] std::uint16_t sum(Bytes bytes);
// Whether twenty octets sum up to 0xffff: nearly every IPv4 header. In line, for each frame.
[[nodiscard]] inline bool twenty_sum_up(const std::uint8_t* octets) {
  std::uint64_t first;
  std::uint64_t second;
  std::uint32_t third;
  std::memcpy(&first, octets, 8);
  std::memcpy(&second, octets + 8, 8);
  std::memcpy(&third, octets + 16, 4);
  // A carry out of 64 bits is one more, as out of 16: 2^64 is 1 modulo 0xffff.
  std::uint64_t total = 0;
  const bool carry = __builtin_add_overflow(first, second, &total);
  const bool again = __builtin_add_overflow(total, std::uint64_t{third} + carry, &total);
  total += again;
  // Each half added to the other, the carry of the lower into the upper: that keeps the sum.
  const auto half = static_cast<std::uint32_t>((total + std::rotl(total, 32)) >> 32);
  // The same in either byte order: both octets of 0xffff are.
  return (half + std::rotl(half, 16)) >> 16 == 0xffff;
}
// Always as many steps as the largest number needs: how many this one needs, no branch
// predictor could know.
[[nodiscard]] constexpr std::uint16_t fold(std::uint64_t wide) {
  wide = (wide & 0xffffffff) + (wide >> 32);
  wide = (wide & 0xffff) + (wide >> 16);
  wide = (wide & 0xffff) + (wide >> 16);
  wide = (wide & 0xffff) + (wide >> 16);
  return static_cast<std::uint16_t>(wide);
}
// The same for what fits 32 bits, in half the steps.
[[nodiscard]] constexpr std::uint16_t fold32(std::uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}
[[nodiscard]] constexpr std::uint16_t add(std::uint16_t a, std::uint16_t b) {
  const std::uint32_t sum = std::uint32_t{a} + b;
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}
// The sum of the same octets when they start at an odd offset of the whole.
[[nodiscard]] constexpr std::uint16_t at_odd_offset(std::uint16_t a) {
  return static_cast<std::uint16_t>((a << 8) | (a >> 8));
}
// Source, destination, protocol 17 and UDP length (RFC 768).
[[nodiscard]] constexpr std::uint16_t pseudo_header_sum(Ipv4Address source, Ipv4Address destination,
                                                        std::uint8_t protocol,
                                                        std::uint16_t length) {
  return fold32((source.value >> 16) + (source.value & 0xffff) + (destination.value >> 16) +
                (destination.value & 0xffff) + protocol + length);
}

}  // namespace reveille::wire
