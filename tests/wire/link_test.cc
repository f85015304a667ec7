// Ethernet, ARP, IPv4, UDP and ICMP against captured frames.
#include <gtest/gtest.h>

#include <reveille/wire/arp.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/icmp.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/udp.h>

#include "vectors/frames.h"
#include "vectors/vectors.h"

namespace reveille::wire {
namespace {

const MacAddress kIpxe = *MacAddress::parse("52:54:00:aa:01:01");
const MacAddress kLinux = *MacAddress::parse("fa:40:f8:d2:05:89");
const Ipv4Address kIpxeAddress = Ipv4Address::of(10, 78, 0, 152);
const Ipv4Address kLinuxAddress = Ipv4Address::of(10, 78, 0, 1);

TEST(Ethernet, CapturedHeader) {
  const Octets frame = captured("ipxe_rrq");
  const auto view = EthernetView::parse(frame);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->destination(), kLinux);
  EXPECT_EQ(view->source(), kIpxe);
  EXPECT_FALSE(view->tagged());
  EXPECT_EQ(view->vlan(), 0);
  EXPECT_EQ(view->type(), EtherType::ipv4);
  EXPECT_EQ(view->payload().data(), frame.data() + 14);
  EXPECT_EQ(view->payload().size(), frame.size() - 14);

  Octets written = unwritten(16);
  EXPECT_EQ(write_ethernet(written.data(), kLinux, kIpxe, 0, EtherType::ipv4), &written[14]);
  EXPECT_TRUE(std::equal(frame.begin(), frame.begin() + 14, written.begin()));
  EXPECT_EQ(written[14], 0xa5);
}

TEST(Ethernet, Tag) {
  Octets frame = unwritten(20);
  EXPECT_EQ(write_ethernet(frame.data(), kLinux, kIpxe, 4094, EtherType::arp), &frame[18]);
  EXPECT_EQ(ethernet_length(4094), 18U);
  EXPECT_EQ(octets(Bytes{frame}.subspan(12)), (Octets{0x81, 0, 0x0f, 0xfe, 8, 6, 0xa5, 0xa5}));
  frame[14] |= 0xe0;  // priority 7
  const auto view = EthernetView::parse(frame);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->tagged());
  EXPECT_EQ(view->vlan(), 4094);
  EXPECT_EQ(view->type(), EtherType::arp);
  EXPECT_EQ(view->payload().size(), 2U);
}

TEST(Arp, CapturedRequestAndReply) {
  const Octets request_frame = captured("ipxe_arp_request");
  const auto request = ArpView::parse(Bytes{request_frame}.subspan(14));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->operation(), ArpOperation::request);
  EXPECT_EQ(request->sender_mac(), kIpxe);
  EXPECT_EQ(request->sender_address(), kIpxeAddress);
  EXPECT_TRUE(request->target_mac().is_zero());
  EXPECT_EQ(request->target_address(), kLinuxAddress);

  const Octets reply_frame = captured("linux_arp_reply");
  const auto reply = ArpView::parse(Bytes{reply_frame}.subspan(14));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->operation(), ArpOperation::reply);
  EXPECT_EQ(reply->target_mac(), kIpxe);

  Octets written = unwritten(30);
  EXPECT_EQ(write_arp(written.data(), ArpOperation::reply, {kLinux, kLinuxAddress},
                      {kIpxe, kIpxeAddress}),
            &written[28]);
  EXPECT_EQ(octets(Bytes{written}.first(28)), octets(Bytes{reply_frame}.subspan(14)));
  EXPECT_EQ(written[28], 0xa5);
}

TEST(Arp, TooShort) {
  const Octets frame = captured("ipxe_arp_request");
  for (std::size_t length = 0; length < kArpLength; ++length) {
    EXPECT_EQ(ArpView::parse(Bytes{frame}.subspan(14, length)).refusal(), Outcome::arp_malformed);
  }
}

TEST(Ipv4, CapturedHeader) {
  const Octets frame = captured("ipxe_discover");
  const auto view = Ipv4View::parse(Bytes{frame}.subspan(14));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->protocol(), IpProtocol::udp);
  EXPECT_EQ(view->time_to_live(), 64);
  EXPECT_TRUE(view->source().is_zero());
  EXPECT_EQ(view->destination(), Ipv4Address::broadcast());
  EXPECT_TRUE(view->options().empty());
  EXPECT_EQ(view->payload().size(), 408U);
}

