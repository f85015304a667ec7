// ProxyDHCP and the boot server of PXE 2.1: what to boot, from a server that gives no addresses.
//
// Stateless but for the worker's `decisions`: a request and the snapshot are all there is. The
// caller has parsed the message and refused what no DHCP server may answer (replies, too many hops,
// our own giaddr, relay copies).
#pragma once

#include <reveille/outcome.h>
#include <reveille/wire/dhcp.h>

#include "packet/context.h"
#include "packet/request.h"
#include "packet/snapshot.h"
#include "policy/decisions.h"
#include "policy/facts.h"

namespace reveille {

// Who asks, and where it is: a relay that a [[subnet]] lists stands in that subnet, as it does for
// the server.
[[nodiscard]] Facts proxy_facts(const Request& request, const wire::DhcpView& message,
                                const Snapshot& snapshot);

// Port 67 in proxy mode. Offers to DISCOVERs of boot firmware, acknowledges its boot server
// requests, is silent about everything that concerns addresses. Takes at most two replies.
Outcome answer_proxy(const Request& request, const wire::DhcpView& message, const Context& context,
                     Decisions& decisions);

// Port 4011, in proxy mode and in server mode. Answers to the address and port that asked. Takes
// at most one reply.
Outcome answer_boot_server(const Request& request, const wire::DhcpView& message,
                           const Context& context, Decisions& decisions);

// A REQUEST to port 67 that is no matter of leases: boot firmware that has its address and looks
// for a boot server by broadcast (PXE 2.1, 2.2.4). answer_boot_server() answers those as well.
[[nodiscard]] bool is_boot_server_discovery(const wire::DhcpView& message);

}  // namespace reveille
