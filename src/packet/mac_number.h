// MAC addresses as numbers for keys and comparisons.
#pragma once

#include <cstdint>
#include <cstring>

#include <reveille/address.h>

namespace reveille {

// Below 2^48 and different for different addresses, in no order that means anything; what is sooner
// there than MacAddress::number(). Two loads and an OR: for six octets the compiler would call
// memcmp(), and a number that is copied together in memory waits, when it is read, for both parts
// to be written.
[[nodiscard]] inline std::uint64_t raw_number(const std::uint8_t* six_octets) {
  std::uint32_t low;
  std::uint16_t high;
  std::memcpy(&low, six_octets, sizeof low);
  std::memcpy(&high, six_octets + sizeof low, sizeof high);
  return std::uint64_t{high} << 32 | low;
}
[[nodiscard]] inline std::uint64_t raw_number(const MacAddress& mac) {
  return raw_number(mac.octets.data());
}

// Of such numbers: a group address, broadcast included; one to which IPv6 maps its groups
// (RFC 2464 section 7).
inline constexpr std::uint64_t kRawBroadcast = 0xffff'ffff'ffff;
[[nodiscard]] constexpr bool is_group(std::uint64_t raw) {
  return (raw & 0x01) != 0;
}
[[nodiscard]] constexpr bool is_ipv6_group(std::uint64_t raw) {
  return (raw & 0xffff) == 0x3333;
}

}  // namespace reveille
