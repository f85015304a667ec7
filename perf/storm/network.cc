#include "storm/network.h"

#include <algorithm>

#include <reveille/wire/arp.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/udp.h>

namespace reveille::storm {
namespace {

constexpr std::size_t kHeaders = wire::kEthernetHeader + wire::kIpv4Header + wire::kUdpHeader;
constexpr std::size_t kLeastFrame = 60;

}  // namespace

MutableBytes Network::payload() {
  room_ = outlet_.room();
  return room_.subspan(kHeaders);
}

void Network::send(const Path& path, std::size_t payload_length) {
  if (payload_length == 0) return;  // it did not fit
  send(path, payload_length, wire::sum(room_.subspan(kHeaders, payload_length)));
}

void Network::write_headers(const Path& path, std::size_t payload_length,
                            std::uint16_t payload_sum) {
  std::uint8_t* to =
      wire::write_ethernet(room_.data(), path.to_mac, path.from_mac, 0, wire::EtherType::ipv4);
  to = wire::write_ipv4(to, wire::IpProtocol::udp, path.from, path.to,
                        wire::kUdpHeader + payload_length);
  wire::write_udp(to, path.from, path.from_port, path.to, path.to_port, payload_length,
                  payload_sum);
}

void Network::send(const Path& path, std::size_t payload_length, std::uint16_t payload_sum) {
  write_headers(path, payload_length, payload_sum);
  std::size_t length = kHeaders + payload_length;
  for (; length < kLeastFrame; ++length) room_[length] = 0;
  outlet_.send(length);
}

void Network::send(const Path& path, std::size_t payload_length, Bytes tail,
                   std::uint16_t payload_sum) {
  const std::size_t length = kHeaders + payload_length;
  if (!outlet_.gathers() || length + tail.size() < kLeastFrame) {
    std::ranges::copy(tail, &room_[length]);
    send(path, payload_length + tail.size(), payload_sum);
    return;
  }
  write_headers(path, payload_length + tail.size(), payload_sum);
  outlet_.send_with(length, tail);
}

void Network::ask(const MacAddress& asker, Ipv4Address asker_address, Ipv4Address address) {
  room_ = outlet_.room();
  std::fill_n(room_.begin(), kLeastFrame, std::uint8_t{0});
  std::uint8_t* to =
      wire::write_ethernet(room_.data(), MacAddress::broadcast(), asker, 0, wire::EtherType::arp);
  wire::write_arp(to, wire::ArpOperation::request, {asker, asker_address}, {{}, address});
  outlet_.send(kLeastFrame);
}

void Network::tell(const MacAddress& mac, Ipv4Address address, const MacAddress& asker,
                   Ipv4Address asker_address) {
  room_ = outlet_.room();
  std::fill_n(room_.begin(), kLeastFrame, std::uint8_t{0});
  std::uint8_t* to = wire::write_ethernet(room_.data(), asker, mac, 0, wire::EtherType::arp);
  wire::write_arp(to, wire::ArpOperation::reply, {mac, address}, {asker, asker_address});
  outlet_.send(kLeastFrame);
}

std::vector<Relay> relays(unsigned count, Ipv4Address first) {
  std::vector<Relay> all;
  for (unsigned i = 0; i < count; ++i) {
    all.push_back({{{0x02, 0x72, 0, 0, 0, static_cast<std::uint8_t>(i)}}, {first.value + i}});
  }
  return all;
}

}  // namespace reveille::storm
