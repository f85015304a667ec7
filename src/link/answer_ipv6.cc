// Neighbour and router discovery.
#include <reveille/wire/icmpv6.h>

#include "link/engine.h"
#include "link/link_reply.h"
#include "packet/booting_clients.h"
#include "packet/snapshot.h"

namespace reveille {

Outcome answer_neighbour_solicitation(const Request& request, const Context& context) {
  const auto packet = wire::Ipv6View::parse(request.network);
  if (!packet) return packet.refusal();
  const auto solicitation = wire::NeighbourSolicitationView::parse(*packet);
  if (!solicitation) return solicitation.refusal();
  const Station& station = context.snapshot.stations[request.station];
  if (solicitation->target() != station.link_local) return Outcome::ipv6_other;

  Reply* reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  // Somebody checks whether our address is free and has none yet: everybody hears that it is not.
  const bool to_all = solicitation->source().is_unspecified();
  const Ipv6Address destination = to_all ? wire::all_nodes() : solicitation->source();
  const MacAddress mac = to_all ? wire::group_mac(destination) : request.link_source;
  const MutableBytes room = start_link_reply(*reply, station, mac, wire::EtherType::ipv6);
  const std::size_t length =
      wire::write_neighbour_advertisement(room, {.destination = destination,
                                                 .target = station.link_local,
                                                 .target_mac = station.mac,
                                                 .solicited = !to_all});
  finish_link_reply(*reply, station, request, length);
  return Outcome::neighbour_answered;
}

Outcome answer_router_solicitation(const Request& request, const Context& context,
                                   const BootingClients& booting) {
  const auto packet = wire::Ipv6View::parse(request.network);
  if (!packet) return packet.refusal();
  const auto solicitation = wire::RouterSolicitationView::parse(*packet);
  if (!solicitation) return solicitation.refusal();
  // EDK2 asks from the unspecified address as long as it checks its own; an answer to that would
  // have to go to all nodes of the link.
  if (!context.snapshot.config->boot.quiet_router_advertisement ||
      !solicitation->source().is_link_local() ||
      !booting.is_booting(request.link_source, context.now) ||
      context.links.has_router(request.station, context.now)) {
    return Outcome::router_solicitation_other;
  }

  Reply* reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  const Station& station = context.snapshot.stations[request.station];
  const MutableBytes room =
      start_link_reply(*reply, station, request.link_source, wire::EtherType::ipv6);
  const std::size_t length = wire::write_empty_router_advertisement(
      room, station.link_local, station.mac, solicitation->source());
  finish_link_reply(*reply, station, request, length);
  if (Event* event = context.events.add(EventKind::router_advertised, context.now)) {
    event->outcome = Outcome::router_solicitation_answered;
    event->client = request.link_source;
    event->vlan = station.vlan;
  }
  return Outcome::router_solicitation_answered;
}

Outcome note_router_advertisement(const Request& request, const Context& context) {
  const auto packet = wire::Ipv6View::parse(request.network);
  if (!packet) return packet.refusal();
  const auto advertisement = wire::RouterAdvertisementView::parse(*packet);
  if (!advertisement) return advertisement.refusal();
  if (advertisement->router_lifetime_s() == 0) return Outcome::ipv6_other;
  const Instant until = context.now + std::chrono::seconds{advertisement->router_lifetime_s()};
  // Of several routers, the one that stays longest counts.
  if (!context.links.has_router(request.station, until)) {
    context.links.heard_router(request.station, until);
  }
  return Outcome::router_advertisement_heard;
}

}  // namespace reveille
