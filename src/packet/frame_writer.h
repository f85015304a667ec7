// Ethernet, IPv4 and UDP headers of replies.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>

#include "packet/reply.h"
#include "packet/request.h"
#include "packet/snapshot.h"

namespace reveille {

// Where a UDP reply goes.
struct UdpDestination {
  MacAddress mac;
  Ipv4Address address;
  std::uint16_t port = 0;
};

// The layer-2 source and UDP source of the request.
[[nodiscard]] UdpDestination back_to_sender(const Request& request);

// Bytes of Ethernet (with tag on a VLAN station), IPv4 and UDP headers.
[[nodiscard]] std::size_t udp_headers_length(const Station& station);

// Writes the three headers for `payload_length` octets of UDP payload of which the ones'-
// complement sum is `payload_sum` (folded, not inverted; even-offset convention of RFC 1071).
// `to` has udp_headers_length() bytes. A computed UDP checksum of 0 is sent as 0xffff.
void write_udp_headers(std::uint8_t* to, const Station& station, std::uint16_t source_port,
                       const UdpDestination& destination, std::size_t payload_length,
                       std::uint16_t payload_sum);

// Room for the UDP payload in a fresh reply, bounded by the station's MTU.
[[nodiscard]] MutableBytes udp_room(Reply& reply, const Station& station);
// Completes a reply whose UDP payload of `length` octets stands in udp_room().
void finish_udp(Reply& reply, const Station& station, std::uint16_t station_index,
                std::uint16_t source_port, const UdpDestination& destination, std::size_t length);

}  // namespace reveille
