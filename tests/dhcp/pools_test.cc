// Pools that rules name: who is lent their addresses, and who is not.
#include <set>

#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

constexpr Ipv4Address kGeneral = Ipv4Address::of(10, 77, 0, 10);   // to .19
constexpr Ipv4Address kRack = Ipv4Address::of(10, 77, 0, 100);     // to .107
constexpr Ipv4Address kFarRack = Ipv4Address::of(10, 99, 200, 0);  // to .7, behind relays
constexpr std::uint16_t kRackHere = 3;                             // groups; 0 to 2: the subnets
constexpr std::uint16_t kRackFar = 4;

const Option kInRack{DhcpOption::host_name, bytes("rack-1")};
const std::vector<Option> kRackOptions{kInRack};

bool is_of_rack(Ipv4Address address) {
  return address >= kRack && address.value < kRack.value + 8;
}
bool is_general(Ipv4Address address) {
  return address >= kGeneral && address.value < kGeneral.value + 10;
}

// Machines that call themselves rack-... get addresses of pool "rack"; it is on two links.
Config racks(std::uint32_t size = 8) {
  Config config = campus_config(100);
  const Ipv4Address last{kRack.value + size - 1};
  config.pools = {{"other", {{Ipv4Address::of(10, 77, 0, 200), Ipv4Address::of(10, 77, 0, 209)}}}};
  config.pools.insert(config.pools.begin(),
                      {"rack", {{kRack, last}, {kFarRack, {kFarRack.value + 7}}}});
  RuleConfig rack = rule(matches(RuleField::host_name, {"^rack-"}));
  rack.pool = "rack";
  config.rules = {rack};
  return config;
}

Message rack_discover(std::uint32_t i) {
  return {.mac = machine(i), .options = kRackOptions};
}
Message reboot_of(const MacAddress& mac, Ipv4Address address, std::vector<Option> options) {
  return {
      .type = DhcpType::request, .mac = mac, .requested = address, .options = std::move(options)};
}

class Pools : public testing::TestWithParam<unsigned> {};

TEST_P(Pools, AreForThoseWhoseRuleNamesThemAndForNobodyElse) {
  Lab lab(racks(), GetParam());
  std::set<Ipv4Address> rack;
  std::set<Ipv4Address> general;
  for (std::uint32_t i = 0; i < 8; ++i) {
    rack.insert(lab.lease(machine(i), kRackOptions));
    general.insert(lab.lease(machine(100 + i)));
    lab.wait(100ms);
  }
  EXPECT_EQ(rack.size(), 8U);
  EXPECT_EQ(general.size(), 8U);
  for (const Ipv4Address address : rack) EXPECT_TRUE(is_of_rack(address)) << address.text();
  for (const Ipv4Address address : general) EXPECT_TRUE(is_general(address)) << address.text();
  lab.check_leases();
}

TEST_P(Pools, WhenOneIsExhaustedItsMachinesGetNothingAndOthersStillDo) {
  Lab lab(racks(2), GetParam());
  for (std::uint32_t i = 0; i < 2; ++i) {
    ASSERT_FALSE(lab.lease(machine(i), kRackOptions).is_zero());
    lab.wait(100ms);
  }
  const Heard heard = lab.send(rack_discover(2));
  EXPECT_TRUE(heard.replies.empty());
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_no_address);
  EXPECT_EQ(heard.events[0].outcome, Outcome::dhcp_pool_exhausted);
  EXPECT_EQ(heard.events[0].text(), "rack");
  EXPECT_FALSE(lab.lease(machine(100)).is_zero());
  // And the other way round: no pool helps out a subnet's own.
  for (std::uint32_t i = 101; i < 130; ++i) {
    lab.lease(machine(i));
    lab.wait(100ms);
  }
  EXPECT_EQ(lab.counts(0).free, 0U);
  EXPECT_EQ(lab.counts(5).free, 10U);
  EXPECT_TRUE(lab.lease(machine(140)).is_zero());
}

