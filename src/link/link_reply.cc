#include "link/link_reply.h"

#include <algorithm>

namespace reveille {

MutableBytes start_link_reply(Reply& reply, const Station& station, const MacAddress& destination,
                              wire::EtherType type) {
  std::uint8_t* payload =
      wire::write_ethernet(reply.head, destination, station.mac, station.vlan, type);
  const std::size_t header = wire::ethernet_length(station.vlan);
  return {payload, std::min<std::size_t>(reply.capacity - header, station.mtu)};
}

void finish_link_reply(Reply& reply, const Station& station, const Request& request,
                       std::size_t length) {
  reply.length = static_cast<std::uint16_t>(wire::ethernet_length(station.vlan) + length);
  reply.station = request.station;
}

}  // namespace reveille
