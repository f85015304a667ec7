// Where a DHCP reply goes: RFC 2131 4.1, and below it the link.
#pragma once

#include <reveille/wire/dhcp.h>

#include "packet/frame_writer.h"
#include "packet/request.h"

namespace reveille {

// `type`: of the reply; DhcpType::none for BOOTP. `yiaddr`: the address it gives, or zero.
[[nodiscard]] UdpDestination reply_address(const Request& request, const wire::DhcpView& message,
                                           wire::DhcpType type, Ipv4Address yiaddr);

}  // namespace reveille
