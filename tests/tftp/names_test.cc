// Clients that ask for one name and get each their own file.
#include <gtest/gtest.h>

#include "names/name_rules.h"
#include "tftp/server.h"

namespace reveille::test {
namespace {

void rewrite(Server& server, const std::vector<NameRuleConfig>& rules) {
  server.snapshot.names = NameRules::build(rules, false, 1).value();
}

ClientFacts told_by_dhcp(Ipv4Address address, const MacAddress& mac, std::uint16_t architecture) {
  ClientFacts facts;
  facts.address = address;
  facts.mac = mac;
  facts.link = mac;
  facts.architecture = architecture;
  return facts;
}

TEST(TftpNames, EachMachineGetsItsOwnFile) {
  Server server;
  rewrite(server, {{"^pxelinux\\.cfg/default$", "hosts/{{mac:hexhyp}}"}});
  server.serve("hosts/52-54-00-12-34-56", pattern(700, 1));
  server.serve("pxelinux.cfg/default", pattern(300, 2));

  Client one(server);
  EXPECT_EQ(one.reads("pxelinux.cfg/default"), pattern(700, 1));
  Client other(server, 2071, {0x0a4d0106});
  other.mac.octets[5] = 0x57;
  EXPECT_EQ(other.reads("pxelinux.cfg/default"), pattern(300, 2));
  EXPECT_EQ(server.told(EventKind::tftp_opened)[0].text(), "hosts/52-54-00-12-34-56");
}

TEST(TftpNames, WhatDhcpSaidOfAMachineCounts) {
  Server server;
  rewrite(server, {{"^(.*)$", "{{arch}}/\\1"}});
  server.serve("x64-uefi/grub.cfg", pattern(100, 1));
  server.serve("arm-64-bit-uefi/grub.cfg", pattern(100, 2));
  Client client(server);
  EXPECT_EQ(client.asks("grub.cfg"), Outcome::tftp_file_not_found);
  client.hears_error(wire::TftpError::file_not_found);
  server.clients.note(told_by_dhcp({0x0a4d0105}, client.mac, 7));
  EXPECT_EQ(client.reads("grub.cfg"), pattern(100, 1));
  server.clients.note(told_by_dhcp({0x0a4d0105}, client.mac, 11));
  EXPECT_EQ(client.reads("grub.cfg"), pattern(100, 2));
}

// Redundant relays, or a router: the frame's source says nothing of the machine.
TEST(TftpNames, AMachineBehindARouterIsKnownByItsAddress) {
  Server server;
  rewrite(server, {{"^boot$", "{{mac:hexraw}}"}});
  server.serve("525400aabbcc", pattern(100, 1));
  server.serve("boot", pattern(100, 2));
  Client far(server, 2070, {0x0a630001});
  EXPECT_EQ(far.reads("boot"), pattern(100, 2));
  ClientFacts facts = told_by_dhcp({0x0a630001}, *MacAddress::parse("52:54:00:aa:bb:cc"), 0);
  facts.link = far.mac;
  server.clients.note(facts);
  far.mac.octets[5] ^= 1;
  EXPECT_EQ(far.reads("boot"), pattern(100, 1));
}

// A repeated request is the same transfer, though the rules have changed meanwhile.
TEST(TftpNames, ARepeatedRequestGoesOnWithTheSameFile) {
  Server server;
  server.serve("a", pattern(600, 1));
  server.serve("b", pattern(600, 2));
  Client client(server);
  EXPECT_EQ(client.asks("a"), Outcome::tftp_opened);
  client.hears_data(1, 1, pattern(600, 1));
  rewrite(server, {{"^a$", "b"}});
  EXPECT_EQ(client.asks("a"), Outcome::tftp_reopened);
  client.hears_data(1, 1, pattern(600, 1));
  client.acks(1);
  client.hears_data(2, 2, pattern(600, 1));
  EXPECT_EQ(client.acks(2), Outcome::tftp_completed);
  EXPECT_EQ(client.reads("a"), pattern(600, 2));
}

TEST(TftpNames, ARuleMayLeaveNothing) {
  Server server;
  rewrite(server, {{"^secret/", "nowhere", false}});
  server.serve("secret/key", pattern(10));
  Client client(server);
  EXPECT_EQ(client.asks("secret/key"), Outcome::tftp_file_not_found);
  client.hears_error(wire::TftpError::file_not_found);
  EXPECT_EQ(client.asks("\\secret\\key"), Outcome::tftp_file_not_found);
  client.hears_error(wire::TftpError::file_not_found);
}

}  // namespace
}  // namespace reveille::test
