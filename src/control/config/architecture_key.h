// Client architectures as keys of [boot.files].
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reveille {

// The name that the log uses, as a bare TOML key: "x64 UEFI" is x64-uefi.
[[nodiscard]] std::string architecture_key(std::string_view name);

// By key, or by number for codes that have no name yet.
[[nodiscard]] std::optional<std::uint16_t> parse_architecture(std::string_view text);

[[nodiscard]] std::vector<std::string> architecture_keys();

}  // namespace reveille
