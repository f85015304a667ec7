#include "packet/classify_ipv6.h"

#include <reveille/wire/icmpv6.h>
#include <reveille/wire/ipv6.h>

namespace reveille {
namespace {

// The groups that a node with our link-local address listens to.
bool is_our_group(const Ipv6Address& group, const Station& station) {
  return group == wire::all_nodes() || group == wire::all_routers() ||
         group == wire::solicited_node(station.link_local);
}

}  // namespace

bool is_our_group_mac(const MacAddress& mac, const Station& station) {
  return mac == wire::group_mac(wire::all_nodes()) || mac == wire::group_mac(wire::all_routers()) ||
         mac == wire::group_mac(wire::solicited_node(station.link_local));
}

std::optional<Outcome> classify_ipv6(Bytes bytes, const Station& station, Request& request) {
  const auto packet = wire::Ipv6View::parse(bytes);
  if (!packet) return packet.refusal();
  const Ipv6Address destination = packet->destination();
  const auto type = wire::icmpv6_type(*packet);
  if (!type || (destination != station.link_local && !is_our_group(destination, station))) {
    return Outcome::ipv6_other;
  }
  bool good = false;
  switch (*type) {
    case wire::Icmpv6Type::neighbour_solicitation:
      request.service = Service::neighbour;
      good = static_cast<bool>(wire::NeighbourSolicitationView::parse(*packet));
      break;
    case wire::Icmpv6Type::router_solicitation:
      request.service = Service::router_solicitation;
      good = static_cast<bool>(wire::RouterSolicitationView::parse(*packet));
      break;
    case wire::Icmpv6Type::router_advertisement:
      request.service = Service::router_advertisement;
      good = static_cast<bool>(wire::RouterAdvertisementView::parse(*packet));
      break;
    default:
      return Outcome::ipv6_other;
  }
  if (!good) return Outcome::icmpv6_malformed;
  request.network = packet->packet();
  request.body = packet->payload();
  return std::nullopt;
}

}  // namespace reveille
