// ARP and ICMP echo.
#include <reveille/wire/arp.h>
#include <reveille/wire/icmp.h>
#include <reveille/wire/ipv4.h>

#include "link/engine.h"
#include "link/link_reply.h"
#include "packet/snapshot.h"

namespace reveille {

Outcome answer_arp(const Request& request, const Context& context) {
  const auto arp = wire::ArpView::parse(request.body);
  if (!arp) return arp.refusal();
  const Station& station = context.snapshot.stations[request.station];
  // A probe (sender address zero, RFC 5227) is answered as well: that is how it finds us. Who
  // claims our address gets no answer, only packets that say whose it is to others.
  if (arp->operation() != wire::ArpOperation::request ||
      arp->target_address() != station.address.address ||
      arp->sender_address() == station.address.address) {
    return Outcome::arp_other;
  }
  Reply* reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  const MutableBytes room =
      start_link_reply(*reply, station, request.link_source, wire::EtherType::arp);
  wire::write_arp(room.data(), wire::ArpOperation::reply, {station.mac, station.address.address},
                  {arp->sender_mac(), arp->sender_address()});
  finish_link_reply(*reply, station, request, wire::kArpLength);
  return Outcome::arp_answered;
}

Outcome answer_echo(const Request& request, const Context& context) {
  const auto echo = wire::IcmpView::parse(request.body);
  if (!echo) return echo.refusal();
  const Station& station = context.snapshot.stations[request.station];
  Reply* reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  const MutableBytes room =
      start_link_reply(*reply, station, request.link_source, wire::EtherType::ipv4);
  const std::size_t length = wire::kIpv4Header + echo->length();
  if (length > room.size()) {
    context.replies.give_back();
    return Outcome::icmp_other;
  }
  std::uint8_t* to = wire::write_ipv4(room.data(), wire::IpProtocol::icmp, station.address.address,
                                      request.source, echo->length());
  wire::write_echo_reply(to, echo->echoed());
  finish_link_reply(*reply, station, request, length);
  return Outcome::icmp_echo_answered;
}

}  // namespace reveille
