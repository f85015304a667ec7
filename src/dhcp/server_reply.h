// The OFFER, ACK, NAK or BOOTP reply as bytes: RFC 2131 tables 3 and 4.3.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <reveille/wire/dhcp.h>

#include "dhcp/exchange.h"
#include "packet/reply.h"
#include "policy/boot_policy.h"

namespace reveille {

struct ServerReply {
  wire::DhcpType type{};  // none: BOOTP
  Ipv4Address yiaddr;
  std::optional<std::uint32_t> lease_seconds;
  const BootPlan* plan = nullptr;
  std::string_view reason;  // of a NAK: option 56
};

class ReplyForms;  // dhcp/reply_forms.h

// Fills `slot` with the whole frame. False: what it must say does not fit what the client accepts.
//
// Options in this order: what says which message it is and from whom (53, 54, 51, 61); what the
// client listed, in its order; everything else that is configured. Option 82 is last. It and 53, 54
// and 51 are in every reply that has them; of the others, what does not fit is left out.
[[nodiscard]] bool write_server_reply(Reply& slot, const Exchange& exchange,
                                      const ServerReply& reply, ReplyForms& forms);

}  // namespace reveille
