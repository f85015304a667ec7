#include <gtest/gtest.h>

#include <reveille/wire/icmpv6.h>

#include "vectors/frames.h"
#include "vectors/vectors.h"

namespace reveille::wire {
namespace {

// fe80::b87e:6aff:fe77:6e6, the Linux router of the recording, and EDK2 beside it.
const Ipv6Address kRouter = Ipv6Address::link_local(*MacAddress::parse("ba:7e:6a:77:06:e6"));
const MacAddress kRouterMac = *MacAddress::parse("4e:f1:cc:67:26:91");
const MacAddress kOvmfMac = *MacAddress::parse("52:54:00:aa:01:07");
const Ipv6Address kOvmfAddress = Ipv6Address::link_local(kOvmfMac);

Ipv6View packet(const Octets& frame) {
  const auto view = Ipv6View::parse(Bytes{frame}.subspan(14));
  EXPECT_TRUE(view);
  return *view;
}

TEST(Ipv6, CapturedHeader) {
  const Octets frame = captured("edk2_neighbour_solicitation");
  const Ipv6View view = packet(frame);
  EXPECT_EQ(view.next_header(), IpProtocol::icmpv6);
  EXPECT_EQ(view.hop_limit(), 255);
  EXPECT_EQ(view.source(), kOvmfAddress);
  EXPECT_EQ(view.destination(), kRouter);
  EXPECT_EQ(view.payload().size(), 32U);
  EXPECT_EQ(view.packet().size(), 72U);

  Octets written = unwritten(42);
  EXPECT_EQ(write_ipv6(written.data(), IpProtocol::icmpv6, kOvmfAddress, kRouter, 32),
            &written[40]);
  EXPECT_EQ(octets(Bytes{written}.first(40)), octets(Bytes{frame}.subspan(14, 40)));
  EXPECT_EQ(written[40], 0xa5);
}

TEST(Ipv6, Truncations) {
  const Octets frame = captured("edk2_neighbour_solicitation");
  for (std::size_t length = 0; length < 72; ++length) {
    EXPECT_EQ(Ipv6View::parse(Bytes{frame}.subspan(14, length)).refusal(), Outcome::ipv6_malformed);
  }
}

TEST(Icmpv6, RouterSolicitationOfIpxe) {
  const Octets frame = captured("ipxe_router_solicitation");
  EXPECT_EQ(icmpv6_type(packet(frame)), Icmpv6Type::router_solicitation);
  const auto view = RouterSolicitationView::parse(packet(frame));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source(), Ipv6Address::link_local(*MacAddress::parse("52:54:00:aa:01:01")));
  EXPECT_EQ(view->destination(), all_routers());
  EXPECT_EQ(view->source_mac(), MacAddress::parse("52:54:00:aa:01:01"));
}

TEST(Icmpv6, RouterSolicitationFromNobody) {
  Octets frame = captured("edk2_router_solicitation");
  const auto view = RouterSolicitationView::parse(packet(frame));
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->source().is_unspecified());
  EXPECT_EQ(view->source_mac(), std::nullopt);
  // With a link-layer address it is invalid (RFC 4861 6.1.1).
  const Octets option{1, 1, 0x52, 0x54, 0, 0xaa, 1, 7};
  frame.insert(frame.end(), option.begin(), option.end());
  store_be16(&frame[18], 16);
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(RouterSolicitationView::parse(packet(frame)).refusal(), Outcome::icmpv6_malformed);
}

TEST(Icmpv6, AdvertisementOfARealRouter) {
  Octets frame = captured("radvd_advertisement");
  const auto view = RouterAdvertisementView::parse(packet(frame));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source(), kRouter);
  EXPECT_EQ(view->destination(), all_nodes());
  EXPECT_EQ(view->hop_limit(), frame[58]);
  EXPECT_EQ(view->hop_limit(), 64);
  EXPECT_TRUE(view->managed());
  EXPECT_TRUE(view->other_configuration());
  EXPECT_EQ(view->router_lifetime_s(), 1800);
  EXPECT_EQ(view->source_mac(), kRouterMac);
  // A router speaks from its link-local address.
  frame[22] = 0xfd;
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(RouterAdvertisementView::parse(packet(frame)).refusal(), Outcome::icmpv6_malformed);
}

TEST(Icmpv6, NeighbourSolicitations) {
  const Octets to_group = captured("linux_neighbour_solicitation");
  auto view = NeighbourSolicitationView::parse(packet(to_group));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->target(), kOvmfAddress);
  EXPECT_EQ(view->source_mac(), kRouterMac);
  EXPECT_EQ(view->destination(), solicited_node(kOvmfAddress));
  EXPECT_EQ(MacAddress::from(to_group.data()), group_mac(solicited_node(kOvmfAddress)));

  const Octets unicast = captured("edk2_neighbour_solicitation");
  view = NeighbourSolicitationView::parse(packet(unicast));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->target(), kRouter);
  EXPECT_EQ(view->source_mac(), kOvmfMac);
}

