#include "dhcp/reply_address.h"

namespace reveille {

using wire::DhcpType;

UdpDestination reply_address(const Request& request, const wire::DhcpView& message, DhcpType type,
                             Ipv4Address yiaddr) {
  constexpr std::uint16_t kClient = wire::kDhcpClientPort;
  const UdpDestination everybody{MacAddress::broadcast(), Ipv4Address::broadcast(), kClient};

  // An ACK without an address answers INFORM, and goes to the client itself even when a relay
  // brought the question (RFC 2131 4.3.5).
  const bool informs = type == DhcpType::ack && yiaddr.is_zero();
  if (!message.giaddr().is_zero() && (!informs || message.ciaddr().is_zero())) {
    return {request.link_source, message.giaddr(), wire::kDhcpServerPort};
  }
  // A client that is refused an address has none to be reached at, whatever it says.
  if (type == DhcpType::nak) return everybody;
  if (!message.ciaddr().is_zero()) return {request.link_source, message.ciaddr(), kClient};
  if (informs && !request.source.is_zero()) return {request.link_source, request.source, kClient};
  if (message.broadcast_flag() || yiaddr.is_zero()) return everybody;
  // Without Ethernet's six octets there is no address to send to (RFC 4390 2.1).
  if (message.hlen() != 6) return everybody;
  // No ARP: the client does not own the address yet.
  return {message.chaddr(), yiaddr, kClient};
}

}  // namespace reveille
