#include <algorithm>

#include <reveille/wire/checksum.h>
#include <reveille/wire/icmpv6.h>

namespace reveille::wire {
namespace {

constexpr std::size_t kRouterSolicitation = 8;
constexpr std::size_t kRouterAdvertisement = 16;
constexpr std::size_t kNeighbourMessage = 24;
// Options: type, length in units of eight octets, value (RFC 4861 4.6).
constexpr std::uint8_t kSourceLinkLayer = 1;
constexpr std::uint8_t kTargetLinkLayer = 2;
constexpr std::size_t kLinkLayerOption = 8;

// RFC 8200 8.1: both addresses, the upper-layer length, the next header.
std::uint16_t checksum_sum(Bytes packet) {
  const Bytes message = packet.subspan(kIpv6Header);
  return fold(std::uint64_t{sum(packet.subspan(8, 32))} + message.size() +
              static_cast<unsigned>(IpProtocol::icmpv6) + sum(message));
}

bool is_solicited_node(const Ipv6Address& group) {
  return std::equal(group.octets.begin(), group.octets.begin() + 13,
                    solicited_node({}).octets.begin());
}

void write_link_layer_option(std::uint8_t* to, std::uint8_t type, const MacAddress& mac) {
  to[0] = type;
  to[1] = kLinkLayerOption / 8;
  std::memcpy(to + 2, mac.octets.data(), 6);
}

void finish(MutableBytes packet) {
  const auto checksum = static_cast<std::uint16_t>(~checksum_sum(packet));
  store_be16(&packet[kIpv6Header + 2], checksum);
}

}  // namespace

std::optional<Icmpv6Type> icmpv6_type(const Ipv6View& packet) {
  if (packet.next_header() != IpProtocol::icmpv6 || packet.payload().empty()) return std::nullopt;
  return static_cast<Icmpv6Type>(packet.payload().front());
}

bool DiscoveryView::check(const Ipv6View& packet, Icmpv6Type type, std::size_t length) {
  const Bytes message = packet.payload();
  if (icmpv6_type(packet) != type || message.size() < length || message[1] != 0) return false;
  // 255 shows that no router has forwarded it: it comes from this link.
  if (packet.hop_limit() != 255 || checksum_sum(packet.packet()) != 0xffff) return false;
  // Nobody is a group (RFC 4291 2.7); an answer to one would reach the whole link.
  if (packet.source().is_multicast()) return false;
  for (std::size_t at = length; at < message.size();) {
    if (message.size() - at < 2 || message[at + 1] == 0) return false;
    const std::size_t option = message[at + 1] * 8U;
    if (option > message.size() - at) return false;
    at += option;
  }
  return true;
}

std::optional<MacAddress> DiscoveryView::link_layer_option(std::uint8_t type,
                                                           std::size_t length) const {
  for (std::size_t at = kMessage + length; at < packet_.size(); at += packet_[at + 1] * 8U) {
    if (packet_[at] == type) return MacAddress::from(&packet_[at + 2]);
  }
  return std::nullopt;
}

Checked<RouterSolicitationView> RouterSolicitationView::parse(const Ipv6View& packet) {
  if (!check(packet, Icmpv6Type::router_solicitation, kRouterSolicitation)) {
    return Outcome::icmpv6_malformed;
  }
  RouterSolicitationView view;
  view.packet_ = packet.packet();
  if (view.source().is_unspecified() && view.source_mac()) return Outcome::icmpv6_malformed;
  return view;
}

std::optional<MacAddress> RouterSolicitationView::source_mac() const {
  return link_layer_option(kSourceLinkLayer, kRouterSolicitation);
}

Checked<RouterAdvertisementView> RouterAdvertisementView::parse(const Ipv6View& packet) {
  if (!check(packet, Icmpv6Type::router_advertisement, kRouterAdvertisement) ||
      !packet.source().is_link_local()) {
    return Outcome::icmpv6_malformed;
  }
  RouterAdvertisementView view;
  view.packet_ = packet.packet();
  return view;
}

std::optional<MacAddress> RouterAdvertisementView::source_mac() const {
  return link_layer_option(kSourceLinkLayer, kRouterAdvertisement);
}

Checked<NeighbourSolicitationView> NeighbourSolicitationView::parse(const Ipv6View& packet) {
  if (!check(packet, Icmpv6Type::neighbour_solicitation, kNeighbourMessage)) {
    return Outcome::icmpv6_malformed;
  }
  NeighbourSolicitationView view;
  view.packet_ = packet.packet();
  if (view.target().is_multicast()) return Outcome::icmpv6_malformed;
  if (view.source().is_unspecified() &&
      (view.source_mac() || !is_solicited_node(view.destination()))) {
    return Outcome::icmpv6_malformed;
  }
  return view;
}

std::optional<MacAddress> NeighbourSolicitationView::source_mac() const {
  return link_layer_option(kSourceLinkLayer, kNeighbourMessage);
}

Checked<NeighbourAdvertisementView> NeighbourAdvertisementView::parse(const Ipv6View& packet) {
  if (!check(packet, Icmpv6Type::neighbour_advertisement, kNeighbourMessage)) {
    return Outcome::icmpv6_malformed;
  }
  NeighbourAdvertisementView view;
  view.packet_ = packet.packet();
  if (view.target().is_multicast() || (view.solicited() && view.destination().is_multicast())) {
    return Outcome::icmpv6_malformed;
  }
  return view;
}

std::optional<MacAddress> NeighbourAdvertisementView::target_mac() const {
  return link_layer_option(kTargetLinkLayer, kNeighbourMessage);
}

Ipv6Address all_nodes() {
  return {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
}
Ipv6Address all_routers() {
  return {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
}

Ipv6Address solicited_node(const Ipv6Address& address) {
  Ipv6Address group{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
  std::copy(address.octets.begin() + 13, address.octets.end(), group.octets.begin() + 13);
  return group;
}

MacAddress group_mac(const Ipv6Address& group) {
  MacAddress mac{{0x33, 0x33}};
  std::copy(group.octets.begin() + 12, group.octets.end(), mac.octets.begin() + 2);
  return mac;
}

std::size_t write_neighbour_advertisement(MutableBytes room, const NeighbourAdvertisement& what) {
  constexpr std::size_t kMessage = kNeighbourMessage + kLinkLayerOption;
  if (room.size() < kIpv6Header + kMessage) return 0;
  std::uint8_t* to =
      write_ipv6(room.data(), IpProtocol::icmpv6, what.target, what.destination, kMessage);
  store_be32(to, static_cast<std::uint32_t>(Icmpv6Type::neighbour_advertisement) << 24);
  // Solicited, and Override: our address is on this port alone.
  store_be32(to + 4, (what.solicited ? 0x40000000 : 0) | 0x20000000);
  std::memcpy(to + 8, what.target.octets.data(), 16);
  write_link_layer_option(to + kNeighbourMessage, kTargetLinkLayer, what.target_mac);
  finish(room.first(kIpv6Header + kMessage));
  return kIpv6Header + kMessage;
}

std::size_t write_empty_router_advertisement(MutableBytes room, const Ipv6Address& source,
                                             const MacAddress& source_mac,
                                             const Ipv6Address& destination) {
  constexpr std::size_t kMessage = kRouterAdvertisement + kLinkLayerOption;
  if (room.size() < kIpv6Header + kMessage) return 0;
  std::uint8_t* to = write_ipv6(room.data(), IpProtocol::icmpv6, source, destination, kMessage);
  std::fill_n(to, kRouterAdvertisement, std::uint8_t{0});
  to[0] = static_cast<std::uint8_t>(Icmpv6Type::router_advertisement);
  write_link_layer_option(to + kRouterAdvertisement, kSourceLinkLayer, source_mac);
  finish(room.first(kIpv6Header + kMessage));
  return kIpv6Header + kMessage;
}

}  // namespace reveille::wire