TEST_P(Pools, WhatIsReleasedServesTheNextOfTheRack) {
  Lab lab(racks(1), GetParam());
  for (std::uint32_t i = 0; i < 6; ++i) {
    const Ipv4Address address = lab.lease(machine(i), kRackOptions);
    ASSERT_EQ(address, kRack) << i;
    lab.send({.type = DhcpType::release,
              .mac = machine(i),
              .ciaddr = address,
              .server = kServer,
              .to = kServer});
    lab.wait(100ms);
  }
}

TEST_P(Pools, AMachineThatComesBackGetsItsOldAddress) {
  Lab lab(racks(), GetParam());
  std::vector<Ipv4Address> had;
  for (std::uint32_t i = 0; i < 8; ++i) {
    had.push_back(lab.lease(machine(i), kRackOptions));
    lab.wait(100ms);
  }
  lab.wait(2h);
  lab.wait(1s);
  EXPECT_EQ(lab.counts(kRackHere).free, 8U);
  for (std::uint32_t i = 8; i-- > 0;) EXPECT_EQ(lab.lease(machine(i), kRackOptions), had[i]) << i;
}

// Its rule has changed, or what it says of itself has.
TEST_P(Pools, WhoseLeaseIsOfAnotherPoolIsSentToLookForOneOfItsOwn) {
  for (const bool into : {true, false}) {
    for (const bool reboots : {true, false}) {
      Lab lab(racks(), GetParam());
      const std::vector<Option> none;
      const Ipv4Address before = lab.lease(kMachine, into ? none : kRackOptions);
      ASSERT_EQ(is_of_rack(before), !into);
      const std::vector<Option>& says = into ? kRackOptions : none;
      const Heard heard = lab.send(reboots ? reboot_of(kMachine, before, says)
                                           : renewal_of(kMachine, before, says));
      EXPECT_EQ(heard.outcome, Outcome::dhcp_nakked);
      const Ipv4Address after = lab.lease(kMachine, says);
      EXPECT_FALSE(after.is_zero());
      EXPECT_EQ(is_of_rack(after), into);
      // And that is what it keeps.
      EXPECT_EQ(lab.send(renewal_of(kMachine, after, says)).outcome, Outcome::dhcp_acked);
      EXPECT_EQ(lab.send(reboot_of(kMachine, after, says)).outcome, Outcome::dhcp_acked);
      EXPECT_EQ(lab.lease_at(before)->state, LeaseState::free);
      lab.check_leases();
    }
  }
}

TEST_P(Pools, NobodyGetsAnAddressOfAnotherPoolByAskingForIt) {
  Config config = racks();
  config.dhcp.authoritative = true;
  Lab lab(config, GetParam());
  EXPECT_TRUE(is_general(lab.send({.requested = kRack}).reply().yiaddr()));
  Message rack = rack_discover(5);
  rack.requested = kGeneral;
  EXPECT_TRUE(is_of_rack(lab.send(rack).reply().yiaddr()));
  EXPECT_EQ(lab.send(reboot_of(machine(6), kRack, {})).outcome, Outcome::dhcp_nakked);
  EXPECT_EQ(lab.send(reboot_of(machine(7), kGeneral, kRackOptions)).outcome, Outcome::dhcp_nakked);
  // But what it may have, it may ask for.
  const Ipv4Address wanted{kRack.value + 6};
  const Heard heard = lab.send(reboot_of(machine(8), wanted, kRackOptions));
  EXPECT_EQ(heard.reply().type(), DhcpType::ack);
  EXPECT_EQ(heard.reply().yiaddr(), wanted);
  lab.check_leases();
}

TEST_P(Pools, ARestartFindsLeasesInTheirPools) {
  StoredLeases before;
  for (const auto& [mac, address] :
       {std::pair{machine(1), Ipv4Address{kRack.value + 3}}, std::pair{machine(2), kGeneral}}) {
    before.leases.push_back({.kind = LeaseChange::Kind::bound,
                             .address = address,
                             .client = ethernet_key_of(mac),
                             .until = Instant{} + 1h,
                             .mac = mac});
  }
  Lab lab(racks(), GetParam(), 1, &before);
  EXPECT_EQ(lab.counts(kRackHere).bound, 1U);
  EXPECT_EQ(lab.counts(kRackHere).free, 7U);
  EXPECT_EQ(lab.lease(machine(1), kRackOptions).value, kRack.value + 3);
  // Between the two runs a rule was written.
  EXPECT_EQ(lab.send(renewal_of(machine(2), kGeneral, kRackOptions)).outcome, Outcome::dhcp_nakked);
  EXPECT_TRUE(is_of_rack(lab.lease(machine(2), kRackOptions)));
  EXPECT_EQ(lab.counts(0).free, 10U);
  lab.check_leases();
}

