// Link and network addresses as values, and as the usual text. An IPv4 address is an integer in the
// order of the host; MAC addresses, IPv6 addresses and UUIDs are octets as they are on the wire.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <reveille/bytes.h>

namespace reveille {

// A 48-bit IEEE 802 address.
struct MacAddress {
  std::array<std::uint8_t, 6> octets{};

  static MacAddress from(const std::uint8_t* six_octets) {
    MacAddress mac;
    std::memcpy(mac.octets.data(), six_octets, 6);
    return mac;
  }
  static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  // Six octets in hexadecimal, separated by ':' or '-'.
  static std::optional<MacAddress> parse(std::string_view text);

  // The address as one number, first octet highest; hash and compare this.
  [[nodiscard]] constexpr std::uint64_t number() const {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : octets) value = (value << 8) | octet;
    return value;
  }
  // Broadcast counts as a group address too (IEEE 802: the I/G bit).
  [[nodiscard]] constexpr bool is_group() const { return (octets[0] & 1) != 0; }
  [[nodiscard]] constexpr bool is_zero() const { return number() == 0; }
  [[nodiscard]] std::string text() const;  // 52:54:00:12:34:56

  constexpr auto operator<=>(const MacAddress&) const = default;
};

// A dotted quad in room of its own: what a packet path can write without an allocation.
struct Ipv4Text {
  std::array<char, 15> characters{};
  std::uint8_t length = 0;

  [[nodiscard]] std::string_view view() const { return {characters.data(), length}; }
};

// An IPv4 address, kept in host order.
struct Ipv4Address {
  std::uint32_t value = 0;

  static Ipv4Address from(const std::uint8_t* four_octets) { return {load_be32(four_octets)}; }
  static constexpr Ipv4Address of(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return {(std::uint32_t{a} << 24) | (std::uint32_t{b} << 16) | (std::uint32_t{c} << 8) | d};
  }
  static constexpr Ipv4Address broadcast() { return {0xffffffff}; }
  // Dotted quad only: no leading zeros, no short forms.
  static std::optional<Ipv4Address> parse(std::string_view text);

  [[nodiscard]] constexpr bool is_zero() const { return value == 0; }
  [[nodiscard]] constexpr bool is_multicast() const { return (value >> 28) == 0xe; }
  [[nodiscard]] constexpr bool is_loopback() const { return (value >> 24) == 127; }
  [[nodiscard]] Ipv4Text dotted() const;
  [[nodiscard]] std::string text() const { return std::string(dotted().view()); }

  constexpr auto operator<=>(const Ipv4Address&) const = default;  // NOLINT(modernize-use-nullptr)
};

// An address and the length of its network part: 10.77.0.1/16. `address` keeps its host bits.
struct Ipv4Prefix {
  Ipv4Address address;
  std::uint8_t length = 0;  // 0 to 32

  static std::optional<Ipv4Prefix> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint32_t mask() const {
    return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
  }
  [[nodiscard]] constexpr Ipv4Address network() const { return {address.value & mask()}; }
  [[nodiscard]] constexpr Ipv4Address directed_broadcast() const {
    return {address.value | ~mask()};
  }
  [[nodiscard]] constexpr bool contains(Ipv4Address other) const {
    return (other.value & mask()) == (address.value & mask());
  }
  [[nodiscard]] std::string text() const;

  constexpr auto operator<=>(const Ipv4Prefix&) const = default;
};

// An IPv6 address, in network order. reveille only speaks neighbour discovery with it.
struct Ipv6Address {
  std::array<std::uint8_t, 16> octets{};

  static Ipv6Address from(const std::uint8_t* sixteen_octets) {
    Ipv6Address address;
    std::memcpy(address.octets.data(), sixteen_octets, 16);
    return address;
  }
  // fe80::/64 with the modified EUI-64 of `mac` (RFC 4291, appendix A).
  static Ipv6Address link_local(const MacAddress& mac);

  [[nodiscard]] constexpr bool is_link_local() const {
    return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
  }
  [[nodiscard]] constexpr bool is_multicast() const { return octets[0] == 0xff; }
  [[nodiscard]] constexpr bool is_unspecified() const { return octets == decltype(octets){}; }

  constexpr auto operator<=>(const Ipv6Address&) const = default;
};

// A UUID in the byte order of the wire (option 97 of RFC 4578: no swapping).
struct Uuid {
  std::array<std::uint8_t, 16> octets{};

  static std::optional<Uuid> parse(std::string_view text);  // 8-4-4-4-12 hexadecimal digits
  [[nodiscard]] std::string text() const;

  constexpr auto operator<=>(const Uuid&) const = default;  // NOLINT(modernize-use-nullptr)
};

}  // namespace reveille
