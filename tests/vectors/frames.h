// Frames made for a test: a default that is right in every layer, and the fields that differ.
#pragma once

#include <algorithm>
#include <string_view>

#include <reveille/wire/checksum.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/udp.h>

#include "vectors/vectors.h"

namespace reveille {

struct UdpFrame {
  MacAddress destination_mac{{0xfa, 0x40, 0xf8, 0xd2, 0x05, 0x89}};
  MacAddress source_mac{{0x52, 0x54, 0x00, 0xaa, 0x01, 0x01}};
  std::uint16_t vlan = 0;
  Ipv4Address source = Ipv4Address::of(10, 78, 0, 152);
  Ipv4Address destination = Ipv4Address::of(10, 78, 0, 1);
  std::uint16_t source_port = 7938;
  std::uint16_t destination_port = 69;
  Octets payload{};

  [[nodiscard]] Octets bytes() const {
    Octets frame(wire::ethernet_length(vlan) + wire::kIpv4Header + wire::kUdpHeader);
    std::uint8_t* to = wire::write_ethernet(frame.data(), destination_mac, source_mac, vlan,
                                            wire::EtherType::ipv4);
    to = wire::write_ipv4(to, wire::IpProtocol::udp, source, destination,
                          wire::kUdpHeader + payload.size());
    wire::write_udp(to, source, source_port, destination, destination_port, payload.size(),
                    wire::sum(payload));
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
  }
};

// Makes the IPv4 header checksum of a frame right again after a change.
inline void mend_ipv4_checksum(Octets& frame, std::size_t header = wire::kEthernetHeader) {
  store_be16(&frame[header + 10], 0);
  const std::size_t length = (frame[header] & 0x0fU) * 4U;
  const auto checksum =
      static_cast<std::uint16_t>(~wire::sum(Bytes{frame}.subspan(header, length)));
  store_be16(&frame[header + 10], checksum);
}

// The same for ICMPv6 right behind an IPv6 header.
inline void mend_icmpv6_checksum(Octets& frame, std::size_t header = wire::kEthernetHeader) {
  const std::size_t length = load_be16(&frame[header + 4]);
  const std::size_t message = header + 40;
  store_be16(&frame[message + 2], 0);
  const std::uint16_t sum =
      wire::fold(std::uint64_t{wire::sum(Bytes{frame}.subspan(header + 8, 32))} + length + 58 +
                 wire::sum(Bytes{frame}.subspan(message, length)));
  store_be16(&frame[message + 2], static_cast<std::uint16_t>(~sum));
}

// ICMP echo request right behind an IPv4 header.
inline Octets echo_request_frame(std::size_t data_length) {
  UdpFrame base;
  base.payload.resize(data_length);
  Octets frame = base.bytes();
  frame[14 + 9] = 1;
  mend_ipv4_checksum(frame);
  store_be32(&frame[34], 0x08000000);
  store_be32(&frame[38], 0x12340001);
  for (std::size_t i = 42; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(i * 3);
  store_be16(&frame[36], static_cast<std::uint16_t>(~wire::sum(Bytes{frame}.subspan(34))));
  return frame;
}

}  // namespace reveille