INSTANTIATE_TEST_SUITE_P(Workers, Pools, testing::Values(1U, 2U, 4U));

TEST(PoolsOfOneWorker, AreOneOnEachLink) {
  Lab lab(racks());
  Message far = rack_discover(1);
  far.giaddr = kRelay;
  const Ipv4Address address = lab.send(far).reply().yiaddr();
  EXPECT_EQ(address, kFarRack);
  EXPECT_EQ(lab.counts(kRackFar).offered, 1U);
  EXPECT_TRUE(is_of_rack(lab.lease(machine(2), kRackOptions)));
}

TEST(PoolsOfOneWorker, AMachineOnALinkWithoutItsPoolIsOfferedNothing) {
  Lab lab(racks());
  const Message messages[] = {
      {.options = kRackOptions, .station = 1},
      {.type = DhcpType::none, .options = kRackOptions, .station = 1},
  };
  for (const Message& message : messages) {
    const Heard heard = lab.send(message);
    EXPECT_EQ(heard.outcome, Outcome::dhcp_pool_elsewhere);
    EXPECT_TRUE(heard.replies.empty());
    ASSERT_EQ(heard.events.size(), 1U);
    EXPECT_EQ(heard.events[0].outcome, Outcome::dhcp_pool_elsewhere);
    EXPECT_EQ(heard.events[0].text(), "rack");
  }
  const Ipv4Address there = lab.send({.mac = machine(3), .station = 1}).reply().yiaddr();
  ASSERT_FALSE(there.is_zero());
  Message renews = renewal_of(machine(3), there, kRackOptions);
  renews.station = 1;
  renews.to = kServerOnVlan;
  EXPECT_NE(lab.send(renews).outcome, Outcome::dhcp_acked);
}

TEST(PoolsOfOneWorker, AReloadThatNamesAPoolThatIsNotThereYetServesNobodyByIt) {
  Lab lab(racks());
  ASSERT_TRUE(is_of_rack(lab.lease(kMachine, kRackOptions)));
  lab.change_config([](Config& config) { config.rules[0].pool = "new"; });
  const Heard heard = lab.send({.options = kRackOptions});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_pool_elsewhere);
  EXPECT_EQ(heard.events.at(0).text(), "new");
  EXPECT_FALSE(lab.lease(machine(9)).is_zero());
}

TEST(PoolsOfOneWorker, AReloadMovesMachinesToThePoolOfTheirRule) {
  Lab lab(racks());
  const Ipv4Address before = lab.lease(kMachine, kRackOptions);
  lab.change_config([](Config& config) { config.rules[0].pool = "other"; });
  EXPECT_EQ(lab.send(renewal_of(kMachine, before, kRackOptions)).outcome, Outcome::dhcp_nakked);
  EXPECT_EQ(lab.lease(kMachine, kRackOptions), Ipv4Address::of(10, 77, 0, 200));
  lab.change_config([](Config& config) { config.rules.clear(); });
  EXPECT_TRUE(is_general(lab.lease(kMachine, kRackOptions)));
}

TEST(PoolsOfOneWorker, AHostWithAnAddressOfItsOwnGoesFirst) {
  Config config = racks();
  const Ipv4Address own{kRack.value + 5};
  config.hosts = {{.mac = machine(1), .address = kGeneral}, {.mac = machine(2), .address = own}};
  Lab lab(config);
  EXPECT_EQ(lab.lease(machine(1), kRackOptions), kGeneral);
  EXPECT_EQ(lab.lease(machine(2)), own);
  EXPECT_EQ(lab.counts(kRackHere).free, 7U);
  for (std::uint32_t i = 10; i < 17; ++i) EXPECT_NE(lab.lease(machine(i), kRackOptions), own);
  EXPECT_TRUE(lab.lease(machine(20), kRackOptions).is_zero());
}

