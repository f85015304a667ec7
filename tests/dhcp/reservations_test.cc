// Reservations and addresses that a configuration takes from the pools after they were leased: by a
// restart with leases on record, and by a reload.
#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

const MacAddress kOwner = machine(7);

Message request_of(const MacAddress& mac, Ipv4Address address) {
  return {.type = DhcpType::request, .mac = mac, .requested = address, .server = kServer};
}

Config reserved_for_owner(Ipv4Address address) {
  Config config = small_config();
  config.hosts.push_back({.mac = kOwner, .address = address});
  return config;
}

// One lease of kMachine at kFirst, as a store brings it back.
StoredLeases stored(LeaseChange::Kind kind) {
  StoredLeases stored;
  stored.leases = {{.kind = kind,
                    .address = kFirst,
                    .client = ethernet_key_of(kMachine),
                    .until = Instant{} + 1h,
                    .mac = kMachine}};
  return stored;
}

class Reservations : public testing::TestWithParam<unsigned> {};

TEST_P(Reservations, AfterARestartWhoHadTheAddressDoesNotGetItBack) {
  const StoredLeases before = stored(LeaseChange::Kind::expired);
  Lab lab(reserved_for_owner(kFirst), GetParam(), 1, &before);
  EXPECT_NE(lab.send({}).reply().yiaddr(), kFirst);
  EXPECT_EQ(lab.lease(kOwner), kFirst);
}

TEST_P(Reservations, AfterARestartWhoHasTheAddressGetsNoMoreOfIt) {
  const StoredLeases before = stored(LeaseChange::Kind::bound);
  for (const bool reboots : {false, true}) {
    Lab lab(reserved_for_owner(kFirst), GetParam(), 1, &before);
    // Until its time is over, or it has another one, nobody else has it.
    const Ipv4Address meanwhile = lab.lease(kOwner);
    EXPECT_NE(meanwhile, kFirst);
    EXPECT_FALSE(meanwhile.is_zero());
    const Message asks = reboots ? Message{.type = DhcpType::request, .requested = kFirst}
                                 : renewal_of(kMachine, kFirst);
    EXPECT_EQ(lab.send(asks).outcome, Outcome::dhcp_nakked);
    EXPECT_NE(lab.lease(kMachine), kFirst);
    EXPECT_EQ(lab.lease(kOwner), kFirst);
    lab.check_leases();
  }
}

TEST_P(Reservations, AReloadReservesAFreeAddressForItsOwner) {
  Lab lab(small_config(), GetParam());
  lab.change_config(
      [](Config& config) { config.hosts.push_back({.mac = kOwner, .address = kFirst}); });
  for (std::uint32_t i = 20; i < 40; ++i) EXPECT_NE(lab.lease(machine(i)), kFirst) << i;
  EXPECT_EQ(lab.lease(kOwner), kFirst);
  lab.check_leases();
}

// Its system does not say the UUID, and must not lose the address for that; who says another one
// does.
TEST(ReservationsOfOneWorker, AMachineKnownByItsUuidKeepsItsAddressAcrossARestart) {
  Config config = small_config();
  Uuid uuid;
  uuid.octets.fill(0x42);
  config.hosts.push_back({.uuid = uuid, .address = kFirst});
  const StoredLeases before = stored(LeaseChange::Kind::bound);
  Lab lab(config, 1, 1, &before);
  EXPECT_EQ(lab.send(renewal_of(kMachine, kFirst)).outcome, Outcome::dhcp_acked);
  EXPECT_EQ(lab.lease(kMachine), kFirst);
  Octets another(17, 0x43);
  another[0] = 0;
  EXPECT_NE(lab.lease(kMachine, {{DhcpOption::client_machine_identifier, another}}), kFirst);
}

// What was on its way to a client when the configuration changed.
TEST(ReservationsOfOneWorker, AReloadTakesAnOfferBack) {
  Lab lab;
  ASSERT_EQ(lab.send({}).reply().yiaddr(), kFirst);
  lab.change_config(
      [](Config& config) { config.hosts.push_back({.mac = kOwner, .address = kFirst}); });
  EXPECT_EQ(lab.send(request_of(kMachine, kFirst)).outcome, Outcome::dhcp_nakked);
  EXPECT_NE(lab.lease(kMachine), kFirst);
  EXPECT_EQ(lab.lease(kOwner), kFirst);
}

