#include "packet/frame_writer.h"

#include <algorithm>

#include <reveille/wire/checksum.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/udp.h>

namespace reveille {

UdpDestination back_to_sender(const Request& request) {
  return {request.link_source, request.source, request.source_port};
}

std::size_t udp_headers_length(const Station& station) {
  return wire::ethernet_length(station.vlan) + wire::kIpv4Header + wire::kUdpHeader;
}

void write_udp_headers(std::uint8_t* to, const Station& station, std::uint16_t source_port,
                       const UdpDestination& destination, std::size_t payload_length,
                       std::uint16_t payload_sum) {
  const Ipv4Address source = station.address.address;
  to = wire::write_ethernet(to, destination.mac, station.mac, station.vlan, wire::EtherType::ipv4);
  to = wire::write_ipv4(to, wire::IpProtocol::udp, source, destination.address,
                        wire::kUdpHeader + payload_length);
  wire::write_udp(to, source, source_port, destination.address, destination.port, payload_length,
                  payload_sum);
}

MutableBytes udp_room(Reply& reply, const Station& station) {
  const std::size_t headers = udp_headers_length(station);
  const std::size_t by_mtu = station.mtu - (wire::kIpv4Header + wire::kUdpHeader);
  const std::size_t by_slot = reply.capacity - headers;
  return {reply.head + headers, std::min(by_mtu, by_slot)};
}

void finish_udp(Reply& reply, const Station& station, std::uint16_t station_index,
                std::uint16_t source_port, const UdpDestination& destination, std::size_t length) {
  const std::size_t headers = udp_headers_length(station);
  write_udp_headers(reply.head, station, source_port, destination, length,
                    wire::sum({reply.head + headers, length}));
  reply.length = static_cast<std::uint16_t>(headers + length);
  reply.station = station_index;
}

}  // namespace reveille
