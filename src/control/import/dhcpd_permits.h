// Whom allow and deny let into a pool of dhcpd.conf.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "control/import/dhcpd_syntax.h"
#include "control/import/imported.h"

namespace reveille {

using DhcpdClasses = std::map<std::string, ImportedCondition, std::less<>>;

// "members of "x"", "known-clients" or "unknown-clients" after allow or deny.
[[nodiscard]] bool is_dhcpd_permit(const DhcpdStatement& statement);

// Whom a pool is for: one of those that are allowed, if any are, and none of those that are
// denied. Without a name: everybody. nullopt: rules do not know the classes.
[[nodiscard]] std::optional<ImportedPool> dhcpd_permits(const DhcpdStatement& pool,
                                                        const DhcpdClasses& classes);

}  // namespace reveille
