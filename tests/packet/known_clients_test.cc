#include "packet/known_clients.h"

#include <gtest/gtest.h>

namespace reveille {
namespace {

constexpr Ipv4Address kServer = Ipv4Address::of(10, 77, 0, 1);
constexpr MacAddress kRouter{{0x02, 0, 0, 0, 0, 0xfe}};

MacAddress mac(std::uint8_t number) {
  return {{0x52, 0x54, 0, 0, 0, number}};
}
Ipv4Address address(std::uint8_t number) {
  return Ipv4Address::of(10, 77, 1, number);
}

Station station() {
  Station station;
  station.address = {kServer, 16};
  return station;
}

ClientFacts on_link(std::uint8_t number) {
  ClientFacts facts;
  facts.address = address(number);
  facts.mac = mac(number);
  facts.link = facts.mac;
  facts.set_host_name("node" + std::to_string(number));
  return facts;
}

ClientFacts sender(const KnownClients& clients, Ipv4Address from, const MacAddress& link) {
  Request request;
  request.service = Service::tftp_open;
  request.link_source = link;
  request.source = from;
  request.destination = kServer;
  return clients.sender(request, station());
}

TEST(KnownClients, KnowThemByTheirAddress) {
  KnownClients clients(4, 1);
  clients.note(on_link(1));
  const ClientFacts found = sender(clients, address(1), mac(1));
  EXPECT_EQ(found.host_name(), "node1");
  EXPECT_EQ(found.mac, mac(1));
  EXPECT_EQ(found.address, address(1));
  EXPECT_EQ(found.next_server, kServer) << "where the request was sent to";
}

TEST(KnownClients, AStrangerOnOurLinkHasItsMacAddress) {
  const KnownClients clients(4, 1);
  const ClientFacts found = sender(clients, address(1), mac(1));
  EXPECT_EQ(found.mac, mac(1));
  EXPECT_EQ(found.address, address(1));
  EXPECT_EQ(found.host_name(), "");
}

TEST(KnownClients, NobodyGetsAnothersFactsByItsAddressAlone) {
  KnownClients clients(4, 1);
  clients.note(on_link(1));
  const ClientFacts found = sender(clients, address(1), mac(2));
  EXPECT_EQ(found.mac, mac(2));
  EXPECT_EQ(found.host_name(), "");
}

TEST(KnownClients, BehindARelayTheAddressDecides) {
  KnownClients clients(4, 1);
  ClientFacts far = on_link(1);
  far.address = Ipv4Address::of(10, 99, 1, 1);
  far.link = kRouter;
  clients.note(far);
  const MacAddress other_router{{0x02, 0, 0, 0, 0, 0xfd}};
  EXPECT_EQ(sender(clients, far.address, other_router).mac, mac(1));
  const ClientFacts stranger = sender(clients, Ipv4Address::of(10, 99, 1, 2), kRouter);
  EXPECT_TRUE(stranger.mac.is_zero()) << "the router's is not its own";
}

// ProxyDHCP: who gives the addresses does not tell us.
TEST(KnownClients, KnowThemByTheirMacAddressUntilThereIsMore) {
  KnownClients clients(4, 1);
  ClientFacts facts = on_link(1);
  facts.address = {};
  clients.note(facts);
  EXPECT_EQ(sender(clients, address(9), mac(1)).host_name(), "node1");
  EXPECT_EQ(sender(clients, address(9), mac(1)).address, address(9));
  EXPECT_EQ(sender(clients, address(9), mac(2)).host_name(), "");
  facts = on_link(1);
  facts.set_host_name("later");
  clients.note(facts);
  EXPECT_EQ(sender(clients, address(1), mac(1)).host_name(), "later");
}

TEST(KnownClients, TheLatestWordCounts) {
  KnownClients clients(4, 1);
  clients.note(on_link(1));
  ClientFacts next = on_link(2);
  next.address = address(1);
  clients.note(next);
  EXPECT_EQ(sender(clients, address(1), mac(2)).host_name(), "node2");
  EXPECT_EQ(sender(clients, address(1), mac(1)).host_name(), "");
}

TEST(KnownClients, ForgetTheOneNotHeardOfForLongest) {
  KnownClients clients(3, 1);
  for (const std::uint8_t number : std::array<std::uint8_t, 5>{1, 2, 3, 1, 4})
    clients.note(on_link(number));
  EXPECT_EQ(clients.capacity(), 3U);
  EXPECT_EQ(sender(clients, address(1), mac(1)).host_name(), "node1");
  EXPECT_EQ(sender(clients, address(2), mac(2)).host_name(), "");
  EXPECT_EQ(sender(clients, address(3), mac(3)).host_name(), "node3");
  EXPECT_EQ(sender(clients, address(4), mac(4)).host_name(), "node4");
}

TEST(ClientNotes, CountWhatTheyCannotTake) {
  std::array<ClientFacts, 2> storage;
  ClientNotes notes(storage);
  for (const std::uint8_t number : std::array<std::uint8_t, 3>{1, 2, 3}) notes.add(on_link(number));
  EXPECT_EQ(notes.all().size(), 2U);
  EXPECT_EQ(notes.lost(), 1U);
  notes.clear();
  EXPECT_TRUE(notes.all().empty());
}

}  // namespace
}  // namespace reveille
