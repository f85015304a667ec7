#include <string>

#include <gtest/gtest.h>

#include "packet/classify_fixture.h"
#include "packet/link_state.h"

namespace reveille {
namespace {

TEST_F(Classify, CapturedFramesComeToTheirService) {
  const struct {
    const char* name;
    Port port;
    Service service;
  } expected[] = {
      {"ipxe_discover", kIpxe, Service::dhcp},
      {"ipxe_request", kIpxe, Service::dhcp},
      {"edk2_discover", kProxy, Service::dhcp},
      {"edk2_http_discover", kProxy, Service::dhcp},
      {"ipxe_boot_server_request", kProxy, Service::boot_server},
      {"edk2_boot_server_request", kProxy, Service::boot_server},
      {"ipxe_rrq", kIpxe, Service::tftp_open},
      {"edk2_rrq", kProxy, Service::tftp_open},
      {"pxelinux_rrq", kIpxe, Service::tftp_open},
      {"ipxe_ack", kIpxe, Service::tftp_transfer},
      {"pxelinux_ack", kIpxe, Service::tftp_transfer},
      {"edk2_error", kProxy, Service::tftp_transfer},
      {"ipxe_arp_request", kIpxe, Service::arp},
      {"ipxe_arp_reply", kIpxe, Service::arp},
      {"e1000_arp_reply", kIpxe, Service::arp},
      {"ipxe_arp_gratuitous", kIpxe, Service::arp},
      {"ipxe_router_solicitation", kIpxe, Service::router_solicitation},
      {"edk2_router_solicitation", kRouter, Service::router_solicitation},
      {"edk2_neighbour_solicitation", kRouter, Service::neighbour},
      {"radvd_advertisement", kIpxe, Service::router_advertisement},
  };
  for (const auto& row : expected) {
    const Fate found = fate(captured(row.name), {.port = row.port});
    ASSERT_TRUE(found.request) << row.name << " " << info(found.outcome).name;
    EXPECT_EQ(found.request->service, row.service) << row.name;
  }
}

TEST_F(Classify, CapturedFramesThatAreNotForUs) {
  const struct {
    const char* name;
    Port port;
    Outcome outcome;
  } expected[] = {
      {"dnsmasq_offer", kIpxe, Outcome::frame_own},
      {"linux_arp_request", kIpxe, Outcome::frame_own},
      {"radvd_advertisement", kRouter, Outcome::frame_own},
      {"edk2_rrq", kIpxe, Outcome::frame_other_station},
      {"edk2_dad", kProxy, Outcome::frame_other_station},
      {"edk2_mld", kProxy, Outcome::frame_other_station},
      {"edk2_neighbour_advertisement", kRouter, Outcome::ipv6_other},
      {"edk2_tcp", kProxy, Outcome::ipv4_other_protocol},
  };
  for (const auto& row : expected) {
    EXPECT_EQ(info(refusal(captured(row.name), {.port = row.port})).name, info(row.outcome).name)
        << row.name;
  }
}

TEST_F(Classify, FillsInTheRequest) {
  const Fate found = fate(captured("ipxe_rrq"));
  ASSERT_TRUE(found.request);
  EXPECT_EQ(found.request->station, 0);
  EXPECT_EQ(found.request->link_source, *MacAddress::parse("52:54:00:aa:01:01"));
  EXPECT_EQ(found.request->link_destination, *MacAddress::parse("fa:40:f8:d2:05:89"));
  EXPECT_EQ(found.request->source, Ipv4Address::of(10, 78, 0, 152));
  EXPECT_EQ(found.request->destination, Ipv4Address::of(10, 78, 0, 1));
  EXPECT_EQ(found.request->source_port, 7938);
  EXPECT_EQ(found.request->destination_port, 69);
  EXPECT_TRUE(found.request->network.empty());
  const Octets body(found.request->body.begin(), found.request->body.end());
  EXPECT_EQ(body, captured_payload("ipxe_rrq"));
}

TEST_F(Classify, NeighbourDiscoveryKeepsItsIpv6Header) {
  const Fate found = fate(captured("ipxe_router_solicitation"));
  ASSERT_TRUE(found.request);
  EXPECT_EQ(found.request->network.size(), 56U);
  EXPECT_EQ(found.request->body.size(), 16U);
  EXPECT_EQ(found.request->network.data() + 40, found.request->body.data());
  EXPECT_TRUE(found.request->source.is_zero());
}

TEST_F(Classify, EthernetPaddingIsNotPartOfTheBody) {
  Octets frame = captured("ipxe_ack");
  frame.resize(60, 0xee);
  const Fate found = fate(frame);
  ASSERT_TRUE(found.request);
  EXPECT_EQ(found.request->body.size(), 4U);
  frame = captured("ipxe_router_solicitation");
  frame.resize(100, 0xee);
  EXPECT_EQ(fate(frame).request->body.size(), 16U);
}

TEST_F(Classify, NoTruncationOfAnyFrameIsAccepted) {
  for (const char* name : {"ipxe_discover", "ipxe_rrq", "ipxe_ack", "ipxe_arp_request",
                           "ipxe_router_solicitation", "edk2_router_solicitation"}) {
    const Octets frame = captured(name);
    const Port port = name == std::string{"edk2_router_solicitation"} ? kRouter : kIpxe;
    for (std::size_t length = 0; length < frame.size(); ++length) {
      const Octets part(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
      const Outcome outcome = refusal(part, {.port = port});
      ASSERT_EQ(info(outcome).verdict, Verdict::refused) << name << " " << length;
      if (length < 14) {
        ASSERT_EQ(outcome, Outcome::frame_truncated);
      }
    }
  }
  Octets tagged = UdpFrame{.vlan = 10}.bytes();
  tagged.resize(17);
  EXPECT_EQ(refusal(tagged), Outcome::frame_truncated);
}

// ---- Ethernet

TEST_F(Classify, SourceAndDestinationAddresses) {
  UdpFrame frame;
  EXPECT_TRUE(accepted(frame.bytes()));
  frame.destination_mac = MacAddress::broadcast();
  EXPECT_TRUE(accepted(frame.bytes()));
  frame.destination_mac = *MacAddress::parse("fa:40:f8:d2:05:88");
  EXPECT_EQ(refusal(frame.bytes()), Outcome::frame_other_station);
  frame.destination_mac = *MacAddress::parse("01:00:5e:00:00:01");
  EXPECT_EQ(refusal(frame.bytes()), Outcome::frame_other_station);
  frame.destination_mac = *MacAddress::parse("33:33:00:00:00:01");
  EXPECT_EQ(refusal(frame.bytes()), Outcome::frame_other_station);

  frame = UdpFrame{};
  frame.source_mac = frame.destination_mac;
  EXPECT_EQ(refusal(frame.bytes()), Outcome::frame_own);
  frame.source_mac = MacAddress::broadcast();
  EXPECT_EQ(refusal(frame.bytes()), Outcome::frame_bad_source);
  frame.source_mac = *MacAddress::parse("01:00:5e:00:00:01");
  EXPECT_EQ(refusal(frame.bytes()), Outcome::frame_bad_source);
}

TEST_F(Classify, EachBitOfAStationsAddressCounts) {
  const MacAddress ours = UdpFrame{}.destination_mac;
  for (unsigned bit = 0; bit < 48; ++bit) {
    UdpFrame frame;
    frame.destination_mac.octets[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_EQ(refusal(frame.bytes()), Outcome::frame_other_station) << bit;
    frame = UdpFrame{};
    frame.source_mac = ours;
    frame.source_mac.octets[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const bool group = frame.source_mac.is_group();
    EXPECT_EQ(accepted(frame.bytes()), !group) << bit;
  }
}

TEST_F(Classify, OtherEtherTypes) {
  Octets frame = UdpFrame{}.bytes();
  for (const std::uint16_t type : Numbers{0x0026, 0x05dc, 0x88a1, 0x88cc, 0xffff}) {
    store_be16(&frame[12], type);
    EXPECT_EQ(refusal(frame), Outcome::frame_other_ethertype);
  }
}

TEST_F(Classify, AtaOverEthernetIsTheEnginesToRead) {
  Octets frame = UdpFrame{}.bytes();
  store_be16(&frame[12], 0x88a2);
  Fate found = fate(frame);
  ASSERT_TRUE(found.request);
  EXPECT_EQ(found.request->service, Service::aoe);
  EXPECT_EQ(found.request->body.size(), frame.size() - 14);
  std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
  EXPECT_TRUE(fate(frame).request) << "a query for all";
  frame[5] = 0xfe;
  EXPECT_EQ(refusal(frame), Outcome::frame_other_station);
}

TEST_F(Classify, TagsLeadToTheirStation) {
  UdpFrame frame{.vlan = 10, .destination = Ipv4Address::of(10, 79, 0, 1)};
  Fate found = fate(frame.bytes());
  ASSERT_TRUE(found.request);
  EXPECT_EQ(found.request->station, 1);

  Octets with_priority = frame.bytes();
  with_priority[14] |= 0xf0;  // priority and drop-eligible bits
  ASSERT_TRUE(fate(with_priority).request);

  frame.vlan = 4094;
  frame.destination = Ipv4Address::of(10, 80, 0, 1);
  found = fate(frame.bytes());
  ASSERT_TRUE(found.request);
  EXPECT_EQ(found.request->station, 2);

  // The address of another VLAN is not ours on this one.
  frame.vlan = 10;
  EXPECT_EQ(refusal(frame.bytes()), Outcome::ipv4_other_destination);
}

TEST_F(Classify, VlanHopping) {
  for (const std::uint16_t vlan : Numbers{1, 9, 11, 4093, 4095}) {
    EXPECT_EQ(refusal(UdpFrame{.vlan = vlan}.bytes()), Outcome::vlan_not_configured);
  }
  // A configured VLAN, but on another port; and a port that nobody configured.
  EXPECT_EQ(refusal(UdpFrame{.vlan = 10}.bytes(), {.port = kProxy}), Outcome::vlan_not_configured);
  EXPECT_EQ(refusal(UdpFrame{}.bytes(), {.port = 31}), Outcome::vlan_not_configured);

  // A tag of VLAN 0 only carries a priority; it does not lead to the untagged station.
  Octets priority = UdpFrame{.vlan = 1}.bytes();
  store_be16(&priority[14], 0xe000);
  EXPECT_EQ(refusal(priority), Outcome::vlan_not_configured);

  for (const std::uint16_t type : Numbers{0x8100, 0x88a8, 0x9100}) {
    Octets inner = UdpFrame{.vlan = 10}.bytes();
    store_be16(&inner[16], type);
    EXPECT_EQ(refusal(inner), Outcome::vlan_stacked) << type;
  }
  for (const std::uint16_t type : Numbers{0x88a8, 0x9100}) {
    Octets outer = UdpFrame{.vlan = 10}.bytes();
    store_be16(&outer[12], type);
    EXPECT_EQ(refusal(outer), Outcome::vlan_stacked) << type;
  }
}

TEST_F(Classify, UntaggedFramesOnATaggedPort) {
  Snapshot tagged_only;
  tagged_only.stations = {station(0, 10, "fa:40:f8:d2:05:89", "10.79.0.1/24")};
  const Octets frame = UdpFrame{}.bytes();
  EXPECT_EQ(classify(frame, {}, tagged_only).refusal(), Outcome::vlan_not_configured);
}

// ---- ARP

TEST_F(Classify, ArpOfOtherKinds) {
  for (const std::size_t octet : {14, 15, 16, 17, 18, 19}) {
    Octets frame = captured("ipxe_arp_request");
    frame[octet] ^= 0x40;
    EXPECT_EQ(refusal(frame), Outcome::arp_malformed) << octet;
  }
  Octets group = captured("ipxe_arp_request");
  std::ranges::copy(MacAddress::parse("33:33:00:00:00:01")->octets, group.begin());
  EXPECT_EQ(refusal(group), Outcome::frame_other_station);
}

// ---- IPv6

TEST_F(Classify, Ipv6Lengths) {
  const Octets good = captured("ipxe_router_solicitation");
  Octets frame = good;
  frame[14] = 0x40;
  EXPECT_EQ(refusal(frame), Outcome::ipv6_malformed);
  frame = good;
  store_be16(&frame[18], 17);
  EXPECT_EQ(refusal(frame), Outcome::ipv6_malformed);
  store_be16(&frame[18], 0xffff);
  EXPECT_EQ(refusal(frame), Outcome::ipv6_malformed);
  store_be16(&frame[18], 0);
  EXPECT_EQ(refusal(frame), Outcome::ipv6_other);
}

TEST_F(Classify, NeighbourDiscoveryIsStrict) {
  const Octets good = captured("ipxe_router_solicitation");
  Octets frame = good;
  frame[21] = 254;  // came through a router
  EXPECT_EQ(refusal(frame), Outcome::icmpv6_malformed);
  frame = good;
  frame.back() ^= 1;
  EXPECT_EQ(refusal(frame), Outcome::icmpv6_malformed);
  frame = good;
  frame[55] = 1;  // code
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(refusal(frame), Outcome::icmpv6_malformed);
  for (const std::uint8_t units : Octets{0, 2, 255}) {
    frame = good;
    frame[63] = units;
    mend_icmpv6_checksum(frame);
    EXPECT_EQ(refusal(frame), Outcome::icmpv6_malformed) << int{units};
  }
}

TEST_F(Classify, OtherIpv6) {
  const Octets good = captured("ipxe_router_solicitation");
  Octets frame = good;
  frame[20] = 17;
  EXPECT_EQ(refusal(frame), Outcome::ipv6_other);
  frame = good;
  frame[54] = 128;  // echo request
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(refusal(frame), Outcome::ipv6_other);
  frame = good;
  frame[53] = 3;  // another group behind the same link-layer address
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(refusal(frame), Outcome::ipv6_other);
}

// ---- Stations

TEST(Stations, FindsEachOfManyAndNoOther) {
  Stations stations;
  for (std::uint16_t i = 0; i < kStationsMax; ++i) {
    Station one;
    one.port = static_cast<std::uint16_t>(i % 3);
    one.vlan = static_cast<std::uint16_t>(i * 16);
    stations.push_back(one);
  }
  EXPECT_EQ(stations.size(), kStationsMax);
  for (std::uint16_t port = 0; port < 5; ++port) {
    for (std::uint16_t vlan = 0; vlan < 4100; ++vlan) {
      const std::uint16_t i = vlan / 16;
      const bool there = vlan % 16 == 0 && i < kStationsMax && i % 3 == port;
      ASSERT_EQ(stations.find(port, vlan), there ? i : Stations::kNone) << port << " " << vlan;
    }
  }
}

TEST(Stations, TheFirstOfTwoIsFound) {
  Stations stations{Station{.port = 1}, Station{.port = 1}};
  EXPECT_EQ(stations.find(1, 0), 0);
  EXPECT_EQ(stations.find(0, 0), Stations::kNone);
}

}  // namespace
}  // namespace reveille
