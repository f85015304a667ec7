// The part of classify() that hosts without IPv6 never need.
#pragma once

#include <optional>

#include <reveille/outcome.h>
#include <reveille/wire/checked.h>

#include "packet/request.h"
#include "packet/stations.h"

namespace reveille {

// Whether a node with our link-local address listens to that group's link address.
[[nodiscard]] bool is_our_group_mac(const MacAddress& mac, const Station& station);

// What follows the Ethernet header: neighbour discovery for us. As classify().
std::optional<Outcome> classify_ipv6(Bytes bytes, const Station& station, Request& request);

}  // namespace reveille
