// IPv4, ICMP and UDP in classify().
#include "packet/classify_fixture.h"

namespace reveille {
namespace {

TEST_F(Classify, Ipv4Lengths) {
  const Octets good = UdpFrame{.payload = Octets(20, 1)}.bytes();
  const auto with = [&good](std::size_t at, std::uint16_t value) {
    Octets frame = good;
    store_be16(&frame[at], value);
    mend_ipv4_checksum(frame);
    return frame;
  };
  EXPECT_TRUE(accepted(good));
  EXPECT_EQ(refusal(with(14, 0x5500)), Outcome::ipv4_malformed);  // version 5
  EXPECT_EQ(refusal(with(14, 0x4400)), Outcome::ipv4_malformed);  // 16 octets of header
  EXPECT_EQ(refusal(with(16, 19)), Outcome::ipv4_malformed);      // less than its header
  EXPECT_EQ(refusal(with(16, 0)), Outcome::ipv4_malformed);
  EXPECT_EQ(refusal(with(16, 49)), Outcome::ipv4_malformed);  // one more than there is
  EXPECT_EQ(refusal(with(16, 0xffff)), Outcome::ipv4_malformed);
  EXPECT_EQ(refusal(with(16, 20)), Outcome::udp_malformed);  // no room for UDP
  EXPECT_EQ(refusal(with(16, 47)), Outcome::udp_malformed);  // UDP says one more
  Octets long_header = good;
  long_header[14] = 0x4f;  // 60 octets of header in a packet of 48
  EXPECT_EQ(refusal(long_header), Outcome::ipv4_malformed);
}

TEST_F(Classify, Ipv4Checksum) {
  for (std::size_t octet = 14; octet < 34; ++octet) {
    Octets frame = UdpFrame{}.bytes();
    frame[octet] ^= 0x01;
    EXPECT_EQ(info(refusal(frame)).verdict, Verdict::refused) << octet;
  }
  Octets frame = UdpFrame{}.bytes();
  frame[24] ^= 0x10;
  EXPECT_EQ(refusal(frame), Outcome::ipv4_bad_checksum);
  EXPECT_TRUE(accepted(frame, {.ipv4_checksum_good = true}));
}

TEST_F(Classify, Ipv4Options) {
  // Router alert and three NOPs behind the header.
  Octets frame = captured("ipxe_rrq");
  const Octets options{0x94, 0x04, 0x00, 0x00, 0x01, 0x01, 0x01, 0x00};
  frame.insert(frame.begin() + 34, options.begin(), options.end());
  frame[14] = 0x47;
  store_be16(&frame[16], static_cast<std::uint16_t>(load_be16(&frame[16]) + options.size()));
  mend_ipv4_checksum(frame);
  const Fate found = fate(frame);
  ASSERT_TRUE(found.request);
  const Octets body(found.request->body.begin(), found.request->body.end());
  EXPECT_EQ(body, captured_payload("ipxe_rrq"));
}

TEST_F(Classify, Fragments) {
  for (const std::uint16_t flags : Numbers{0x2000, 0x2001, 0x0001, 0x1fff, 0x6000}) {
    Octets frame = UdpFrame{}.bytes();
    store_be16(&frame[20], flags);
    mend_ipv4_checksum(frame);
    EXPECT_EQ(refusal(frame), Outcome::ipv4_fragment) << flags;
  }
  for (const std::uint16_t flags : Numbers{0x0000, 0x4000, 0x8000}) {
    Octets frame = UdpFrame{}.bytes();
    store_be16(&frame[20], flags);
    mend_ipv4_checksum(frame);
    EXPECT_TRUE(accepted(frame)) << flags;
  }
}

TEST_F(Classify, Ipv4Sources) {
  for (const Ipv4Address source :
       {Ipv4Address::of(127, 0, 0, 1), Ipv4Address::of(224, 0, 0, 1), Ipv4Address::of(240, 0, 0, 1),
        Ipv4Address::broadcast(), Ipv4Address::of(10, 78, 0, 1), Ipv4Address::of(10, 78, 0, 255)}) {
    for (const std::uint16_t port : Numbers{67, 69, 4011, 40000}) {
      EXPECT_EQ(refusal(UdpFrame{.source = source, .destination_port = port}.bytes()),
                Outcome::ipv4_bad_source)
          << source.text();
    }
  }
  // Routed ones are as good as local ones.
  EXPECT_TRUE(accepted(UdpFrame{.source = Ipv4Address::of(192, 168, 7, 255)}.bytes()));
}

TEST_F(Classify, TheUnspecifiedAddressMayOnlyAskForOne) {
  UdpFrame frame{.source = {}};
  EXPECT_EQ(refusal(frame.bytes()), Outcome::ipv4_bad_source);
  frame.destination_port = 5000;
  EXPECT_EQ(refusal(frame.bytes()), Outcome::ipv4_bad_source);
  frame.destination_port = 67;
  EXPECT_TRUE(accepted(frame.bytes()));
}

TEST_F(Classify, Ipv4Destinations) {
  for (const Ipv4Address other : {Ipv4Address::of(10, 78, 0, 2), Ipv4Address::of(10, 79, 0, 1),
                                  Ipv4Address{}, Ipv4Address::of(224, 0, 0, 1)}) {
    for (const std::uint16_t port : Numbers{67, 69}) {
      EXPECT_EQ(refusal(UdpFrame{.destination = other, .destination_port = port}.bytes()),
                Outcome::ipv4_other_destination)
          << other.text();
    }
  }
  for (const Ipv4Address all : {Ipv4Address::broadcast(), Ipv4Address::of(10, 78, 0, 255)}) {
    UdpFrame frame{.destination_mac = MacAddress::broadcast(), .destination = all};
    frame.destination_port = 67;
    EXPECT_TRUE(accepted(frame.bytes())) << all.text();
    for (const std::uint16_t port : Numbers{69, 4096, 65535}) {
      frame.destination_port = port;
      EXPECT_EQ(refusal(frame.bytes()), Outcome::ipv4_other_destination);
    }
  }
  Octets ping = echo_request_frame(8);
  store_be32(&ping[30], 0xffffffff);
  mend_ipv4_checksum(ping);
  EXPECT_EQ(refusal(ping), Outcome::ipv4_other_destination);
}

TEST_F(Classify, LinksOfTwoAddressesHaveNoBroadcast) {
  // 10.80.0.0/31: the peer is 10.80.0.0, and 10.80.0.1, all ones, is ourselves.
  UdpFrame frame{.vlan = 4094,
                 .source = Ipv4Address::of(10, 80, 0, 0),
                 .destination = Ipv4Address::of(10, 80, 0, 1)};
  EXPECT_TRUE(accepted(frame.bytes()));
}

// ---- ICMP, UDP

TEST_F(Classify, IcmpEcho) {
  const Octets ping = echo_request_frame(56);
  const Fate found = fate(ping);
  ASSERT_TRUE(found.request);
  EXPECT_EQ(found.request->service, Service::icmp_echo);
  EXPECT_EQ(found.request->body.size(), 64U);
  EXPECT_TRUE(accepted(echo_request_frame(57)));  // an odd length
  EXPECT_TRUE(accepted(echo_request_frame(0)));

  Octets bad = ping;
  bad.back() ^= 1;
  EXPECT_EQ(refusal(bad), Outcome::icmp_malformed);
  const auto of_type = [&ping](std::uint8_t type) {
    Octets other = ping;
    other[34] = type;
    store_be16(&other[36], 0);
    store_be16(&other[36], static_cast<std::uint16_t>(~wire::sum(Bytes{other}.subspan(34))));
    return other;
  };
  const Octets reply = of_type(0);
  const Fate answered = fate(reply);
  ASSERT_TRUE(answered.request);
  EXPECT_EQ(answered.request->service, Service::icmp_echo_reply);
  EXPECT_EQ(refusal(of_type(3)), Outcome::icmp_other);
  Octets brief = ping;
  brief.resize(14 + 20 + 7);
  store_be16(&brief[16], 27);
  mend_ipv4_checksum(brief);
  EXPECT_EQ(refusal(brief), Outcome::icmp_malformed);
  Octets unspecified = ping;
  store_be32(&unspecified[26], 0);
  mend_ipv4_checksum(unspecified);
  EXPECT_EQ(refusal(unspecified), Outcome::ipv4_bad_source);
}

TEST_F(Classify, UdpLengths) {
  const Octets good = UdpFrame{.payload = Octets(21, 7)}.bytes();
  for (const std::uint16_t length : Numbers{0, 7, 30, 1000, 65535}) {
    Octets frame = good;
    store_be16(&frame[38], length);
    EXPECT_EQ(refusal(frame), Outcome::udp_malformed) << length;
  }
  // Shorter than the packet: the rest is no part of it.
  Octets shorter = UdpFrame{.payload = Octets(10, 7)}.bytes();
  shorter.insert(shorter.end(), 11, 0xdd);
  store_be16(&shorter[16], 20 + 8 + 21);
  mend_ipv4_checksum(shorter);
  EXPECT_EQ(fate(shorter).request->body.size(), 10U);
  EXPECT_TRUE(fate(UdpFrame{}.bytes()).request->body.empty());
}

TEST_F(Classify, UdpChecksum) {
  for (const std::size_t length : {4, 5, 100, 333}) {
    const Octets good = UdpFrame{.payload = Octets(length, 0x5a)}.bytes();
    EXPECT_TRUE(accepted(good));
    Octets bad = good;
    bad.back() ^= 0x80;
    EXPECT_EQ(refusal(bad), Outcome::udp_bad_checksum);
    EXPECT_TRUE(accepted(bad, {.udp_checksum_good = true}));
    store_be16(&bad[40], 0);  // none was made
    EXPECT_TRUE(accepted(bad));
  }
}

TEST_F(Classify, ChecksumsLeftToHardware) {
  // As recorded on a veth pair, with the roles exchanged so that it comes to us.
  Octets frame = UdpFrame{.payload = Octets(50, 3)}.bytes();
  store_be16(&frame[40], wire::pseudo_header_sum(Ipv4Address::of(10, 78, 0, 152),
                                                 Ipv4Address::of(10, 78, 0, 1), 17, 58));
  EXPECT_EQ(refusal(frame), Outcome::udp_bad_checksum);
  snapshot_.stations[0].partial_checksums = true;
  EXPECT_TRUE(accepted(frame));
  frame[41] ^= 1;
  EXPECT_EQ(refusal(frame), Outcome::udp_bad_checksum);
}

TEST_F(Classify, UdpPorts) {
  for (const std::uint16_t port : Numbers{0, 1, 53, 66, 68, 70, 4010, 4012, 4095}) {
    EXPECT_EQ(refusal(UdpFrame{.destination_port = port}.bytes()), Outcome::udp_other_port);
  }
  for (const std::uint16_t port : Numbers{4096, 32768, 65535}) {
    EXPECT_EQ(fate(UdpFrame{.destination_port = port}.bytes()).request->service,
              Service::tftp_transfer);
  }
  // Nobody listens on port 0; DHCP is answered on 68 whatever the source port.
  UdpFrame frame{.source_port = 0};
  EXPECT_EQ(refusal(frame.bytes()), Outcome::udp_malformed);
  frame.destination_port = 5000;
  EXPECT_EQ(refusal(frame.bytes()), Outcome::udp_malformed);
  frame.destination_port = 67;
  EXPECT_TRUE(accepted(frame.bytes()));
}

TEST_F(Classify, JumboDatagrams) {
  EXPECT_EQ(fate(UdpFrame{.payload = Octets(8000, 1)}.bytes()).request->body.size(), 8000U);
}

}  // namespace
}  // namespace reveille
