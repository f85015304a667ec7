// Being a host on the link: ARP, ICMP echo, IPv6 neighbour discovery. Keeps no state.
#pragma once

#include <reveille/outcome.h>

#include "packet/context.h"
#include "packet/request.h"

namespace reveille {

class BootingClients;

// RFC 826, for our address on that link: arp_answered, arp_other.
Outcome answer_arp(const Request& request, const Context& context);
// RFC 1122 3.2.2.6: icmp_echo_answered; icmp_other for an echo longer than the link's MTU, which
// would have to leave in fragments.
Outcome answer_echo(const Request& request, const Context& context);
// RFC 4861 7.2.4, for our link-local address only: neighbour_answered, ipv6_other.
Outcome answer_neighbour_solicitation(const Request& request, const Context& context);
// An advertisement of nothing, unicast, to a client that is booting, unless a router is heard or
// the configuration says no: iPXE then does not wait 8 s for one. RFC 4861 6.3.7: a host stops
// asking once it has an advertisement with a lifetime; iPXE stops at any.
// router_solicitation_answered, router_solicitation_other.
Outcome answer_router_solicitation(const Request& request, const Context& context,
                                   const BootingClients& booting);
// Silences the above on this link for as long as the router says that it is one:
// router_advertisement_heard. One that is not a router, as another of us: ipv6_other.
Outcome note_router_advertisement(const Request& request, const Context& context);

}  // namespace reveille
