#include "control/config/dhcp_option_value.h"

#include <algorithm>
#include <charconv>

#include "control/config/dhcp_option_names.h"
#include "control/config/table_reader.h"
#include "control/config/value_text.h"

namespace reveille {
namespace {

using enum OptionShape;

// Turns one value into octets; says what it wanted when it cannot.
class Encoder {
 public:
  explicit Encoder(std::vector<std::uint8_t>& to) : to_(to) {}

  // Empty, or what was wanted.
  std::string_view encode(OptionShape shape, const toml::node& node) {
    switch (shape) {
      case address:
        return one_address(node) ? "" : "an address such as \"10.0.0.1\"";
      case addresses:
        return many(node, &Encoder::one_address) ? "" : "addresses such as [\"10.0.0.1\"]";
      case address_pairs:
        return many(node, &Encoder::one_address) && to_.size() % 8 == 0
                   ? ""
                   : "pairs of addresses such as [\"10.9.0.0\", \"10.0.0.1\"]";
      case u8:
        return number(node, 1, 0, 0xff) ? "" : "a whole number from 0 to 255";
      case u16:
        return number(node, 2, 0, 0xffff) ? "" : "a whole number from 0 to 65535";
      case u32:
        return number(node, 4, 0, 0xffffffff) ? "" : "a whole number from 0 to 4294967295";
      case i32:
        return number(node, 4, INT32_MIN, INT32_MAX) ? "" : "a whole number of 32 bits";
      case u16_list:
        return many(node, &Encoder::one_u16) ? "" : "whole numbers such as [68, 296]";
      case flag:
        return boolean(node) ? "" : "true or false";
      case text:
        return characters(node) ? "" : "text that is not empty";
      case hex:
        return octets(node) ? "" : "octets such as \"0a:0b:0c\"";
    }
    return "another value";
  }

 private:
  bool one_address(const toml::node& node) {
    const auto value = node.value_exact<std::string_view>();
    const auto parsed = value ? Ipv4Address::parse(*value) : std::nullopt;
    if (!parsed) return false;
    append(parsed->value, 4);
    return true;
  }
  bool one_u16(const toml::node& node) { return number(node, 2, 0, 0xffff); }

  bool many(const toml::node& node, bool (Encoder::*one)(const toml::node&)) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return (this->*one)(node);
    return !array->empty() && std::all_of(array->begin(), array->end(), [&](const auto& element) {
      return (this->*one)(element);
    });
  }

  bool number(const toml::node& node, unsigned octet_count, std::int64_t min, std::int64_t max) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < min || *value > max) return false;
    append(static_cast<std::uint32_t>(*value), octet_count);
    return true;
  }
  bool boolean(const toml::node& node) {
    const auto value = node.value_exact<bool>();
    if (value) to_.push_back(*value ? 1 : 0);
    return value.has_value();
  }
  bool characters(const toml::node& node) {
    const auto value = node.value_exact<std::string_view>();
    if (!value || value->empty()) return false;
    to_.assign(value->begin(), value->end());
    return true;
  }
  bool octets(const toml::node& node) {
    const auto value = node.value_exact<std::string_view>();
    const auto parsed = value ? parse_hex(*value) : std::nullopt;
    if (parsed) to_ = *parsed;
    return parsed.has_value();
  }

  void append(std::uint32_t value, unsigned octet_count) {
    for (unsigned i = octet_count; i-- > 0;)
      to_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }

  std::vector<std::uint8_t>& to_;
};

struct ShapeName {
  std::string_view name;
  OptionShape shape;
};

constexpr std::array kShapes{
    ShapeName{"ip", addresses}, ShapeName{"u8", u8},     ShapeName{"u16", u16},
    ShapeName{"u32", u32},      ShapeName{"text", text}, ShapeName{"hex", hex},
};

constexpr std::string_view kShapesText =
    "a shape and a value, one of { ip = }, { u8 = }, { u16 = }, { u32 = }, { text = }, { hex = }";

std::optional<std::uint8_t> option_number(std::string_view text) {
  std::uint8_t code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return code;
}

// The code that the key means, or a problem.
std::optional<std::uint8_t> option_code(const toml::key& key, Problems& problems) {
  const Origin at{
      .option = {}, .line = key.source().begin.line, .column = key.source().begin.column};
  if (const auto number = option_number(key.str())) return number;
  if (const OptionName* known = find_option(key.str())) return known->code;
  const std::string_view meant = nearest(key.str(), option_names());
  problems.error(
      at, "unknown DHCP option " + in_quotes(key.str()) +
              (meant.empty() ? "; give its number" : "; did you mean " + in_quotes(meant) + "?"));
  return std::nullopt;
}

}  // namespace

bool read_option(const toml::key& key, const toml::node& value, DhcpOptionConfig& to,
                 Problems& problems) {
  const auto code = option_code(key, problems);
  if (!code) return false;
  const std::string name = "option " + in_quotes(key.str());
  if (const std::string_view reason = reserved_option(*code); !reason.empty()) {
    problems.error(origin_of(value), name + " cannot be set by hand: " + std::string(reason));
    return false;
  }
  const bool by_number = option_number(key.str()).has_value();
  OptionShape shape = by_number ? hex : find_option(key.str())->shape;
  const toml::node* node = &value;
  if (const toml::table* table = by_number ? value.as_table() : nullptr) {
    const auto* known = std::find_if(kShapes.begin(), kShapes.end(), [table](const ShapeName& s) {
      return table->contains(s.name);
    });
    if (known == kShapes.end() || table->size() != 1) {
      problems.error(origin_of(value), name + " wants " + std::string(kShapesText));
      return false;
    }
    shape = known->shape;
    node = table->get(known->name);
  } else if (by_number && !value.is_string()) {
    problems.error(origin_of(value), name + " wants " + std::string(kShapesText));
    return false;
  }
  to.code = *code;
  to.value.clear();
  if (const std::string_view wanted = Encoder(to.value).encode(shape, *node); !wanted.empty()) {
    problems.error(origin_of(*node), name + " wants " + std::string(wanted));
    return false;
  }
  if (to.value.size() > kOptionOctetsMax) {
    problems.error(origin_of(*node),
                   name + " is longer than " + std::to_string(kOptionOctetsMax) + " octets");
    return false;
  }
  return true;
}

}  // namespace reveille
