// What TFTP learns from the DHCP server about a client.
#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille {
namespace {

using namespace test;

constexpr std::array<std::uint8_t, 17> kUuidOption{0,    0x00, 0x11, 0x22, 0x33, 0x44,
                                                   0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                                   0xbb, 0xcc, 0xdd, 0xee, 0xff};

std::vector<Option> firmware(std::string_view host_name = {}) {
  constexpr std::string_view kClass = "PXEClient:Arch:00007:UNDI:003016";
  std::vector<Option> options{
      {DhcpOption::vendor_class, Octets(kClass.begin(), kClass.end())},
      {DhcpOption::client_architecture, {0, 7}},
      {DhcpOption::client_machine_identifier, Octets(kUuidOption.begin(), kUuidOption.end())}};
  if (!host_name.empty()) {
    options.push_back({DhcpOption::host_name, Octets(host_name.begin(), host_name.end())});
  }
  return options;
}

// A REQUEST that selects what a DISCOVER of the same machine was offered.
Message selecting(Message discover, const Heard& offered) {
  discover.type = DhcpType::request;
  discover.server = offered.reply().view().option_address(DhcpOption::server_identifier);
  discover.requested = offered.reply().yiaddr();
  return discover;
}

// What is heard of the ACK; nobody was told of the OFFER.
Heard lease(Lab& lab, const Message& discover) {
  const Heard offered = lab.send(discover);
  EXPECT_EQ(offered.outcome, Outcome::dhcp_offered);
  EXPECT_TRUE(offered.clients.empty());
  Heard heard = lab.send(selecting(discover, offered));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_acked);
  return heard;
}

TEST(ServerClients, FirmwareIsToldOfWithItsAck) {
  Lab lab;
  const Heard heard = lease(lab, {.options = firmware("node1")});
  ASSERT_EQ(heard.clients.size(), 1U);
  const ClientFacts& client = heard.clients[0];
  EXPECT_EQ(client.address, heard.reply().yiaddr());
  EXPECT_EQ(client.mac, kMachine);
  EXPECT_EQ(client.link, kMachine);
  EXPECT_EQ(client.next_server, kServer);
  EXPECT_EQ(client.architecture, 7);
  EXPECT_EQ(client.uuid.text(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(client.host_name(), "node1");
}

// The worker that serves the files may be another one: it hears of a machine early.
TEST(ServerClients, SeveralWorkersAreToldWithTheOffer) {
  Lab lab(small_config(), 2);
  const Heard heard = lab.send({.options = firmware("node1")});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_offered);
  ASSERT_EQ(heard.clients.size(), 1U);
  EXPECT_EQ(heard.clients[0].address, heard.reply().yiaddr());
}

TEST(ServerClients, ARelaysFramesComeFromTheRelay) {
  Lab lab(campus_config());
  const Heard heard = lease(lab, {.giaddr = kRelay, .options = firmware()});
  ASSERT_EQ(heard.clients.size(), 1U);
  EXPECT_EQ(heard.clients[0].link, kRouterMac);
  EXPECT_EQ(heard.clients[0].mac, kMachine);
}

TEST(ServerClients, AReservationsNameGoesBeforeTheClientsOwn) {
  Config config = small_config();
  config.hosts.push_back({.mac = kMachine, .host_name = "reserved"});
  Lab lab(std::move(config));
  const Heard heard = lease(lab, {.options = firmware("own")});
  ASSERT_EQ(heard.clients.size(), 1U);
  EXPECT_EQ(heard.clients[0].host_name(), "reserved");
}

// It would overwrite what its firmware said.
TEST(ServerClients, AnOperatingSystemIsNotToldOf) {
  Lab lab;
  const Heard heard = lease(lab, {});
  EXPECT_TRUE(heard.clients.empty());
}

}  // namespace
}  // namespace reveille
