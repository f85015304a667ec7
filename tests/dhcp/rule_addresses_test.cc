// An address that a rule gives: as one that a [[host]] reserves, for one machine at a time.
#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

constexpr Ipv4Address kInPool = Ipv4Address::of(10, 77, 0, 12);
constexpr Ipv4Address kOutside = Ipv4Address::of(10, 77, 0, 50);
const std::vector<Option> kGate{{DhcpOption::host_name, bytes("gate")}};

Config gate_at(Ipv4Address address) {
  Config config = small_config();
  RuleConfig gate = rule(matches(RuleField::host_name, {"^gate$"}));
  gate.address = address;
  config.rules = {gate};
  return config;
}
void give_back(Lab& lab, const MacAddress& mac, Ipv4Address address) {
  lab.send(
      {.type = DhcpType::release, .mac = mac, .ciaddr = address, .server = kServer, .to = kServer});
}

class RuleAddresses : public testing::TestWithParam<unsigned> {};

TEST_P(RuleAddresses, AreForTheMachineThatTheRuleMatches) {
  for (const Ipv4Address address : {kInPool, kOutside}) {
    Lab lab(gate_at(address), GetParam());
    for (std::uint32_t i = 100; i < 112; ++i) {
      EXPECT_NE(lab.lease(machine(i)), address);
      lab.wait(100ms);
    }
    EXPECT_EQ(lab.lease(kMachine, kGate), address);
    EXPECT_EQ(lab.send(renewal_of(kMachine, address, kGate)).outcome, Outcome::dhcp_acked);
    EXPECT_EQ(lab.send({.type = DhcpType::request, .requested = address, .options = kGate}).outcome,
              Outcome::dhcp_acked);
    lab.check_leases();
  }
}

// As with a [[host]] that two machines could be: an address of the pool is better than none, and
// both dnsmasq and Kea do the same. The outcome tells the operator.
TEST_P(RuleAddresses, AreOneMachinesAtATime) {
  Lab lab(gate_at(kOutside), GetParam());
  ASSERT_EQ(lab.lease(machine(1), kGate), kOutside);
  const Heard heard = lab.send({.mac = machine(2), .options = kGate});
  EXPECT_NE(heard.reply().yiaddr(), kOutside);
  ASSERT_FALSE(heard.events.empty());
  EXPECT_EQ(heard.events.back().kind, EventKind::dhcp_offered);
  EXPECT_EQ(heard.events.back().outcome, Outcome::dhcp_offered_another);
  const Ipv4Address meanwhile = lab.lease(machine(2), kGate);
  EXPECT_EQ(meanwhile, heard.reply().yiaddr());
  EXPECT_EQ(lab.send(renewal_of(machine(2), meanwhile, kGate)).outcome, Outcome::dhcp_acked);
  EXPECT_EQ(lab.send(renewal_of(machine(1), kOutside, kGate)).outcome, Outcome::dhcp_acked);
  // The first one is gone: the second gets it when it asks anew.
  give_back(lab, machine(1), kOutside);
  EXPECT_EQ(lab.lease(machine(2), kGate), kOutside);
  lab.check_leases();
}

TEST_P(RuleAddresses, WithoutAPoolTheSecondMachineGetsNothing) {
  Config config = gate_at(kOutside);
  config.subnets[0].pools.clear();
  Lab lab(config, GetParam());
  ASSERT_EQ(lab.lease(machine(1), kGate), kOutside);
  const Heard heard = lab.send({.mac = machine(2), .options = kGate});
  EXPECT_TRUE(heard.replies.empty());
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].outcome, Outcome::dhcp_no_address);
}

TEST_P(RuleAddresses, WhoIsNoLongerMatchedMayNotKeepIt) {
  Lab lab(gate_at(kInPool), GetParam());
  ASSERT_EQ(lab.lease(kMachine, kGate), kInPool);
  EXPECT_EQ(lab.send(renewal_of(kMachine, kInPool)).outcome, Outcome::dhcp_nakked);
  EXPECT_NE(lab.lease(kMachine), kInPool);
}

