// pxe-service of dnsmasq.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace reveille {

// The architecture that dnsmasq calls so, such as "X86-64_EFI".
[[nodiscard]] std::optional<std::uint16_t> dnsmasq_service(std::string_view name);

}  // namespace reveille
