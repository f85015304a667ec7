#include "control/config/rule_value.h"

#include <array>
#include <charconv>
#include <string>

#include <reveille/event.h>

#include "control/config/architecture_key.h"
#include "control/config/value_text.h"
#include "policy/architecture.h"

namespace reveille {
namespace {

constexpr unsigned kMacOctets = 6;
constexpr std::uint64_t kVlanMax = 4094;

constexpr std::array kFirmwares{
    std::pair<std::string_view, Firmware>{"bios", Firmware::bios_pxe},
    std::pair<std::string_view, Firmware>{"uefi", Firmware::uefi_pxe},
    std::pair<std::string_view, Firmware>{"http", Firmware::http},
    std::pair<std::string_view, Firmware>{"ipxe", Firmware::ipxe},
    std::pair<std::string_view, Firmware>{"other", Firmware::other},
    std::pair<std::string_view, Firmware>{"none", Firmware::unknown},
};

ValueRange just(std::uint64_t value) {
  return {value, value};
}

std::optional<ValueRange> in_order(std::uint64_t first, std::uint64_t last) {
  if (first > last) return std::nullopt;
  return ValueRange{first, last};
}

// The first one to five octets of a MAC address.
std::optional<ValueRange> parse_mac_prefix(std::string_view text) {
  if (text.ends_with(":*") || text.ends_with("-*")) text.remove_suffix(2);
  const auto octets = parse_hex(text);
  const bool spelled_out = octets && text.size() == octets->size() * 3 - 1;
  if (!spelled_out || octets->size() >= kMacOctets) return std::nullopt;
  std::uint64_t first = 0;
  for (const std::uint8_t octet : *octets) first = first << 8 | octet;
  const auto open_bits = 8 * (kMacOctets - static_cast<unsigned>(octets->size()));
  return ValueRange{first << open_bits, ((first + 1) << open_bits) - 1};
}

std::optional<std::uint64_t> parse_vlan(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id > kVlanMax) {
    return std::nullopt;
  }
  return id;
}

Ipv4Address as_address(std::uint64_t value) {
  return {static_cast<std::uint32_t>(value)};
}

MacAddress as_mac(std::uint64_t value) {
  std::array<std::uint8_t, 8> octets;
  store_be64(octets.data(), value);
  return MacAddress::from(&octets[2]);
}

std::string network_text(const ValueRange& range) {
  const std::uint64_t size = range.last - range.first + 1;
  for (std::uint8_t length = 0; length <= 32; ++length) {
    const Ipv4Prefix prefix{as_address(range.first), length};
    const bool same =
        size == std::uint64_t{1} << (32 - length) && prefix.network() == prefix.address;
    if (same) return length == 32 ? prefix.address.text() : prefix.text();
  }
  return as_address(range.first).text() + "-" + as_address(range.last).text();
}

std::string firmware_text(std::uint64_t value) {
  for (const auto& [name, firmware] : kFirmwares) {
    if (static_cast<std::uint64_t>(firmware) == value) return std::string(name);
  }
  return std::to_string(value);
}

std::string architecture_text(std::uint64_t value) {
  const Architecture* known = find_architecture(static_cast<std::uint16_t>(value));
  return known != nullptr ? architecture_key(known->name) : std::to_string(value);
}

std::string one_text(RuleField field, std::uint64_t value) {
  switch (field) {
    case RuleField::mac:
      return as_mac(value).text();
    case RuleField::architecture:
      return architecture_text(value);
    case RuleField::firmware:
      return firmware_text(value);
    case RuleField::subnet:
    case RuleField::relay:
      return as_address(value).text();
    case RuleField::known:
      return value == 0 ? "false" : "true";
    default:
      return std::to_string(value);
  }
}

}  // namespace

std::optional<ValueRange> parse_mac_range(std::string_view text) {
  if (const auto mac = MacAddress::parse(text)) return just(mac->number());
  constexpr std::size_t kMacLength = 17;
  if (text.size() == 2 * kMacLength + 1 && text[kMacLength] == '-') {
    const auto first = MacAddress::parse(text.substr(0, kMacLength));
    const auto last = MacAddress::parse(text.substr(kMacLength + 1));
    if (!first || !last) return std::nullopt;
    return in_order(first->number(), last->number());
  }
  return parse_mac_prefix(text);
}

std::optional<ValueRange> parse_network_range(std::string_view text) {
  const auto prefix = Ipv4Prefix::parse(text);
  if (!prefix) return std::nullopt;
  return ValueRange{prefix->network().value, prefix->directed_broadcast().value};
}

std::optional<ValueRange> parse_address_range(std::string_view text) {
  if (const auto network = parse_network_range(text)) return network;
  const auto pool = parse_pool(text);
  if (!pool) return std::nullopt;
  return in_order(pool->first.value, pool->last.value);
}

std::optional<ValueRange> parse_vlan_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_vlan(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_vlan(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return in_order(*first, *last);
}

std::optional<ValueRange> parse_architecture_range(std::string_view text) {
  const auto code = parse_architecture(text);
  if (!code) return std::nullopt;
  return just(*code);
}

std::optional<ValueRange> parse_firmware_range(std::string_view text) {
  for (const auto& [name, firmware] : kFirmwares) {
    if (name == text) return just(static_cast<std::uint64_t>(firmware));
  }
  return std::nullopt;
}

std::string value_text(RuleField field, const ValueRange& range) {
  if (field == RuleField::subnet || field == RuleField::relay) return network_text(range);
  if (range.first == range.last) return one_text(field, range.first);
  return one_text(field, range.first) + "-" + one_text(field, range.last);
}

}  // namespace reveille