TEST_P(Reservations, AnAddressThatBecomesARoutersIsLeasedNoMore) {
  Lab lab(small_config(), GetParam());
  const Ipv4Address held = lab.lease(kMachine);
  Ipv4Address free = kFirst;
  while (free == held) ++free.value;
  lab.change_config([&](Config& config) {
    config.subnets[0].routers = {held};
    config.boot.next_server = free;
  });
  EXPECT_EQ(lab.send(renewal_of(kMachine, held)).outcome, Outcome::dhcp_nakked);
  std::size_t served = 0;
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Ipv4Address address = lab.lease(machine(i));
    EXPECT_NE(address, held);
    EXPECT_NE(address, free);
    served += address.is_zero() ? 0 : 1;
    lab.wait(100ms);
  }
  EXPECT_EQ(served, 8U);
}

// The gateway boots by DHCP like the others, and everybody else keeps away from its address.
TEST_P(Reservations, ARouterGetsTheAddressThatIsReservedForIt) {
  for (const bool by_host : {true, false}) {
    Config config = small_config();
    config.subnets[0].routers = {kFirst};
    config.boot.next_server = kFirst;
    if (by_host) {
      config.hosts.push_back({.mac = kOwner, .address = kFirst});
    } else {
      config.rules = {rule(value(RuleField::mac, kOwner.number()))};
      config.rules[0].address = kFirst;
    }
    Lab lab(config, GetParam());
    for (std::uint32_t i = 20; i < 40; ++i) EXPECT_NE(lab.lease(machine(i)), kFirst) << i;
    EXPECT_EQ(lab.lease(kOwner), kFirst) << by_host;
    lab.check_leases();
  }
}

// No record: only an authoritative server may say no.
TEST(ReservationsOfOneWorker, WhoOnlyHadTheAddressIsMetWithSilence) {
  Lab lab;
  ASSERT_EQ(lab.lease(kMachine), kFirst);
  lab.wait(2h);
  lab.change_config([](Config& config) { config.boot.next_server = kFirst; });
  const Heard heard = lab.send({.type = DhcpType::request, .requested = kFirst});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_unknown_lease);
  EXPECT_TRUE(heard.replies.empty());
}

TEST_P(Reservations, AnAddressThatIsReservedNoMoreIsForEverybody) {
  Lab lab(reserved_for_owner(kFirst), GetParam());
  EXPECT_EQ(lab.counts().free, 9U);
  lab.change_config([](Config& config) { config.hosts.clear(); });
  lab.wait(1ms);
  EXPECT_EQ(lab.counts().free, 10U);
  std::size_t served = 0;
  for (std::uint32_t i = 0; i < 10; ++i) {
    served += lab.lease(machine(i)).is_zero() ? 0 : 1;
    lab.wait(100ms);
  }
  EXPECT_EQ(served, 10U);
}

// A reload looks at all leases, but not in one turn.
TEST(ReservationsOfOneWorker, AreFollowedInALargePoolToo) {
  Config config = campus_config(5000);
  Lab lab(config);
  lab.change_config([](Config& changed) {
    for (std::uint32_t i = 0; i < 1000; ++i) {
      const Ipv4Address address{Ipv4Address::of(10, 99, 1, 0).value + 5 * i};
      changed.hosts.push_back({.mac = machine(i), .address = address});
    }
  });
  EXPECT_EQ(lab.counts(2).free, 5000U);
  lab.wait(1ms);
  EXPECT_GT(lab.counts(2).free, 4000U);
  for (int i = 0; i < 30; ++i) lab.wait(1ms);
  EXPECT_EQ(lab.counts(2).free, 4000U);
  EXPECT_EQ(lab.lease_through(kRelay, machine(999)), Ipv4Address{0x0a630100U + 4995});
}

INSTANTIATE_TEST_SUITE_P(Workers, Reservations, testing::Values(1U, 2U, 4U));

}  // namespace
}  // namespace reveille::test
