// Words of lease files, in a namespace of their own: configurations have such words, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <reveille/address.h>

namespace reveille::lease_file {

[[nodiscard]] std::string_view trimmed(std::string_view text);
// The next word of a line, empty at its end; words stand between spaces and tabs.
[[nodiscard]] std::string_view take_word(std::string_view& line);

// A whole number that is all of `text`, not negative, at most 2^40.
[[nodiscard]] std::optional<std::int64_t> parse_count(std::string_view text);
// "01:52:54", octets of one or two digits; nullopt for anything else and for more than 255.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> parse_octets(std::string_view text);
// An address that can be somebody's.
[[nodiscard]] std::optional<Ipv4Address> parse_lease_address(std::string_view text);

}  // namespace reveille::lease_file
