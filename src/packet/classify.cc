#include "packet/classify.h"

#include <optional>

#include <reveille/wire/arp.h>
#include <reveille/wire/dhcp.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/icmp.h>
#include <reveille/wire/icmpv6.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/ipv6.h>
#include <reveille/wire/tftp.h>
#include <reveille/wire/udp.h>

#include "packet/mac_number.h"
#include "packet/transfer_id.h"

namespace reveille {
namespace {

using wire::Checked;
using wire::Verified;

Verified verified(bool by_nic) {
  return by_nic ? Verified::yes : Verified::no;
}

bool is_ipv6_group(const MacAddress& mac) {
  return mac.octets[0] == 0x33 && mac.octets[1] == 0x33;
}

// The groups that a node with our link-local address listens to.
bool is_our_group(const Ipv6Address& group, const Station& station) {
  return group == wire::all_nodes() || group == wire::all_routers() ||
         group == wire::solicited_node(station.link_local);
}
bool is_our_group_mac(const MacAddress& mac, const Station& station) {
  return mac == wire::group_mac(wire::all_nodes()) || mac == wire::group_mac(wire::all_routers()) ||
         mac == wire::group_mac(wire::solicited_node(station.link_local));
}

// The link's own broadcast address; links of two addresses have none (RFC 3021).
bool is_directed_broadcast(Ipv4Address address, const Ipv4Prefix& link) {
  return link.length <= 30 && address == link.directed_broadcast();
}

// No host has such an address (RFC 1122 3.2.1.3), or we have it.
bool is_bad_source(Ipv4Address source, const Station& station) {
  constexpr std::uint32_t kFirstGroup = 0xe0000000;  // 224.0.0.0, and all that was class E
  return source.value >= kFirstGroup || source.is_loopback() || source == station.address.address ||
         is_directed_broadcast(source, station.address);
}

// Each of the following fills in what its layer knows of the request, and yields the outcome in
// which the frame ends here, if it does.
using Refusal = std::optional<Outcome>;

bool same(const MacAddress& one, const MacAddress& other) {
  return raw_number(one) == raw_number(other);
}

Refusal classify_arp(Bytes packet, Request& request) {
  const auto arp = wire::ArpView::parse(packet);
  if (!arp) return arp.refusal();
  request.service = Service::arp;
  request.body = packet.first(wire::kArpLength);
  return std::nullopt;
}

std::optional<Service> service_of(std::uint16_t port) {
  if (is_transfer_id(port)) return Service::tftp_transfer;
  switch (port) {
    case wire::kDhcpServerPort:
      return Service::dhcp;
    case wire::kBootServerPort:
      return Service::boot_server;
    case wire::kTftpPort:
      return Service::tftp_open;
    default:
      return std::nullopt;
  }
}

Refusal classify_udp(const wire::Ipv4View& packet, const FrameInfo& info, const Station& station,
                     Request& request) {
  const auto udp = wire::UdpView::parse(packet);
  if (!udp) return udp.refusal();
  const auto service = service_of(udp->destination_port());
  if (!service) return Outcome::udp_other_port;
  if (!info.udp_checksum_good && !udp->checksum_good() &&
      !(station.partial_checksums && udp->checksum_left_to_hardware())) {
    return Outcome::udp_bad_checksum;
  }
  request.service = *service;
  request.source_port = udp->source_port();
  request.destination_port = udp->destination_port();
  request.body = udp->payload();
  return std::nullopt;
}

Refusal classify_icmp(const wire::Ipv4View& packet, Request& request) {
  const auto icmp = wire::IcmpView::parse(packet.payload());
  if (!icmp) return icmp.refusal();
  const bool is_request = icmp->type() == wire::IcmpType::echo_request;
  const bool is_echo = is_request || icmp->type() == wire::IcmpType::echo_reply;
  if (!is_echo || icmp->code() != 0) return Outcome::icmp_other;
  request.service = is_request ? Service::icmp_echo : Service::icmp_echo_reply;
  request.body = packet.payload();
  return std::nullopt;
}

Refusal classify_ipv4(Bytes bytes, const FrameInfo& info, const Station& station,
                      Request& request) {
  const auto packet = wire::Ipv4View::parse(bytes, verified(info.ipv4_checksum_good));
  if (!packet) return packet.refusal();
  request.source = packet->source();
  request.destination = packet->destination();
  if (is_bad_source(request.source, station)) return Outcome::ipv4_bad_source;
  const bool for_all = request.destination != station.address.address;
  if (for_all && request.destination != Ipv4Address::broadcast() &&
      !is_directed_broadcast(request.destination, station.address)) {
    return Outcome::ipv4_other_destination;
  }

  Refusal refusal;
  if (packet->protocol() == wire::IpProtocol::udp) {
    refusal = classify_udp(*packet, info, station, request);
  } else if (packet->protocol() == wire::IpProtocol::icmp) {
    refusal = classify_icmp(*packet, request);
  } else {
    return Outcome::ipv4_other_protocol;
  }
  if (refusal) return refusal;

  // Only a client without an address may speak from 0.0.0.0 and to everybody. Anyone else
  // would have us answer nobody, or a whole link answer one (RFC 1122 3.2.2.6, 4.1.3.6).
  if (request.service == Service::dhcp || request.service == Service::boot_server) {
    return std::nullopt;
  }
  if (for_all) return Outcome::ipv4_other_destination;
  if (request.source.is_zero()) return Outcome::ipv4_bad_source;
  const bool is_udp = packet->protocol() == wire::IpProtocol::udp;
  if (is_udp && request.source_port == 0) return Outcome::udp_malformed;
  return std::nullopt;
}

Refusal classify_ipv6(Bytes bytes, const Station& station, Request& request) {
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

}  // namespace

Checked<Request> classify(Bytes frame, const FrameInfo& info, const Snapshot& snapshot) {
  Request request;
  if (const auto refusal = classify(frame, info, snapshot, request)) return *refusal;
  return request;
}

std::optional<Outcome> classify(Bytes frame, const FrameInfo& info, const Snapshot& snapshot,
                                Request& request) {
  const auto ethernet = wire::EthernetView::parse(frame);
  if (!ethernet) return ethernet.refusal();
  // A tag that carries a priority only has VLAN id 0, which as a tag is never configured.
  const std::uint16_t index = ethernet->tagged() && ethernet->vlan() == 0
                                  ? Stations::kNone
                                  : snapshot.stations.find(info.port, ethernet->vlan());
  if (index == Stations::kNone) return Outcome::vlan_not_configured;
  const Station& station = snapshot.stations[index];

  request.station = index;
  request.link_source = ethernet->source();
  request.link_destination = ethernet->destination();
  // af_packet and looped links bring our own frames back.
  if (same(request.link_source, station.mac)) return Outcome::frame_own;
  if (request.link_source.is_group()) return Outcome::frame_bad_source;
  const bool for_ipv6_group = is_ipv6_group(request.link_destination);
  if (!same(request.link_destination, station.mac) &&
      !same(request.link_destination, MacAddress::broadcast()) &&
      !(for_ipv6_group && is_our_group_mac(request.link_destination, station))) {
    return Outcome::frame_other_station;
  }

  Refusal refusal;
  switch (ethernet->type()) {
    case wire::EtherType::ipv4:
      refusal = for_ipv6_group ? Outcome::frame_other_station
                               : classify_ipv4(ethernet->payload(), info, station, request);
      break;
    case wire::EtherType::arp:
      refusal = for_ipv6_group ? Outcome::frame_other_station
                               : classify_arp(ethernet->payload(), request);
      break;
    case wire::EtherType::aoe:
      if (for_ipv6_group) {
        refusal = Outcome::frame_other_station;
      } else {
        request.service = Service::aoe;
        request.body = ethernet->payload();
      }
      break;
    case wire::EtherType::ipv6:
      refusal = classify_ipv6(ethernet->payload(), station, request);
      break;
    default:
      refusal = Outcome::frame_other_ethertype;
  }
  return refusal;
}

}  // namespace reveille
