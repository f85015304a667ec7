// DHCP options as the other servers write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/import/imported.h"

namespace reveille {

// By the name that dnsmasq, ISC dhcpd or Kea has for it, or by number.
[[nodiscard]] std::optional<std::uint8_t> option_code_of(std::string_view name);

// Puts an option with its values into a scope; empty, or what to remark: why it cannot be taken
// over, or that its type was guessed.
[[nodiscard]] std::string set_option(std::uint8_t code, const std::vector<std::string>& values,
                                     ImportedScope& to);

// ---- small readers that all formats need

[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::vector<std::string> split_list(std::string_view text, char separator);
// "255.255.255.0" to 24.
[[nodiscard]] std::optional<std::uint8_t> mask_length(std::string_view netmask);
// As reveille names files: without a slash at the front.
[[nodiscard]] std::string file_name(std::string_view name);
// Digits alone, up to 2^32 - 1.
[[nodiscard]] std::optional<std::uint32_t> whole_number(std::string_view text);
// "\x2e", as patterns and comments have it.
[[nodiscard]] std::string octet_escape(char octet);
// "text" as a TOML string. Of text that is not UTF-8, octets become the characters of that number.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace reveille
