#include "packet/frame_writer.h"

#include <algorithm>

#include <reveille/wire/checksum.h>

namespace reveille {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kVlanTag = 4;
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kUdpHeader = 8;
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kEtherTypeVlan = 0x8100;
constexpr std::uint8_t kTimeToLive = 64;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint16_t kDontFragment = 0x4000;

}  // namespace

UdpDestination back_to_sender(const Request& request) {
  return {request.link_source, request.source, request.source_port};
}

std::size_t udp_headers_length(const Station& station) {
  return kEthernetHeader + (station.vlan != 0 ? kVlanTag : 0) + kIpv4Header + kUdpHeader;
}

void write_udp_headers(std::uint8_t* to, const Station& station, std::uint16_t source_port,
                       const UdpDestination& destination, std::size_t payload_length,
                       std::uint16_t payload_sum) {
  std::memcpy(to, destination.mac.octets.data(), 6);
  std::memcpy(to + 6, station.mac.octets.data(), 6);
  to += 12;
  if (station.vlan != 0) {
    store_be16(to, kEtherTypeVlan);
    store_be16(to + 2, station.vlan);
    to += kVlanTag;
  }
  store_be16(to, kEtherTypeIpv4);
  to += 2;

  // With DF set and no fragments ever sent, the identification means nothing (RFC 6864 4.1).
  const auto udp_length = static_cast<std::uint16_t>(kUdpHeader + payload_length);
  store_be16(to, 0x4500);
  store_be16(to + 2, static_cast<std::uint16_t>(kIpv4Header + udp_length));
  store_be16(to + 4, 0);
  store_be16(to + 6, kDontFragment);
  to[8] = kTimeToLive;
  to[9] = kProtocolUdp;
  store_be16(to + 10, 0);
  store_be32(to + 12, station.address.address.value);
  store_be32(to + 16, destination.address.value);
  store_be16(to + 10, static_cast<std::uint16_t>(~wire::sum({to, kIpv4Header})));
  to += kIpv4Header;

  store_be16(to, source_port);
  store_be16(to + 2, destination.port);
  store_be16(to + 4, udp_length);
  const std::uint16_t sum =
      wire::fold(std::uint64_t{wire::pseudo_header_sum(station.address.address, destination.address,
                                                       kProtocolUdp, udp_length)} +
                 source_port + destination.port + udp_length + payload_sum);
  const auto checksum = static_cast<std::uint16_t>(~sum);
  // Zero would say that there is none (RFC 768).
  store_be16(to + 6, checksum == 0 ? 0xffff : checksum);
}

MutableBytes udp_room(Reply& reply, const Station& station) {
  const std::size_t headers = udp_headers_length(station);
  const std::size_t by_mtu = station.mtu - (kIpv4Header + kUdpHeader);
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
