// The DHCP messages that firmware sends.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/dhcp.h>

#include "storm/network.h"
#include "storm/profile.h"

namespace reveille::storm {

struct DhcpRequest {
  wire::DhcpType type = wire::DhcpType::discover;
  MacAddress mac;
  std::uint32_t xid = 0;
  std::uint16_t secs = 0;
  Ipv4Address client;     // ciaddr
  Ipv4Address requested;  // option 50
  Ipv4Address server;     // option 54
  Ipv4Address relay;      // giaddr; zero: not relayed
};

// Returns the length of the message; 0 when it does not fit.
std::size_t write_request(MutableBytes room, const Profile& profile, const DhcpRequest& request);

// Of a client without an address, to whoever serves.
[[nodiscard]] Path broadcast_from(const MacAddress& client);

}  // namespace reveille::storm
