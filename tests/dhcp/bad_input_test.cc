// Frames that no client should send: each ends in its named outcome, without an answer.
#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

Octets health_check() {
  return bytes("default send string");
}

struct BadInput {
  const char* what;
  Message message;
  Outcome expected;
};

// Offsets of the fixed fields: RFC 2131, figure 1. Options begin at 240.
const BadInput kBadInputs[] = {
    {"a reply", {.spoil = [](Octets& octets) { octets[0] = 2; }}, Outcome::dhcp_reply_received},
    {"op 100", {.spoil = [](Octets& octets) { octets[0] = 100; }}, Outcome::dhcp_malformed},
    {"Ethernet with hlen 0",
     {.spoil = [](Octets& octets) { octets[2] = 0; }},
     Outcome::dhcp_malformed},
    {"hlen 17", {.spoil = [](Octets& octets) { octets[2] = 17; }}, Outcome::dhcp_malformed},
    {"hlen 255", {.spoil = [](Octets& octets) { octets[2] = 255; }}, Outcome::dhcp_malformed},
    {"no hardware address and no client-id (RFC 4390)",
     {.spoil =
          [](Octets& octets) {
            octets[1] = 32;
            octets[2] = 0;
          }},
     Outcome::dhcp_malformed},
    {"chaddr of zeros", {.mac = MacAddress{}}, Outcome::dhcp_malformed},
    {"chaddr of a group", {.mac = MacAddress{{0x01, 0, 0x5e, 0, 0, 1}}}, Outcome::dhcp_malformed},
    {"chaddr of everybody", {.mac = MacAddress::broadcast()}, Outcome::dhcp_malformed},
    {"239 octets", {.spoil = [](Octets& octets) { octets.resize(239); }}, Outcome::dhcp_malformed},
    {"nothing", {.spoil = [](Octets& octets) { octets.clear(); }}, Outcome::dhcp_malformed},
    {"the health check's \"default send string\"",
     {.spoil = [](Octets& octets) { octets = health_check(); }},
     Outcome::dhcp_malformed},
    {"the health check on port 4011",
     {.to = kServer,
      .service = Service::boot_server,
      .spoil = [](Octets& octets) { octets = health_check(); }},
     Outcome::dhcp_malformed},
    {"another cookie in a short message",
     {.spoil =
          [](Octets& octets) {
            octets[236] = 0;
            octets.resize(250);
          }},
     Outcome::dhcp_malformed},
    {"an option past the end",
     {.spoil =
          [](Octets& octets) {
            octets.resize(245);
            octets[243] = 61;
            octets[244] = 200;
          }},
     Outcome::dhcp_bad_options},
    {"a zero-length client-id",
     {.options = {{DhcpOption::client_identifier, {}}}},
     Outcome::dhcp_bad_options},
    {"a message type of two octets",
     {.spoil = [](Octets& octets) { octets[241] = 2; }},
     Outcome::dhcp_bad_options},
    {"an OFFER", {.type = DhcpType::offer}, Outcome::dhcp_not_requested},
    {"an ACK", {.type = DhcpType::ack}, Outcome::dhcp_not_requested},
    {"a NAK", {.type = DhcpType::nak}, Outcome::dhcp_not_requested},
    {"a lease query", {.type = static_cast<DhcpType>(10)}, Outcome::dhcp_not_requested},
    {"message type 255", {.type = static_cast<DhcpType>(255)}, Outcome::dhcp_not_requested},
    {"message type 0",
     {.type = DhcpType::discover, .spoil = [](Octets& octets) { octets[242] = 0; }},
     Outcome::dhcp_not_requested},
    {"giaddr of everybody", {.giaddr = Ipv4Address::broadcast()}, Outcome::dhcp_no_subnet},
    {"giaddr of a group", {.giaddr = Ipv4Address::of(224, 0, 0, 1)}, Outcome::dhcp_no_subnet},
    {"giaddr of ourselves", {.giaddr = kServer}, Outcome::dhcp_giaddr_ours},
    {"255 hops", {.hops = 255, .giaddr = kRelay}, Outcome::dhcp_hops_exceeded},
    {"RELEASE of address 0",
     {.type = DhcpType::release, .server = kServer, .to = kServer},
     Outcome::dhcp_release_unknown},
    {"DECLINE of everybody's address",
     {.type = DhcpType::decline, .requested = Ipv4Address::broadcast(), .server = kServer},
     Outcome::dhcp_decline_unknown},
};

TEST(BadInputs, EndsInItsOutcomeWithoutAReply) {
  for (const BadInput& row : kBadInputs) {
    Lab lab(campus_config());
    const Heard heard = lab.send(row.message);
    EXPECT_EQ(info(heard.outcome).name, info(row.expected).name) << row.what;
    EXPECT_TRUE(heard.replies.empty()) << row.what;
    EXPECT_EQ(lab.counts().free, 10U) << row.what;
  }
}

TEST(BadInputs, AClientIdOfAnyLengthIsAClientId) {
  for (const std::size_t length : {1U, 2U, 254U, 255U, 300U}) {
    Lab lab;
    const Heard heard =
        lab.send({.options = {{DhcpOption::client_identifier, Octets(length, 0xfe)}}});
    EXPECT_EQ(heard.outcome, Outcome::dhcp_offered) << length;
  }
}

TEST(BadInputs, AnInfinibandClientIsKnownByItsClientId) {
  Lab lab;
  const auto infiniband = [](Octets& octets) {
    octets[1] = 32;
    octets[2] = 0;
  };
  const Heard heard = lab.send({.broadcast = true,
                                .options = {{DhcpOption::client_identifier, {255, 1, 2, 3}}},
                                .spoil = infiniband});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_offered);
  EXPECT_EQ(heard.reply().to_mac(), MacAddress::broadcast());
}

TEST(BadInputs, ServedOrNotByTheModeOfTheConfiguration) {
  Config config = small_config();
  config.dhcp.mode = DhcpMode::off;
  Lab off(config);
  EXPECT_EQ(off.send({}).outcome, Outcome::dhcp_disabled);
  config.dhcp.mode = DhcpMode::proxy;
  Lab proxy(config);
  EXPECT_EQ(proxy.send({}).outcome, Outcome::dhcp_not_pxe);
  EXPECT_EQ(proxy.engine().leases(), nullptr);
}

TEST(BadInputs, InProxyModeCopiesAreDroppedToo) {
  Config config = small_config();
  config.dhcp.mode = DhcpMode::proxy;
  config.boot.default_file = "boot.efi";
  Lab lab(config);
  const std::vector<Option> pxe{{DhcpOption::vendor_class, bytes("PXEClient:Arch:00007")},
                                {DhcpOption::client_architecture, {0, 7}}};
  EXPECT_EQ(lab.send({.giaddr = kRelay, .options = pxe}).outcome, Outcome::proxy_offered);
  EXPECT_TRUE(lab.is_booting(kMachine));
  EXPECT_EQ(lab.send({.giaddr = kOtherRelay, .options = pxe}).outcome, Outcome::dhcp_relay_copy);
}

// Nothing that is in the buffer from before leaves on the wire: the lab fills it with 0xa5.
TEST(Replies, ShowNothingOfTheBuffersPast) {
  Lab lab;
  const Octets frame = lab.send({}).reply().frame;
  EXPECT_EQ(std::count(frame.begin() + 42, frame.end(), 0xa5), 0);
}

}  // namespace
}  // namespace reveille::test
