// What a running reveille cannot change: memory, threads, ports and leases are laid out by it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <reveille/config.h>

namespace reveille {

class Subnets;  // dhcp/subnets.h

// Puts what `running` has into `wanted` wherever a change needs a restart, so that the rest can
// take effect. Says what was put back, one phrase each: "[[interface]]", "the pools of
// 10.77.0.0/16". Subnets keep the order of `running`, and pools their places: one that is gone is
// there without ranges. `subnets` are those of `running`, and then of `wanted`. `recorded`: see
// Subnets::after().
[[nodiscard]] std::vector<std::string> keep_fixed_parts(const Config& running, Config& wanted,
                                                        std::shared_ptr<const Subnets>& subnets,
                                                        std::span<const Ipv4Address> recorded = {});

}  // namespace reveille
