// RFC 2131 4.1 as a table.
#include "dhcp/reply_address.h"

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

constexpr Ipv4Address kYiaddr = Ipv4Address::of(10, 77, 0, 10);
constexpr Ipv4Address kCiaddr = Ipv4Address::of(10, 77, 0, 15);
constexpr Ipv4Address kAll = Ipv4Address::broadcast();
constexpr MacAddress kBridge{{0x02, 0xbb, 0, 0, 0, 1}};
constexpr MacAddress kAllMacs = MacAddress::broadcast();

struct Row {
  const char* what;
  Message message;
  DhcpType reply;
  Ipv4Address yiaddr;
  UdpDestination expected;
};

void set_hlen_zero(Octets& octets) {
  octets[1] = 32;  // InfiniBand, RFC 4390
  octets[2] = 0;
}

// Each frame comes from kBridge, so that it shows whether the layer-2 source or chaddr counts.
const Row kRows[] = {
    {"offer to a client without an address: its own, without ARP",
     {},
     DhcpType::offer,
     kYiaddr,
     {kMachine, kYiaddr, 68}},
    {"ack likewise", {.type = DhcpType::request}, DhcpType::ack, kYiaddr, {kMachine, kYiaddr, 68}},
    {"broadcast flag", {.broadcast = true}, DhcpType::offer, kYiaddr, {kAllMacs, kAll, 68}},
    {"ciaddr: there, the way it came, whatever the flag says",
     {.type = DhcpType::request, .broadcast = true, .ciaddr = kCiaddr},
     DhcpType::ack,
     kCiaddr,
     {kBridge, kCiaddr, 68}},
    {"giaddr goes before all: the relay's server port",
     {.broadcast = true, .ciaddr = kCiaddr, .giaddr = kRelay},
     DhcpType::ack,
     kYiaddr,
     {kBridge, kRelay, 67}},
    {"nak: everybody", {.type = DhcpType::request}, DhcpType::nak, {}, {kAllMacs, kAll, 68}},
    {"nak to a client that says it has an address: everybody",
     {.type = DhcpType::request, .ciaddr = kCiaddr},
     DhcpType::nak,
     {},
     {kAllMacs, kAll, 68}},
    {"nak through a relay: there",
     {.type = DhcpType::request, .giaddr = kRelay},
     DhcpType::nak,
     {},
     {kBridge, kRelay, 67}},
    {"inform: ciaddr",
     {.type = DhcpType::inform, .ciaddr = kCiaddr},
     DhcpType::ack,
     {},
     {kBridge, kCiaddr, 68}},
    {"inform through a relay: ciaddr all the same (4.3.5)",
     {.type = DhcpType::inform, .ciaddr = kCiaddr, .giaddr = kRelay},
     DhcpType::ack,
     {},
     {kBridge, kCiaddr, 68}},
    {"inform without ciaddr through a relay: there",
     {.type = DhcpType::inform, .giaddr = kRelay},
     DhcpType::ack,
     {},
     {kBridge, kRelay, 67}},
    {"inform without ciaddr: where it came from",
     {.type = DhcpType::inform, .from = kCiaddr},
     DhcpType::ack,
     {},
     {kBridge, kCiaddr, 68}},
    {"bootp", {.type = DhcpType::none}, DhcpType::none, kYiaddr, {kMachine, kYiaddr, 68}},
    {"no hardware address to send to: everybody",
     {.spoil = set_hlen_zero},
     DhcpType::offer,
     kYiaddr,
     {kAllMacs, kAll, 68}},
};

TEST(ReplyAddress, FollowsTheRfc) {
  for (const Row& row : kRows) {
    const Octets octets = octets_of(row.message);
    const auto message = wire::DhcpView::parse(octets);
    ASSERT_TRUE(message) << row.what;
    Request request;
    request.link_source = kBridge;
    request.source = row.message.from.value_or(row.message.ciaddr);
    const UdpDestination to = reply_address(request, *message, row.reply, row.yiaddr);
    EXPECT_EQ(to.mac, row.expected.mac) << row.what;
    EXPECT_EQ(to.address, row.expected.address) << row.what;
    EXPECT_EQ(to.port, row.expected.port) << row.what;
  }
}

}  // namespace
}  // namespace reveille::test