TEST(Ipv4, WritesAHeaderThatSumsUp) {
  Octets written = unwritten(22);
  EXPECT_EQ(write_ipv4(written.data(), IpProtocol::udp, kLinuxAddress, kIpxeAddress, 1480),
            &written[20]);
  EXPECT_EQ(sum(Bytes{written}.first(20)), 0xffff);
  EXPECT_EQ(load_be16(&written[2]), 1500);
  EXPECT_EQ(written[20], 0xa5);
  written.resize(1500);
  const auto view = Ipv4View::parse(written);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source(), kLinuxAddress);
  EXPECT_EQ(view->destination(), kIpxeAddress);
  EXPECT_EQ(view->protocol(), IpProtocol::udp);
  EXPECT_EQ(view->payload().size(), 1480U);
}

TEST(Ipv4, OptionsAreSetApart) {
  Octets packet = unwritten(28);
  write_ipv4(packet.data(), IpProtocol::icmp, kIpxeAddress, kLinuxAddress, 8);
  packet[0] = 0x46;
  const Octets padding(4, 1);
  std::ranges::copy(padding, &packet[20]);
  Octets frame(14);
  frame.insert(frame.end(), packet.begin(), packet.end());
  mend_ipv4_checksum(frame);
  const auto view = Ipv4View::parse(Bytes{frame}.subspan(14));
  ASSERT_TRUE(view);
  EXPECT_EQ(octets(view->options()), padding);
  EXPECT_EQ(view->payload().size(), 4U);
}

TEST(Udp, CapturedDatagram) {
  const Octets frame = captured("ipxe_rrq");
  const auto packet = Ipv4View::parse(Bytes{frame}.subspan(14));
  ASSERT_TRUE(packet);
  const auto udp = UdpView::parse(*packet);
  ASSERT_TRUE(udp);
  EXPECT_EQ(udp->source_port(), 7938);
  EXPECT_EQ(udp->destination_port(), 69);
  EXPECT_EQ(udp->checksum(), load_be16(&frame[40]));
  EXPECT_TRUE(udp->checksum_good());
  const std::uint16_t payload_sum = sum(udp->payload());
  EXPECT_TRUE(udp->checksum_good(payload_sum));
  EXPECT_FALSE(udp->checksum_good(static_cast<std::uint16_t>(payload_sum + 1)));
  EXPECT_FALSE(udp->checksum_left_to_hardware());
  EXPECT_EQ(octets(udp->payload()), captured_payload("ipxe_rrq"));

  const Octets payload = captured_payload("ipxe_rrq");
  Octets written = unwritten(10);
  EXPECT_EQ(write_udp(written.data(), kIpxeAddress, 7938, kLinuxAddress, 69, payload.size(),
                      sum(payload)),
            &written[8]);
  EXPECT_EQ(octets(Bytes{written}.first(8)), octets(Bytes{frame}.subspan(34, 8)));
  EXPECT_EQ(written[8], 0xa5);
}

// dnsmasq on a veth pair: the kernel left the rest of the sum to a device that never makes it.
TEST(Udp, CapturedPseudoHeaderSum) {
  const Octets frame = captured("edk2_proxy_offer");
  const auto packet = Ipv4View::parse(Bytes{frame}.subspan(14));
  ASSERT_TRUE(packet);
  const auto udp = UdpView::parse(*packet);
  ASSERT_TRUE(udp);
  EXPECT_FALSE(udp->checksum_good());
  EXPECT_TRUE(udp->checksum_left_to_hardware());
}

TEST(Icmp, EchoAndItsReply) {
  const Octets frame = echo_request_frame(33);
  const auto view = IcmpView::parse(Bytes{frame}.subspan(34));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->type(), IcmpType::echo_request);
  EXPECT_EQ(view->code(), 0);
  EXPECT_EQ(view->length(), 41U);
  EXPECT_EQ(load_be32(view->echoed().data()), 0x12340001U);

  Octets written = unwritten(43);
  EXPECT_EQ(write_echo_reply(written.data(), view->echoed()), &written[41]);
  const auto reply = IcmpView::parse(Bytes{written}.first(41));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type(), IcmpType::echo_reply);
  EXPECT_EQ(octets(reply->echoed()), octets(view->echoed()));
  EXPECT_EQ(written[41], 0xa5);
}

}  // namespace
}  // namespace reveille::wire
