// Being a host on the link: ARP, ICMP echo, IPv6 neighbour discovery. Keeps no state.
#pragma once

#include <reveille/outcome.h>

#include "packet/context.h"
#include "packet/request.h"

namespace reveille {

class BootingClients;

Outcome answer_arp(const Request& request, const Context& context);
Outcome answer_echo(const Request& request, const Context& context);
// RFC 4861 7.2.4, for our link-local address only.
Outcome answer_neighbour_solicitation(const Request& request, const Context& context);
// An advertisement of nothing, unicast, to a client that is booting, unless a router is heard:
// iPXE then does not wait 8 s for one (RFC 4861 6.3.7).
Outcome answer_router_solicitation(const Request& request, const Context& context,
                                   const BootingClients& booting);
Outcome note_router_advertisement(const Request& request, const Context& context);

}  // namespace reveille
