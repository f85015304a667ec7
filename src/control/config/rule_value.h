// The values of conditions as people write them. Each parser takes the whole text or nothing.
#pragma once

#include <optional>
#include <string_view>

#include <reveille/rules.h>

namespace reveille {

// "52:54:00:12:34:56"; the first octets, "52:54:00" or "52:54:00:*"; or "FIRST-LAST".
[[nodiscard]] std::optional<ValueRange> parse_mac_range(std::string_view text);
// "10.77.0.0/16"
[[nodiscard]] std::optional<ValueRange> parse_network_range(std::string_view text);
// "10.9.0.1", "10.9.0.0/24" or "10.9.0.1-10.9.0.9"
[[nodiscard]] std::optional<ValueRange> parse_address_range(std::string_view text);
// "20", or "20-29"; ids of 802.1Q, 0 for untagged
[[nodiscard]] std::optional<ValueRange> parse_vlan_range(std::string_view text);
// "x64-uefi" or its number
[[nodiscard]] std::optional<ValueRange> parse_architecture_range(std::string_view text);
// "bios", "uefi", "http", "ipxe", "other" or "none"
[[nodiscard]] std::optional<ValueRange> parse_firmware_range(std::string_view text);

// The range in the same words; what was a single value is one.
[[nodiscard]] std::string value_text(RuleField field, const ValueRange& range);

}  // namespace reveille