// A declined address is set aside, but no more than a quarter of the pool.
TEST(PoolsOfOneWorker, HaveLimitsOfTheirOwnAgainstHostileClients) {
  Lab lab(racks());
  for (std::uint32_t i = 0; i < 6; ++i) {
    const Ipv4Address address = lab.lease(machine(i), kRackOptions);
    lab.send(
        {.type = DhcpType::decline, .mac = machine(i), .requested = address, .server = kServer});
  }
  EXPECT_EQ(lab.counts(kRackHere).declined, 2U);
  EXPECT_EQ(lab.counts(0).declined, 0U);

  std::size_t offered = 0;
  for (std::uint32_t i = 50; i < 60; ++i) {
    Message foreign = rack_discover(i);
    foreign.link_source = machine(200);
    offered += lab.send(foreign).outcome == Outcome::dhcp_offered ? 1 : 0;
  }
  EXPECT_EQ(offered, 2U);
  std::size_t bootp = 0;
  for (std::uint32_t i = 70; i < 80; ++i) {
    Message message = rack_discover(i);
    message.type = DhcpType::none;
    bootp += lab.send(message).outcome == Outcome::bootp_answered ? 1 : 0;
  }
  EXPECT_EQ(bootp, 2U);
}

// Who has an offer from one pool is still new in another: else each invented client could pass by
// way of the first.
TEST(PoolsOfOneWorker, TheLimitOfOneIsNotPassedByWayOfAnother) {
  Lab lab(racks());
  const auto foreign = [](std::uint32_t i, std::vector<Option> options) {
    return Message{.mac = machine(i), .options = std::move(options), .link_source = machine(200)};
  };
  std::size_t rack = 0;
  for (std::uint32_t i = 0; i < 8; ++i) {
    lab.send(foreign(i, {}));
    rack += lab.send(foreign(i, kRackOptions)).outcome == Outcome::dhcp_offered ? 1 : 0;
  }
  EXPECT_EQ(rack, 2U);
}

TEST(PoolsOfOneWorker, KeepAStockOfProbedAddressesEach) {
  Lab lab(racks());
  for (int i = 0; i < 4000; ++i) lab.wait(1ms);
  EXPECT_EQ(lab.counts(0).silent, 10U);
  EXPECT_EQ(lab.counts(kRackHere).silent, 8U);
  // Whoever answers is set aside.
  const Ipv4Address used{kRack.value + 2};
  const Heard heard = lab.host_answers(used, machine(150));
  EXPECT_EQ(heard.outcome, Outcome::probe_answered);
  EXPECT_EQ(lab.lease_at(used)->state, LeaseState::declined);
  EXPECT_EQ(lab.counts(kRackHere).declined, 1U);
  for (std::uint32_t i = 0; i < 7; ++i) EXPECT_NE(lab.lease(machine(i), kRackOptions), used);
}

// An address that a client could have by one rule is remembered when another decides.
TEST(PoolsOfOneWorker, AreReusedOldestFirst) {
  Lab lab(racks(3));
  const auto give_back = [&](std::uint32_t i, Ipv4Address address) {
    lab.send({.type = DhcpType::release,
              .mac = machine(i),
              .ciaddr = address,
              .server = kServer,
              .to = kServer});
  };
  std::array<Ipv4Address, 3> had{};
  for (std::uint32_t i = 0; i < 3; ++i) had[i] = lab.lease(machine(i), kRackOptions);
  for (const std::uint32_t i : {1U, 2U, 0U}) give_back(i, had[i]);
  EXPECT_EQ(lab.lease(machine(10), kRackOptions), had[1]);
  EXPECT_EQ(lab.lease(machine(11), kRackOptions), had[2]);
  EXPECT_EQ(lab.lease(machine(12), kRackOptions), had[0]);
}

}  // namespace
}  // namespace reveille::test
