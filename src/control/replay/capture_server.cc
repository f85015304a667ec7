#include "control/replay/capture_server.h"

#include <bit>

#include <reveille/wire/dhcp.h>

#include "control/replay/capture_file.h"

namespace reveille {
namespace {

constexpr std::uint16_t kTftpPort = 69;
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kTag = 4;
constexpr std::size_t kUdp = 8;

struct Datagram {
  MacAddress from_mac;
  MacAddress to_mac;
  Ipv4Address from;
  Ipv4Address to;
  std::uint16_t from_port = 0;
  std::uint16_t to_port = 0;
  Bytes payload;
};

// UDP in IPv4 in Ethernet, perhaps tagged. Looks at lengths only: this is about who speaks, and
// whatever it finds is replayed through classify() anyway.
std::optional<Datagram> datagram_of(Bytes frame) {
  std::size_t at = kEthernet;
  if (frame.size() < kEthernet + kTag) return std::nullopt;
  std::uint16_t type = load_be16(&frame[12]);
  if (type == 0x8100) {
    type = load_be16(&frame[16]);
    at += kTag;
  }
  if (type != 0x0800 || frame.size() < at + 20) return std::nullopt;
  const Bytes ip = frame.subspan(at);
  const std::size_t header = std::size_t{4} * (ip[0] & 15);
  const bool udp = ip[0] >> 4 == 4 && header >= 20 && ip[9] == 17;
  if (!udp || ip.size() < header + kUdp) return std::nullopt;
  return Datagram{.from_mac = MacAddress::from(&frame[6]),
                  .to_mac = MacAddress::from(frame.data()),
                  .from = Ipv4Address::from(&ip[12]),
                  .to = Ipv4Address::from(&ip[16]),
                  .from_port = load_be16(&ip[header]),
                  .to_port = load_be16(&ip[header + 2]),
                  .payload = ip.subspan(header + kUdp)};
}

bool is_mask(std::uint32_t mask) {
  return std::countl_one(mask) + std::countr_zero(mask) == 32;
}

}  // namespace

void CaptureServerFinder::look_at(Bytes frame) {
  const auto datagram = datagram_of(frame);
  if (!datagram) return;
  const bool unicast = !datagram->to_mac.is_group() && datagram->to != Ipv4Address::broadcast();
  if (datagram->to_port == kTftpPort && unicast && !tftp_server_) {
    tftp_server_ = Host{datagram->to_mac, datagram->to};
  }
  const bool from_server =
      datagram->from_port == wire::kDhcpServerPort || datagram->from_port == wire::kBootServerPort;
  if (from_server) look_at_reply({datagram->from_mac, datagram->from}, datagram->payload);
}

void CaptureServerFinder::look_at_reply(const Host& sender, Bytes message) {
  const auto view = wire::DhcpView::parse(message);
  if (!view || view->op() != wire::DhcpOp::reply) return;
  const bool relayed = !view->giaddr().is_zero();
  if (!dhcp_server_ && !relayed && !sender.address.is_zero()) dhcp_server_ = sender;
  const auto mask = view->option_u32(wire::DhcpOption::subnet_mask);
  if (mask && is_mask(*mask)) {
    prefix_length_ = static_cast<std::uint8_t>(std::countl_one(*mask));
  }
}

std::optional<CaptureServer> CaptureServerFinder::found() const {
  const std::optional<Host>& host = tftp_server_ ? tftp_server_ : dhcp_server_;
  if (!host) return std::nullopt;
  return CaptureServer{host->mac, {host->address, prefix_length_}};
}

tl::expected<std::optional<CaptureServer>, std::string> find_capture_server(
    const std::string& file) {
  CaptureServerFinder finder;
  const auto read = for_each_frame(file, [&](Bytes frame, Instant) { finder.look_at(frame); });
  if (!read) return tl::unexpected(read.error());
  return finder.found();
}

}  // namespace reveille
