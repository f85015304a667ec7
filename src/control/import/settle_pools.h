// Which addresses imported subnets lend, and to whom.
#pragma once

#include <set>

#include "control/import/imported.h"

namespace reveille {

// Servers and routers: what no client may get.
[[nodiscard]] std::set<Ipv4Address> kept_out(const Imported& imported);

// The range of the subnet that has the address, whoever it is for; nullptr: none has.
[[nodiscard]] const PoolConfig* range_with(const ImportedSubnet& subnet, Ipv4Address address);

// Leaves in the subnets' own pools what everybody may get, and makes `imported.pools` of ranges for
// some machines only: one pool for all ranges of one name. What is in two ranges, or outside its
// subnet, is remarked.
void settle_pools(Imported& imported);

}  // namespace reveille
