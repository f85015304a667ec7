#include <charconv>
#include <cstdio>

#include <reveille/address.h>

namespace reveille {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  const char separator = text[2];
  if (separator != ':' && separator != '-') return std::nullopt;
  MacAddress mac;
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex_digit(text[3 * i]);
    const int low = hex_digit(text[3 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    if (i < 5 && text[3 * i + 2] != separator) return std::nullopt;
    mac.octets[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return mac;
}

std::string MacAddress::text() const {
  char buffer[18];
  (void)std::snprintf(buffer, sizeof buffer, "%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1],
                      octets[2], octets[3], octets[4], octets[5]);
  return buffer;
}

std::optional<Ipv4Address> Ipv4Address::parse(std::string_view text) {
  std::uint32_t value = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
    std::uint8_t octet = 0;
    const auto [next, error] = std::from_chars(at, end, octet);
    if (error != std::errc{} || (*at == '0' && next - at > 1)) return std::nullopt;
    value = (value << 8) | octet;
    at = next;
  }
  if (at != end) return std::nullopt;
  return Ipv4Address{value};
}

Ipv4Text Ipv4Address::dotted() const {
  Ipv4Text text;
  char* at = text.characters.data();
  for (unsigned shift = 32; shift > 0;) {
    shift -= 8;
    const std::uint32_t octet = (value >> shift) & 0xff;
    if (octet >= 100) *at++ = static_cast<char>('0' + octet / 100);
    if (octet >= 10) *at++ = static_cast<char>('0' + octet / 10 % 10);
    *at++ = static_cast<char>('0' + octet % 10);
    if (shift > 0) *at++ = '.';
  }
  text.length = static_cast<std::uint8_t>(at - text.characters.data());
  return text;
}

std::optional<Ipv4Prefix> Ipv4Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = Ipv4Address::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  std::uint8_t length = 0;
  const auto [next, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!address || digits.empty() || error != std::errc{} || next != digits.data() + digits.size() ||
      length > 32) {
    return std::nullopt;
  }
  return Ipv4Prefix{*address, length};
}

std::string Ipv4Prefix::text() const {
  return address.text() + "/" + std::to_string(length);
}

Ipv6Address Ipv6Address::link_local(const MacAddress& mac) {
  Ipv6Address address;
  address.octets[0] = 0xfe;
  address.octets[1] = 0x80;
  address.octets[8] = mac.octets[0] ^ 0x02;
  address.octets[9] = mac.octets[1];
  address.octets[10] = mac.octets[2];
  address.octets[11] = 0xff;
  address.octets[12] = 0xfe;
  address.octets[13] = mac.octets[3];
  address.octets[14] = mac.octets[4];
  address.octets[15] = mac.octets[5];
  return address;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  std::size_t octet = 0;
  for (std::size_t i = 0; i < 36;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return std::nullopt;
      continue;
    }
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid.octets[octet++] = static_cast<std::uint8_t>(high * 16 + low);
    i += 2;
  }
  return uuid;
}

std::string Uuid::text() const {
  std::string out;
  char buffer[3];
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    (void)std::snprintf(buffer, sizeof buffer, "%02x", octets[i]);
    out += buffer;
  }
  return out;
}

}  // namespace reveille
