// A client's DHCP message as a test writes it: the defaults, and what differs.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <reveille/wire/dhcp.h>

#include "packet/request.h"
#include "vectors/vectors.h"

namespace reveille::test {

using wire::DhcpOption;
using wire::DhcpType;

inline constexpr MacAddress kMachine{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
inline constexpr MacAddress kRouterMac{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x0a}};

struct Option {
  DhcpOption code;
  Octets value;
};

struct Message {
  DhcpType type = DhcpType::discover;
  MacAddress mac = kMachine;
  std::uint32_t xid = 0x1234;
  std::uint16_t secs = 0;
  bool broadcast = false;
  std::uint8_t hops = 0;
  Ipv4Address ciaddr{};
  Ipv4Address giaddr{};
  std::optional<Ipv4Address> requested{};
  std::optional<Ipv4Address> server{};
  std::vector<Option> options{};
  // The frame around it. By default: broadcast by the client; unicast by it if it says `to`;
  // unicast by a relay, from its giaddr to us, if there is a giaddr.
  std::uint16_t station = 0;
  std::optional<MacAddress> link_source{};
  std::optional<Ipv4Address> from{};
  std::optional<Ipv4Address> to{};
  Service service = Service::dhcp;
  // A last word on the octets: what no client should send.
  void (*spoil)(Octets& octets) = nullptr;
};

inline Octets octets_of(const Message& message) {
  Octets octets(1472);
  wire::DhcpWriter writer(octets, octets.size());
  writer.request_of(message.mac, message.xid);
  writer.secs(message.secs);
  writer.hops(message.hops);
  writer.flags(message.broadcast ? 0x8000 : 0);
  writer.ciaddr(message.ciaddr);
  writer.giaddr(message.giaddr);
  if (message.type != DhcpType::none) {
    writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(message.type));
  }
  if (message.requested) writer.option_address(DhcpOption::requested_address, *message.requested);
  if (message.server) writer.option_address(DhcpOption::server_identifier, *message.server);
  for (const Option& option : message.options) writer.option(option.code, Bytes{option.value});
  octets.resize(writer.finish());
  if (message.spoil != nullptr) message.spoil(octets);
  return octets;
}

inline Octets bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
inline Octets bytes(Ipv4Address address) {
  Octets octets(4);
  store_be32(octets.data(), address.value);
  return octets;
}
inline Octets concatenated(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
// One sub-option of option 82.
inline Octets suboption(wire::RelayOption code, const Octets& value) {
  Octets octets(2 + value.size());
  octets[0] = static_cast<std::uint8_t>(code);
  octets[1] = static_cast<std::uint8_t>(value.size());
  std::copy(value.begin(), value.end(), octets.begin() + 2);
  return octets;
}

// The machine number `i` of a lab.
inline MacAddress machine(std::uint32_t i) {
  MacAddress mac{{0x52, 0x54}};
  store_be32(&mac.octets[2], i);
  return mac;
}

}  // namespace reveille::test
