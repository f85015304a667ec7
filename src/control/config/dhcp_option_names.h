// DHCP options by name and shape, for [subnet.options]: RFC 2132 and the few later ones that
// sites hand out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace reveille {

// What an option's value is made of; one encoder for each, not one for each option.
enum class OptionShape : std::uint8_t {
  address,        // "10.0.0.1"
  addresses,      // ["10.0.0.1", "10.0.0.2"], at least one
  address_pairs,  // the same, an even number
  u8,
  u16,
  u32,
  i32,
  u16_list,  // [68, 296]
  flag,      // true or false
  text,
  hex,  // "0a:0b:0c"
};

struct OptionName {
  std::uint8_t code = 0;
  std::string_view name;
  OptionShape shape{};
};

// By name, or nullptr.
[[nodiscard]] const OptionName* find_option(std::string_view name);
[[nodiscard]] const OptionName* find_option(std::uint8_t code);
[[nodiscard]] std::vector<std::string_view> option_names();

// Why a site may not set this option by hand: reveille works it out, or has a key for it.
// Empty when it may.
[[nodiscard]] std::string_view reserved_option(std::uint8_t code);

}  // namespace reveille
