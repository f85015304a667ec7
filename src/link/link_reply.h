// A reply that goes back through Ethernet to whoever sent the request.
#pragma once

#include <cstdint>

#include <reveille/bytes.h>
#include <reveille/wire/ethernet.h>

#include "packet/reply.h"
#include "packet/request.h"
#include "packet/stations.h"

namespace reveille {

// Writes the Ethernet header on the station's tag. Returns the room behind it, as much as the
// slot and the link's MTU allow.
[[nodiscard]] MutableBytes start_link_reply(Reply& reply, const Station& station,
                                            const MacAddress& destination, wire::EtherType type);
// Completes it with `length` octets of that room.
void finish_link_reply(Reply& reply, const Station& station, const Request& request,
                       std::size_t length);

}  // namespace reveille
