#include "packet/classify.h"

#include <cstring>
#include <optional>

#include <reveille/wire/arp.h>
#include <reveille/wire/dhcp.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/icmp.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/tftp.h>
#include <reveille/wire/udp.h>

#include "packet/classify_ipv6.h"
#include "packet/mac_number.h"
#include "packet/transfer_id.h"

namespace reveille {
namespace {

using wire::Checked;
using wire::Verified;

Verified verified(bool by_nic) {
  return by_nic ? Verified::yes : Verified::no;
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

// From one host to us. Only a client without an address may speak from 0.0.0.0 and to everybody:
// anyone else would have us answer nobody, or a whole link answer one (RFC 1122 3.2.2.6, 4.1.3.6).
Refusal refuse_others(const wire::Ipv4View& packet, const Station& station) {
  if (packet.destination() != station.address.address) return Outcome::ipv4_other_destination;
  if (packet.source().is_zero()) return Outcome::ipv4_bad_source;
  return std::nullopt;
}

Refusal classify_udp(const wire::Ipv4View& packet, FrameInfo info, const Station& station,
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
  if (*service == Service::dhcp || *service == Service::boot_server) return std::nullopt;
  if (const auto refusal = refuse_others(packet, station)) return refusal;
  if (udp->source_port() == 0) return Outcome::udp_malformed;
  return std::nullopt;
}

Refusal classify_icmp(const wire::Ipv4View& packet, const Station& station, Request& request) {
  const auto icmp = wire::IcmpView::parse(packet.payload());
  if (!icmp) return icmp.refusal();
  const bool is_request = icmp->type() == wire::IcmpType::echo_request;
  const bool is_echo = is_request || icmp->type() == wire::IcmpType::echo_reply;
  if (!is_echo || icmp->code() != 0) return Outcome::icmp_other;
  request.service = is_request ? Service::icmp_echo : Service::icmp_echo_reply;
  request.body = packet.payload();
  return refuse_others(packet, station);
}

Refusal classify_ipv4(Bytes bytes, FrameInfo info, const Station& station, Request& request) {
  const auto packet = wire::Ipv4View::parse(bytes, verified(info.ipv4_checksum_good));
  if (!packet) return packet.refusal();
  request.source = packet->source();
  request.destination = packet->destination();
  if (is_bad_source(packet->source(), station)) return Outcome::ipv4_bad_source;
  if (packet->destination() != station.address.address &&
      packet->destination() != Ipv4Address::broadcast() &&
      !is_directed_broadcast(packet->destination(), station.address)) {
    return Outcome::ipv4_other_destination;
  }
  switch (packet->protocol()) {
    case wire::IpProtocol::udp:
      return classify_udp(*packet, info, station, request);
    case wire::IpProtocol::icmp:
      return classify_icmp(*packet, station, request);
    default:
      return Outcome::ipv4_other_protocol;
  }
}

}  // namespace

Checked<Request> classify(Bytes frame, FrameInfo info, const Snapshot& snapshot) {
  Request request;
  if (const auto refusal = classify(frame, info, snapshot, request)) return *refusal;
  return request;
}

std::optional<Outcome> classify(Bytes frame, FrameInfo info, const Snapshot& snapshot,
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
  // In place: the compiler keeps every copy of six octets that is made on the way.
  std::memcpy(request.link_source.octets.data(), ethernet->source_octets(), 6);
  std::memcpy(request.link_destination.octets.data(), ethernet->destination_octets(), 6);
  const std::uint64_t here = raw_number(station.mac);
  const std::uint64_t from = raw_number(ethernet->source_octets());
  const std::uint64_t to = raw_number(ethernet->destination_octets());
  // af_packet and looped links bring our own frames back.
  if (from == here) return Outcome::frame_own;
  if (is_group(from)) return Outcome::frame_bad_source;
  const bool for_ipv6_group = is_ipv6_group(to);
  if (to != here && to != kRawBroadcast &&
      !(for_ipv6_group && is_our_group_mac(request.link_destination, station))) {
    return Outcome::frame_other_station;
  }
  if (ethernet->type() == wire::EtherType::ipv6) {
    return classify_ipv6(ethernet->payload(), station, request);
  }
  if (for_ipv6_group) {
    const bool is_known = ethernet->type() == wire::EtherType::ipv4 ||
                          ethernet->type() == wire::EtherType::arp ||
                          ethernet->type() == wire::EtherType::aoe;
    return is_known ? Outcome::frame_other_station : Outcome::frame_other_ethertype;
  }
  switch (ethernet->type()) {
    case wire::EtherType::ipv4:
      return classify_ipv4(ethernet->payload(), info, station, request);
    case wire::EtherType::arp:
      return classify_arp(ethernet->payload(), request);
    case wire::EtherType::aoe:
      request.service = Service::aoe;
      request.body = ethernet->payload();
      return std::nullopt;
    default:
      return Outcome::frame_other_ethertype;
  }
}

}  // namespace reveille