TEST_P(RuleAddresses, AReloadThatAddsOneDoesAsAnAddedReservationDoes) {
  Lab lab(small_config(), GetParam());
  const Ipv4Address held = lab.lease(machine(1));
  ASSERT_FALSE(held.is_zero());
  lab.change_config([&](Config& config) { config.rules = gate_at(held).rules; });
  // Its lease runs, so nobody else is given the address.
  const Ipv4Address meanwhile = lab.lease(kMachine, kGate);
  EXPECT_NE(meanwhile, held);
  EXPECT_FALSE(meanwhile.is_zero());
  EXPECT_EQ(lab.send(renewal_of(machine(1), held)).outcome, Outcome::dhcp_nakked);
  EXPECT_NE(lab.lease(machine(1)), held);
  EXPECT_EQ(lab.lease(kMachine, kGate), held);
  lab.check_leases();
}

TEST_P(RuleAddresses, ARestartThatAddsOneDoesAsAnAddedReservationDoes) {
  StoredLeases before;
  before.leases = {{.kind = LeaseChange::Kind::bound,
                    .address = kInPool,
                    .client = ethernet_key_of(machine(1)),
                    .until = Instant{} + 1h,
                    .mac = machine(1)}};
  Lab lab(gate_at(kInPool), GetParam(), 1, &before);
  EXPECT_NE(lab.lease(kMachine, kGate), kInPool);
  EXPECT_EQ(lab.send(renewal_of(machine(1), kInPool)).outcome, Outcome::dhcp_nakked);
  EXPECT_NE(lab.lease(machine(1)), kInPool);
  EXPECT_EQ(lab.lease(kMachine, kGate), kInPool);
}

TEST_P(RuleAddresses, OneThatNoRuleGivesAnyMoreIsForEverybody) {
  Lab lab(gate_at(kInPool), GetParam());
  EXPECT_EQ(lab.counts().free, 9U);
  lab.change_config([](Config& config) { config.rules.clear(); });
  lab.wait(1ms);
  EXPECT_EQ(lab.counts().free, 10U);
}

INSTANTIATE_TEST_SUITE_P(Workers, RuleAddresses, testing::Values(1U, 2U, 4U));

TEST(RuleAddressesOfOneWorker, AHostGoesFirstAndAnotherLinkDoesNotCount) {
  Config config = campus_config();
  config.rules = gate_at(kOutside).rules;
  config.hosts = {{.mac = machine(1), .address = kFirst},
                  {.mac = machine(2), .address = Ipv4Address::of(10, 78, 0, 77)}};
  Lab lab(config);
  EXPECT_EQ(lab.lease(machine(1), kGate), kFirst);
  // What is reserved for it on another link says nothing here.
  EXPECT_EQ(lab.lease(machine(2), kGate), kOutside);
  const Heard far = lab.send({.mac = machine(3), .giaddr = kRelay, .options = kGate});
  EXPECT_EQ(far.outcome, Outcome::dhcp_offered);
  EXPECT_TRUE(config.subnets[2].prefix.contains(far.reply().yiaddr()));
}

// The same machine in firmware and in its system: several rules may give it one address.
TEST(RuleAddressesOfOneWorker, SeveralRulesMayGiveOne) {
  Config config = gate_at(kOutside);
  RuleConfig firmware = rule(value(RuleField::mac, kMachine.number()), "gate.efi");
  firmware.address = kOutside;
  config.rules.push_back(firmware);
  Lab lab(config);
  EXPECT_EQ(lab.lease(kMachine), kOutside);
  EXPECT_EQ(lab.lease(kMachine, kGate), kOutside);
  EXPECT_EQ(lab.counts().addresses, 11U);
}

TEST(RuleAddressesOfOneWorker, OneThatWasDeclinedIsSetAsideForItsMachineToo) {
  Lab lab(gate_at(kOutside));
  ASSERT_EQ(lab.lease(kMachine, kGate), kOutside);
  lab.send({.type = DhcpType::decline, .requested = kOutside, .server = kServer, .options = kGate});
  const Heard heard = lab.send({.options = kGate});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_offered_another);
  EXPECT_NE(heard.reply().yiaddr(), kOutside);
  // It is asked twice before it is used again.
  lab.wait(11min);
  for (int i = 0; i < 4; ++i) lab.wait(600ms);
  EXPECT_EQ(lab.lease(kMachine, kGate), kOutside);
}

TEST(RuleAddressesOfOneWorker, AreNotProbed) {
  Lab lab(gate_at(kInPool));
  for (int i = 0; i < 4000; ++i) lab.wait(1ms);
  EXPECT_EQ(lab.counts().silent, 9U);
  EXPECT_EQ(lab.lease_at(kInPool)->probe, Probe::none);
}

}  // namespace
}  // namespace reveille::test
