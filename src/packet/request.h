// A received frame after classification: what is asked, by whom, and where the reply goes.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>

namespace reveille {

// Which engine a request is for.
enum class Service : std::uint8_t {
  arp,                   // body: the ARP packet
  icmp_echo,             // body: the ICMP message
  icmp_echo_reply,       // body: the ICMP message
  neighbour,             // body: the ICMPv6 neighbour solicitation
  router_solicitation,   // body: the ICMPv6 message
  router_advertisement,  // body: the ICMPv6 message
  dhcp,                  // body: UDP payload sent to port 67
  boot_server,           // body: UDP payload sent to port 4011
  tftp_open,             // body: UDP payload sent to port 69
  tftp_transfer,         // body: UDP payload sent to one of our transfer ids
  aoe,                   // body: the AoE packet
};

// No place is known.
inline constexpr std::uint32_t kNowhere = 0xffffffff;

// Borrowed from the frame: valid until the frame is freed. Everything here has been checked
// (lengths, checksums, destination); the body has not.
struct Request {
  Service service{};
  // Index into Snapshot::stations: the port and VLAN it came through, whose addresses answer.
  std::uint16_t station = 0;
  MacAddress link_source;  // the reply goes back there
  MacAddress link_destination;
  Ipv4Address source;  // zero where there is no IPv4 header
  Ipv4Address destination;
  std::uint16_t source_port = 0;  // zero where there is no UDP header
  std::uint16_t destination_port = 0;
  // The engine's own, from its prefetch() to its handle(): where it looked for what the request
  // is about. Saves looking twice.
  std::uint32_t place = kNowhere;
  Bytes network;  // the IPv6 header onward, for neighbour discovery; empty for all else
  Bytes body;
};

}  // namespace reveille
