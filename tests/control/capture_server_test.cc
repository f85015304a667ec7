// Whom the captures of real clients show as the boot server.
#include "control/replay/capture_server.h"

#include <gtest/gtest.h>

#include "test_folder.h"

namespace reveille {
namespace {

std::string le32(std::uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
          static_cast<char>(value >> 24)};
}

std::string pcap(std::uint32_t link_type, const std::vector<std::string>& frames) {
  std::string out =
      le32(0xa1b2c3d4) + le32(0x00040002) + le32(0) + le32(0) + le32(65535) + le32(link_type);
  for (const std::string& frame : frames) {
    const auto length = static_cast<std::uint32_t>(frame.size());
    out += le32(1) + le32(0) + le32(length) + le32(length) + frame;
  }
  return out;
}

const MacAddress kClient = *MacAddress::parse("52:54:00:aa:01:06");
const MacAddress kServer = *MacAddress::parse("4e:f1:cc:67:26:91");
const MacAddress kOther = *MacAddress::parse("2a:7b:2a:09:1a:2f");

std::string octets(const MacAddress& mac) {
  return {mac.octets.begin(), mac.octets.end()};
}

std::string be(std::uint64_t value, unsigned count) {
  std::string out;
  for (unsigned i = count; i-- > 0;) out += static_cast<char>(value >> 8 * i);
  return out;
}

std::string udp(const MacAddress& to, const MacAddress& from, Ipv4Address source,
                Ipv4Address destination, unsigned source_port, unsigned destination_port,
                const std::string& payload, const std::string& tag = {}) {
  const std::size_t length = 8 + payload.size();
  return octets(to) + octets(from) + tag + be(0x0800, 2) + be(0x4500, 2) + be(20 + length, 2) +
         be(0, 4) + be(0x4011, 2) + be(0, 2) + be(source.value, 4) + be(destination.value, 4) +
         be(source_port, 2) + be(destination_port, 2) + be(length, 2) + be(0, 2) + payload;
}

std::string boot_reply(Ipv4Address giaddr, const std::string& options) {
  std::string message(236, '\0');
  message[0] = 2;
  message[1] = 1;
  message[2] = 6;
  message.replace(24, 4, be(giaddr.value, 4));
  return message + "\x63\x82\x53\x63" + options + "\xff";
}

const Ipv4Address kClientAddress = Ipv4Address::of(10, 78, 0, 157);
const Ipv4Address kServerAddress = Ipv4Address::of(10, 78, 0, 1);
const Ipv4Address kOtherAddress = Ipv4Address::of(10, 78, 0, 9);
const std::string kMask20 = std::string("\x01\x04\xff\xff\xf0", 5) + '\0';

std::string offer_of_other() {
  return udp(MacAddress::broadcast(), kOther, kOtherAddress, Ipv4Address::broadcast(), 67, 68,
             boot_reply({}, kMask20));
}
std::string read_request(const std::string& tag = {}) {
  return udp(kServer, kClient, kClientAddress, kServerAddress, 1818, 69,
             std::string("\0\1snponly.efi\0octet\0", 20), tag);
}

std::optional<CaptureServer> found_in(const std::vector<std::string>& frames) {
  const test::Folder folder;
  const auto found = find_capture_server(folder.write("c.pcap", pcap(1, frames)));
  EXPECT_TRUE(found.has_value());
  return found.value_or(std::nullopt);
}

TEST(CaptureServer, IsWhoWasAskedForAFile) {
  const auto server = found_in({offer_of_other(), read_request()});
  ASSERT_TRUE(server);
  EXPECT_EQ(server->mac, kServer);
  EXPECT_EQ(server->address.text(), "10.78.0.1/20");
}

TEST(CaptureServer, AlsoOnAVlan) {
  const auto server = found_in({read_request(std::string("\x81\x00\x00\x05", 4))});
  ASSERT_TRUE(server);
  EXPECT_EQ(server->address.text(), "10.78.0.1/24");
}

TEST(CaptureServer, IsElseTheFirstThatOffered) {
  const auto server = found_in({offer_of_other()});
  ASSERT_TRUE(server);
  EXPECT_EQ(server->mac, kOther);
  EXPECT_EQ(server->address.text(), "10.78.0.9/20");
}

TEST(CaptureServer, IsNoRelay) {
  EXPECT_FALSE(found_in({udp(kClient, kOther, kOtherAddress, kClientAddress, 67, 68,
                             boot_reply(Ipv4Address::of(10, 9, 0, 1), kMask20))}));
}

TEST(CaptureServer, NobodyInACaptureOfClientsAlone) {
  EXPECT_FALSE(found_in({}));
  EXPECT_FALSE(found_in({udp(MacAddress::broadcast(), kClient, {}, Ipv4Address::broadcast(), 68, 67,
                             std::string(300, '\1'))}));
}

TEST(CaptureServer, AFrameThatIsCutBeforeItsOptionsNamesNobody) {
  constexpr std::size_t kUpToOptions = 14 + 20 + 8 + 240;
  const std::string whole = offer_of_other();
  CaptureServerFinder finder;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::vector<std::uint8_t> exact(whole.begin(), whole.begin() + static_cast<int>(length));
    finder.look_at(exact);
    EXPECT_FALSE(finder.found() && length < kUpToOptions) << length;
  }
  std::string long_header = whole;
  long_header[14] = '\x4f';
  const std::vector<std::uint8_t> cut(long_header.begin(), long_header.begin() + 60);
  CaptureServerFinder other;
  other.look_at(cut);
  EXPECT_FALSE(other.found());
}

TEST(CaptureServer, WhatIsNoCaptureIsSaid) {
  const test::Folder folder;
  EXPECT_EQ(
      find_capture_server(folder.path("none.pcap")).error(),
      "the capture cannot be read: " + folder.path("none.pcap") + ": No such file or directory");
  EXPECT_FALSE(find_capture_server(folder.write("text", "this is no capture at all, is it?")));
  EXPECT_EQ(find_capture_server(folder.write("raw", pcap(101, {}))).error(),
            folder.path("raw") + " is a capture of RAW, not of Ethernet");
}

TEST(CaptureServer, ACaptureThatEndsInAFrameIsSaid) {
  const test::Folder folder;
  std::string bytes = pcap(1, {offer_of_other()});
  bytes.resize(bytes.size() - 5);
  EXPECT_FALSE(find_capture_server(folder.write("cut.pcap", bytes)));
}

}  // namespace
}  // namespace reveille
