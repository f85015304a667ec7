#include "storm/dhcp_request.h"

#include <algorithm>
#include <array>

namespace reveille::storm {
namespace {

using wire::DhcpOption;

constexpr std::uint16_t kBroadcastFlag = 0x8000;

}  // namespace

std::size_t write_request(MutableBytes room, const Profile& profile, const DhcpRequest& request) {
  wire::DhcpWriter writer(room, room.size());
  writer.request_of(request.mac, request.xid);
  writer.secs(request.secs);
  // Who has an address already can be reached at it.
  if (profile.broadcast_flag && request.client.is_zero()) writer.flags(kBroadcastFlag);
  writer.ciaddr(request.client);
  if (!request.relay.is_zero()) {
    writer.hops(1);
    writer.giaddr(request.relay);
  }
  writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(request.type));
  if (!request.server.is_zero()) {
    writer.option_address(DhcpOption::server_identifier, request.server);
  }
  if (!request.requested.is_zero()) {
    writer.option_address(DhcpOption::requested_address, request.requested);
  }
  writer.option_u16(DhcpOption::maximum_message_size, profile.maximum_message_size);
  writer.option(DhcpOption::parameter_request_list, Bytes{profile.parameters});
  if (profile.vendor_class.empty()) return writer.finish();
  // Type 0 and sixteen octets; firmware without SMBIOS fills them in as it likes, but never
  // two machines alike.
  std::array<std::uint8_t, 17> machine{};
  std::ranges::copy(request.mac.octets, machine.end() - 6);
  writer.option(DhcpOption::client_machine_identifier, Bytes{machine});
  constexpr std::array<std::uint8_t, 3> kUndi{1, 2, 1};
  writer.option(DhcpOption::client_network_interface, Bytes{kUndi});
  writer.option_u16(DhcpOption::client_architecture, profile.architecture);
  writer.option(DhcpOption::vendor_class, profile.vendor_class);
  if (!profile.user_class.empty()) writer.option(DhcpOption::user_class, profile.user_class);
  return writer.finish();
}

Path broadcast_from(const MacAddress& client) {
  return {.from_mac = client,
          .to_mac = MacAddress::broadcast(),
          .from = {},
          .to = Ipv4Address::broadcast(),
          .from_port = wire::kDhcpClientPort,
          .to_port = wire::kDhcpServerPort};
}

}  // namespace reveille::storm
