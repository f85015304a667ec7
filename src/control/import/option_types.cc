#include "control/import/option_types.h"

#include <array>
#include <charconv>

#include "control/config/dhcp_option_names.h"
#include "control/config/value_text.h"
#include "control/import/import_options.h"

namespace reveille {
namespace {

using Kind = OptionType::Kind;

// In two's complement, and as wide as the type; nullopt: it does not fit.
std::optional<std::uint32_t> number_of(std::string_view text, unsigned bits) {
  if (text == "true" || text == "on") return 1;
  if (text == "false" || text == "off") return 0;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const std::int64_t limit = std::int64_t{1} << bits;
  if (value < -limit / 2 || value >= limit) return std::nullopt;
  return static_cast<std::uint32_t>(value & (limit - 1));
}

std::string numbers_text(const std::vector<std::string>& values, const OptionType& type) {
  std::string hex;
  std::string one;
  for (const std::string& value : values) {
    const auto number = number_of(value, type.bits);
    if (!number) return {};
    one = "{ u" + std::to_string(type.bits) + " = " + std::to_string(*number) + " }";
    for (unsigned shift = type.bits; shift > 0; shift -= 8) {
      const auto octet = static_cast<char>(*number >> (shift - 8));
      hex += (hex.empty() ? "" : ":") + octet_escape(octet).substr(2);
    }
  }
  return values.size() == 1 ? one : "{ hex = " + toml_string(hex) + " }";
}

std::string addresses_text(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& value : values) {
    if (!Ipv4Address::parse(value)) return {};
    all += (all.empty() ? "" : ", ") + toml_string(value);
  }
  return "{ ip = [" + all + "] }";
}

// Empty: it is no value of this type.
std::string value_text(const OptionType& type, const std::vector<std::string>& values) {
  const bool is_one = values.size() == 1 && !values[0].empty();
  if (!is_one && (!type.is_list || values.empty())) return {};
  switch (type.kind) {
    case Kind::number:
      return numbers_text(values, type);
    case Kind::address:
      return addresses_text(values);
    case Kind::text:
      return is_one ? "{ text = " + toml_string(values[0]) + " }" : "";
    case Kind::octets:
      return is_one && parse_hex(values[0]) ? "{ hex = " + toml_string(values[0]) + " }" : "";
  }
  return {};
}

}  // namespace

std::optional<OptionType> dhcpd_type(std::span<const std::string> words) {
  OptionType type;
  if (words.size() > 2 && words[0] == "array" && words[1] == "of") {
    type.is_list = true;
    words = words.subspan(2);
  }
  const bool has_sign = !words.empty() && (words[0] == "unsigned" || words[0] == "signed");
  if (has_sign) words = words.subspan(1);
  if (words.size() == 2 && words[0] == "integer") {
    const auto bits = whole_number(words[1]);
    if (!bits || (*bits != 8 && *bits != 16 && *bits != 32)) return std::nullopt;
    type.bits = *bits;
    return type;
  }
  if (words.size() != 1 || has_sign) return std::nullopt;
  if (words[0] == "boolean") {
    type.bits = 8;
  } else if (words[0] == "ip-address") {
    type.kind = Kind::address;
  } else if (words[0] == "text") {
    type.kind = Kind::text;
  } else if (words[0] == "string") {
    type.kind = Kind::octets;
  } else {
    return std::nullopt;
  }
  return type;
}

std::optional<OptionType> kea_type(std::string_view name, bool is_list) {
  struct Known {
    std::string_view name;
    OptionType type;
  };
  constexpr std::array kKnown{
      Known{"boolean", {Kind::number, 8}}, Known{"int8", {Kind::number, 8}},
      Known{"uint8", {Kind::number, 8}},   Known{"int16", {Kind::number, 16}},
      Known{"uint16", {Kind::number, 16}}, Known{"int32", {Kind::number, 32}},
      Known{"uint32", {Kind::number, 32}}, Known{"ipv4-address", {Kind::address}},
      Known{"string", {Kind::text}},       Known{"binary", {Kind::octets}},
  };
  for (const Known& known : kKnown) {
    if (known.name != name) continue;
    OptionType type = known.type;
    type.is_list = is_list;
    return type;
  }
  return std::nullopt;
}

std::string set_typed_option(std::uint8_t code, const OptionType& type,
                             const std::vector<std::string>& values, ImportedScope& to) {
  const bool is_own = !reserved_option(code).empty() || code == 28;
  if (is_own && type.kind != Kind::octets) return set_option(code, values, to);
  std::string value = is_own ? std::string() : value_text(type, values);
  if (value.empty()) return "the value of option " + std::to_string(code) + " is not understood";
  to.options[code] = std::move(value);
  return {};
}

}  // namespace reveille
