// Bytes to a request: the only place that trusts nothing.
#pragma once

#include <optional>

#include <reveille/outcome.h>
#include <reveille/wire/checked.h>

#include "packet/request.h"
#include "packet/snapshot.h"

namespace reveille {

// What the port already knows about a frame.
struct FrameInfo {
  std::uint16_t port = 0;           // DPDK port index
  bool ipv4_checksum_good = false;  // verified by the NIC: not verified again
  bool udp_checksum_good = false;
};

// Checks Ethernet, one 802.1Q tag, ARP, IPv4 (options allowed, fragments refused), ICMP, UDP,
// IPv6 neighbour discovery: lengths, checksums, destination. Yields the request, or the outcome
// in which the frame ends here. Reads nothing outside `frame`.
wire::Checked<Request> classify(Bytes frame, FrameInfo info, const Snapshot& snapshot);
// The same in place, for the poll loop: a request that is copied right after it was written, field
// by field, waits for all those writes. `request` is fresh; after a refusal it is undefined.
std::optional<Outcome> classify(Bytes frame, FrameInfo info, const Snapshot& snapshot,
                                Request& request);

}  // namespace reveille
