// Types that dhcpd.conf and kea-dhcp4.conf declare for options of their own.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/import/imported.h"

namespace reveille {

struct OptionType {
  enum class Kind : std::uint8_t { number, address, text, octets };
  Kind kind{};
  unsigned bits = 0;     // of a number: 8, 16 or 32
  bool is_list = false;  // of numbers or addresses
};

// "array of unsigned integer 16", as the words behind the "=" of dhcpd.conf(5). nullopt: values of
// this type cannot be taken over.
[[nodiscard]] std::optional<OptionType> dhcpd_type(std::span<const std::string> words);
// "uint16" of an option-def of Kea.
[[nodiscard]] std::optional<OptionType> kea_type(std::string_view name, bool is_list);

// Puts a value of this type into a scope, where reveille has no key of its own for the option.
// Empty, or why it cannot be taken over.
[[nodiscard]] std::string set_typed_option(std::uint8_t code, const OptionType& type,
                                           const std::vector<std::string>& values,
                                           ImportedScope& to);

}  // namespace reveille
