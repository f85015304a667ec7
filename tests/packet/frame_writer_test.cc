#include "packet/frame_writer.h"

#include <algorithm>

#include <gtest/gtest.h>

#include <reveille/wire/checksum.h>

#include "vectors/vectors.h"

namespace reveille {
namespace {

Station server() {
  Station station;
  station.mac = *MacAddress::parse("fa:40:f8:d2:05:89");
  station.address = *Ipv4Prefix::parse("10.78.0.1/24");
  return station;
}
const MacAddress kClient = *MacAddress::parse("52:54:00:aa:01:01");
const UdpDestination kToClient{kClient, Ipv4Address::of(10, 78, 0, 152), 7938};

struct Slot {
  explicit Slot(std::size_t capacity) : bytes(unwritten(capacity)) {
    reply.head = bytes.data();
    reply.capacity = static_cast<std::uint16_t>(capacity);
  }
  Octets bytes;
  Reply reply;
};

// dnsmasq's OACK to iPXE, octet by octet but for what Linux puts into its IPv4 headers.
TEST(FrameWriter, WritesTheCapturedReply) {
  Octets expected = captured("dnsmasq_oack");
  const Octets payload = captured_payload("dnsmasq_oack");
  expected[15] = 0;                   // DSCP: dnsmasq sets none for TFTP
  store_be16(&expected[18], 0);       // identification
  store_be16(&expected[20], 0x4000);  // DF
  expected[22] = 64;
  store_be16(&expected[24], 0);
  const auto checksum = static_cast<std::uint16_t>(~wire::sum({&expected[14], 20}));
  store_be16(&expected[24], checksum);

  Slot slot(1522);
  const Station station = server();
  const MutableBytes room = udp_room(slot.reply, station);
  EXPECT_EQ(room.data(), slot.bytes.data() + 42);
  std::ranges::copy(payload, room.begin());
  finish_udp(slot.reply, station, 5, 35618, kToClient, payload.size());
  EXPECT_EQ(slot.reply.length, 42 + payload.size());
  EXPECT_EQ(slot.reply.station, 5);
  // A short DATA frame may be captured with padding; compare what the datagram holds.
  expected.resize(slot.reply.length);
  EXPECT_EQ(Octets(slot.bytes.begin(), slot.bytes.begin() + slot.reply.length), expected);
  EXPECT_EQ(slot.bytes[slot.reply.length], 0xa5);
}

TEST(FrameWriter, AnswersOnTheTagOfTheStation) {
  Station station = server();
  station.vlan = 0xabc;
  EXPECT_EQ(udp_headers_length(station), 46U);
  Slot slot(1522);
  const MutableBytes room = udp_room(slot.reply, station);
  EXPECT_EQ(room.size(), 1472U);
  room[0] = 1;
  finish_udp(slot.reply, station, 0, 69, kToClient, 1);
  EXPECT_EQ(slot.reply.length, 47);
  EXPECT_EQ(load_be16(&slot.bytes[12]), 0x8100);
  EXPECT_EQ(load_be16(&slot.bytes[14]), 0x0abc);
  EXPECT_EQ(load_be16(&slot.bytes[16]), 0x0800);
  EXPECT_EQ(slot.bytes[18], 0x45);
}

TEST(FrameWriter, ChecksumFromASumKnownBefore) {
  const Station station = server();
  const Octets payload = captured_payload("dnsmasq_data");
  Slot whole(1522);
  std::ranges::copy(payload, udp_room(whole.reply, station).begin());
  finish_udp(whole.reply, station, 0, 35618, kToClient, payload.size());

  Octets headers = unwritten(42);
  write_udp_headers(headers.data(), station, 35618, kToClient, payload.size(), wire::sum(payload));
  EXPECT_TRUE(std::equal(headers.begin(), headers.end(), whole.bytes.begin()));
}

TEST(FrameWriter, AComputedZeroIsSentAsAllOnes) {
  const Station station = server();
  Octets headers = unwritten(42);
  write_udp_headers(headers.data(), station, 35618, kToClient, 2, 0);
  const std::uint16_t with_zero_payload = load_be16(&headers[40]);
  // The payload that makes everything sum to 0xffff, hence the checksum to 0.
  write_udp_headers(headers.data(), station, 35618, kToClient, 2, with_zero_payload);
  EXPECT_EQ(load_be16(&headers[40]), 0xffff);
}

TEST(FrameWriter, RoomEndsAtTheMtuAndAtTheSlot) {
  Station station = server();
  Slot slot(1518);
  EXPECT_EQ(udp_room(slot.reply, station).size(), 1472U);
  station.mtu = 600;
  EXPECT_EQ(udp_room(slot.reply, station).size(), 572U);
  station.mtu = 9000;
  EXPECT_EQ(udp_room(slot.reply, station).size(), 1518U - 42);
}

TEST(FrameWriter, BackToSender) {
  Request request;
  request.link_source = kClient;
  request.source = kToClient.address;
  request.source_port = 7938;
  const UdpDestination back = back_to_sender(request);
  EXPECT_EQ(back.mac, kClient);
  EXPECT_EQ(back.address, kToClient.address);
  EXPECT_EQ(back.port, 7938);
}

}  // namespace
}  // namespace reveille
