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
[[nodiscard]] inline std::uint64_t raw_number(const MacAddress& mac) {
  std::uint32_t low;
  std::uint16_t high;
  std::memcpy(&low, mac.octets.data(), sizeof low);
  std::memcpy(&high, mac.octets.data() + sizeof low, sizeof high);
  return std::uint64_t{high} << 32 | low;
}

}  // namespace reveille