// An answer to a group would reach every machine of the link.
TEST(Icmpv6, NobodyIsAGroup) {
  Octets frame = captured("edk2_neighbour_solicitation");
  frame[22] = 0xff;
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(NeighbourSolicitationView::parse(packet(frame)).refusal(), Outcome::icmpv6_malformed);
}

TEST(Icmpv6, DuplicateAddressDetection) {
  const Octets good = captured("edk2_dad");
  const auto view = NeighbourSolicitationView::parse(packet(good));
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->source().is_unspecified());
  EXPECT_EQ(view->target(), Ipv6Address::link_local(*MacAddress::parse("52:54:00:aa:01:06")));
  Octets to_all = good;
  std::ranges::copy(all_nodes().octets, &to_all[38]);
  mend_icmpv6_checksum(to_all);
  EXPECT_EQ(NeighbourSolicitationView::parse(packet(to_all)).refusal(), Outcome::icmpv6_malformed);
  Octets group_target = good;
  group_target[62] = 0xff;
  mend_icmpv6_checksum(group_target);
  EXPECT_EQ(NeighbourSolicitationView::parse(packet(group_target)).refusal(),
            Outcome::icmpv6_malformed);
}

TEST(Icmpv6, NeighbourAdvertisements) {
  const Octets edk2 = captured("edk2_neighbour_advertisement");
  auto view = NeighbourAdvertisementView::parse(packet(edk2));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->target(), kOvmfAddress);
  EXPECT_TRUE(view->solicited());
  EXPECT_EQ(view->target_mac(), kOvmfMac);
  EXPECT_FALSE(view->router());
  EXPECT_TRUE(view->override_entry());

  Octets from_linux = captured("linux_neighbour_advertisement");
  view = NeighbourAdvertisementView::parse(packet(from_linux));
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->router());
  EXPECT_TRUE(view->solicited());
  EXPECT_FALSE(view->override_entry());
  EXPECT_EQ(view->target_mac(), std::nullopt);
  from_linux[58] = 0x80;
  mend_icmpv6_checksum(from_linux);
  view = NeighbourAdvertisementView::parse(packet(from_linux));
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->router());
  EXPECT_FALSE(view->solicited());
  from_linux[58] = 0x40;
  std::ranges::copy(all_nodes().octets, &from_linux[38]);
  mend_icmpv6_checksum(from_linux);
  EXPECT_EQ(NeighbourAdvertisementView::parse(packet(from_linux)).refusal(),
            Outcome::icmpv6_malformed);
}

TEST(Icmpv6, EachViewTakesItsOwnTypeOnly) {
  const Octets frame = captured("ipxe_router_solicitation");
  EXPECT_FALSE(RouterAdvertisementView::parse(packet(frame)));
  EXPECT_FALSE(NeighbourSolicitationView::parse(packet(frame)));
  EXPECT_FALSE(NeighbourAdvertisementView::parse(packet(frame)));
}

// EDK2's answer to Linux, octet by octet.
TEST(Icmpv6, WritesTheCapturedNeighbourAdvertisement) {
  const Octets expected = captured("edk2_neighbour_advertisement");
  Octets room = unwritten(74);
  const std::size_t length = write_neighbour_advertisement(
      room,
      {.destination = kRouter, .target = kOvmfAddress, .target_mac = kOvmfMac, .solicited = true});
  ASSERT_EQ(length, 72U);
  EXPECT_EQ(octets(Bytes{room}.first(length)), octets(Bytes{expected}.subspan(14)));
  EXPECT_EQ(room[length], 0xa5);
  EXPECT_EQ(write_neighbour_advertisement(MutableBytes{room}.first(71), {}), 0U);
}

TEST(Icmpv6, AnEmptyAdvertisementOffersNothing) {
  Octets room = unwritten(66);
  const std::size_t length =
      write_empty_router_advertisement(room, kRouter, kRouterMac, kOvmfAddress);
  ASSERT_EQ(length, 64U);
  EXPECT_EQ(room[length], 0xa5);
  const auto ip = Ipv6View::parse(Bytes{room}.first(length));
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->hop_limit(), 255);
  const auto view = RouterAdvertisementView::parse(*ip);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source(), kRouter);
  EXPECT_EQ(view->destination(), kOvmfAddress);
  EXPECT_EQ(view->hop_limit(), 0);
  EXPECT_FALSE(view->managed());
  EXPECT_FALSE(view->other_configuration());
  EXPECT_EQ(view->router_lifetime_s(), 0);
  EXPECT_EQ(view->source_mac(), kRouterMac);
  // Nothing but the one option: no prefix, no MTU.
  EXPECT_EQ(ip->payload().size(), 24U);
  EXPECT_EQ(write_empty_router_advertisement(MutableBytes{room}.first(63), {}, {}, {}), 0U);
}

}  // namespace
}  // namespace reveille::wire
