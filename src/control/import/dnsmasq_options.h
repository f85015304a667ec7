// Values of dnsmasq's dhcp-option: their type is in how they are written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/import/dnsmasq_text.h"
#include "control/import/imported.h"

namespace reveille {

// Puts an option into a scope; empty, or what to remark.
[[nodiscard]] std::string set_dnsmasq_option(std::uint8_t code,
                                             const std::vector<DnsmasqWord>& words,
                                             ImportedScope& to);

}  // namespace reveille
