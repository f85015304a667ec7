// Pools that come, change and go by a reload: leases, and addresses that move between workers.
#include <set>

#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

constexpr Ipv4Address kOpenPool = Ipv4Address::of(10, 77, 0, 10);  // to .19
constexpr Ipv4Address kNewPool = Ipv4Address::of(10, 77, 0, 100);
constexpr std::uint16_t kNewGroup = 3;  // 0 to 2: the subnets

const std::vector<Option> kOfNewPool{{DhcpOption::host_name, bytes("rack-1")}};

PoolConfig range(Ipv4Address first, std::uint32_t count) {
  return {first, {first.value + count - 1}};
}
bool is_in(const PoolConfig& range, Ipv4Address address) {
  return range.first <= address && address <= range.last;
}

// Machines that call themselves rack-... get addresses of pool "rack".
void name_pool(Config& config, std::vector<PoolConfig> ranges) {
  if (config.pools.empty()) config.pools.push_back({"rack", {}});
  config.pools[0].ranges = std::move(ranges);
  RuleConfig rack = rule(matches(RuleField::host_name, {"^rack-"}));
  rack.pool = "rack";
  config.rules = {rack};
}
void drop_pool(Config& config) {
  config.pools[0].ranges.clear();
  config.rules.clear();
}

class PoolsReloaded : public testing::TestWithParam<unsigned> {
 protected:
  void change(const std::function<void(Config&)>& by) {
    lab.change_config(by);
    settle();
  }
  // Ticks enough to lay out and look through everything.
  void settle() {
    for (int i = 0; i < 60; ++i) lab.wait(10ms);
    lab.check_leases();
  }
  std::set<Ipv4Address> lease_all(std::uint32_t count, const std::vector<Option>& options) {
    std::set<Ipv4Address> leased;
    for (std::uint32_t i = 0; i < count; ++i) {
      leased.insert(lab.lease(machine(next_++), options));
      lab.wait(100ms);
    }
    leased.erase(Ipv4Address{});
    return leased;
  }
  std::uint32_t next_ = 1;
  Lab lab{campus_config(100), GetParam()};
};

TEST_P(PoolsReloaded, ANewOneServesAllItHas) {
  change([](Config& config) { name_pool(config, {range(kNewPool, 20)}); });
  EXPECT_EQ(lab.counts(kNewGroup).addresses, 20U);
  const auto leased = lease_all(25, kOfNewPool);
  EXPECT_EQ(leased.size(), 20U);
  EXPECT_TRUE(is_in(range(kNewPool, 20), *leased.begin()) &&
              is_in(range(kNewPool, 20), *leased.rbegin()));
  EXPECT_EQ(lease_all(12, {}).size(), 10U) << "of the subnet's own";
  lab.check_leases();
}

// The operator who asks right after the reload must not hear that there is no such address.
TEST_P(PoolsReloaded, AnOrderFindsWhatIsNotLaidOutYet) {
  using Answer = LeaseOrderAnswer::Kind;
  const Ipv4Address last{kNewPool.value + 99};
  change([](Config& config) { name_pool(config, {range(kNewPool, 5)}); });
  lab.change_config([](Config& config) { name_pool(config, {range(kNewPool, 100)}); });
  EXPECT_EQ(lab.obey(LeaseOrder::Kind::reserve, last), Answer::busy);
  settle();
  EXPECT_EQ(lab.obey(LeaseOrder::Kind::reserve, last), Answer::done);
  EXPECT_EQ(lab.obey(LeaseOrder::Kind::reserve, Ipv4Address::of(10, 77, 3, 1)), Answer::not_mine);
}

TEST_P(PoolsReloaded, OneMayTakeItsAddressesFromTheSubnets) {
  const auto general = lease_all(4, {});
  change([](Config& config) {
    config.subnets[0].pools = {range(kOpenPool, 5)};
    name_pool(config, {range({kOpenPool.value + 5}, 5)});
  });
  EXPECT_EQ(lab.counts(0).addresses, 5U);
  EXPECT_EQ(lab.counts(kNewGroup).addresses, 5U);
  EXPECT_EQ(lab.counts(0).bound + lab.counts(kNewGroup).bound, 4U) << "who has one keeps it";
  for (std::uint32_t i = 1; i <= 4; ++i) {
    const Lease* found = nullptr;
    for (const Ipv4Address address : general) {
      if (lab.lease_at(address)->mac == machine(i)) found = lab.lease_at(address);
    }
    ASSERT_NE(found, nullptr);
    const bool may_keep = is_in(range(kOpenPool, 5), found->address);
    const Heard renewed = lab.send(renewal_of(machine(i), found->address));
    EXPECT_EQ(renewed.reply().type(), may_keep ? DhcpType::ack : DhcpType::nak);
  }
  EXPECT_GE(lease_all(5, kOfNewPool).size(), 1U);
  lab.wait(2h);
  settle();
  EXPECT_EQ(lease_all(7, kOfNewPool).size(), 5U);
  EXPECT_EQ(lease_all(7, {}).size(), 5U);
}

TEST_P(PoolsReloaded, LeasesOfOneThatIsGoneLastUntilTheyEnd) {
  change([](Config& config) { name_pool(config, {range(kNewPool, 8)}); });
  const Ipv4Address address = lab.lease(kMachine, kOfNewPool);
  ASSERT_TRUE(is_in(range(kNewPool, 8), address));
  change(drop_pool);
  ASSERT_NE(lab.lease_at(address), nullptr);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::bound);
  EXPECT_EQ(lab.counts(kNewGroup).free, 0U);
  EXPECT_EQ(lab.send(renewal_of(kMachine, address, kOfNewPool)).reply().type(), DhcpType::nak);
  EXPECT_TRUE(is_in(range(kOpenPool, 10), lab.lease(kMachine, kOfNewPool)));
  EXPECT_EQ(lease_all(12, kOfNewPool).size(), 9U) << "nobody is lent what is gone";
}

TEST_P(PoolsReloaded, OneThatComesBackHasEachAddressOnce) {
  change([](Config& config) { name_pool(config, {range(kNewPool, 8)}); });
  // All to whoever needs them: the addresses are in other shards than they were dealt to.
  ASSERT_EQ(lease_all(8, kOfNewPool).size(), 8U);
  for (int i = 0; i < 3; ++i) {
    change(drop_pool);
    change([](Config& config) { name_pool(config, {range({kNewPool.value - 4}, 16)}); });
  }
  EXPECT_EQ(lab.counts(kNewGroup).addresses, 16U);
  EXPECT_EQ(lab.counts(kNewGroup).bound, 8U);
  EXPECT_EQ(lease_all(12, kOfNewPool).size(), 8U);
}

TEST_P(PoolsReloaded, ReloadsWithoutATickBetweenThemAreMadeUpFor) {
  lab.change_config([](Config& config) { name_pool(config, {range(kNewPool, 8)}); });
  lab.change_config(drop_pool);
  lab.change_config([](Config& config) { name_pool(config, {range({kNewPool.value + 4}, 8)}); });
  settle();
  EXPECT_EQ(lease_all(10, kOfNewPool).size(), 8U);
}

TEST_P(PoolsReloaded, AReservationInANewOneIsItsOwners) {
  change([](Config& config) {
    config.hosts = {{.mac = machine(500), .address = Ipv4Address{kNewPool.value + 1}}};
    name_pool(config, {range(kNewPool, 4)});
  });
  EXPECT_EQ(lease_all(6, kOfNewPool).size(), 3U);
  EXPECT_EQ(lab.lease(machine(500), kOfNewPool), Ipv4Address{kNewPool.value + 1});
}

TEST_P(PoolsReloaded, WhatIsLaidOutIsMoreThanATickCanDo) {
  change([](Config& config) {
    config.subnets[2].pools.push_back(range(Ipv4Address::of(10, 99, 64, 0), 4096));
  });
  EXPECT_EQ(lab.counts(2).addresses, 4196U);
}

// Whoever brings leases right after a reload is told to come again, not that nobody has the
// address.
TEST_P(PoolsReloaded, AnImportWaitsForWhatIsBeingLaidOut) {
  const LeaseChange lease{.address = kNewPool,
                          .client = ethernet_key_of(machine(900)),
                          .until = lab.now() + 10h,
                          .mac = machine(900),
                          .version = 1};
  lab.change_config([](Config& config) { name_pool(config, {range(kNewPool, 8)}); });
  EXPECT_EQ(lab.ask_import(lease), std::nullopt);
  settle();
  auto answer = lab.import(lease);
  for (int i = 0; i < 3 && answer == LeaseImport::Answer::moved; ++i) answer = lab.import(lease);
  EXPECT_EQ(answer, LeaseImport::Answer::taken);
  EXPECT_EQ(lab.lease(machine(900), kOfNewPool), kNewPool);
}

INSTANTIATE_TEST_SUITE_P(Workers, PoolsReloaded, testing::Values(1U, 2U, 4U));

// Another worker follows a reload a moment sooner.
TEST(PoolsReloadedTest, AnAddressOfAGroupThatIsNotKnownYetGoesBack) {
  Lab lab(campus_config(), 2);
  PeerMessage given{PeerMessage::Kind::address_given};
  given.from = 1;
  given.group = kNewGroup;
  given.version = 7;
  given.address = kNewPool;
  const auto back = lab.tell(0, given);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].kind, PeerMessage::Kind::address_given);
  EXPECT_EQ(back[0].to, 1);
  EXPECT_EQ(back[0].address, kNewPool);
  EXPECT_EQ(back[0].version, 7);
  EXPECT_EQ(lab.lease_at(kNewPool), nullptr);
}

// The giver still counts it where it was.
TEST(PoolsReloadedTest, AnAddressArrivesInTheGroupThatLendsItNow) {
  Lab lab(campus_config(), 2);
  const auto* const first = lab.lease_at(kOpenPool);
  ASSERT_NE(first, nullptr);
  const unsigned owner = lab.engine(0).leases()->at(kOpenPool) != kNoIndex ? 0 : 1;
  lab.change_config([](Config& config) {
    config.subnets[0].pools = {range({kOpenPool.value + 1}, 9)};
    name_pool(config, {range(kOpenPool, 1)});
  });
  lab.hold_messages(true);
  PeerMessage claim{PeerMessage::Kind::address_claimed};
  claim.from = static_cast<std::uint8_t>(1 - owner);
  claim.address = kOpenPool;
  auto given = lab.tell(owner, claim);
  ASSERT_EQ(given.size(), 1U);
  ASSERT_EQ(given[0].group, 0) << "no tick so far";
  EXPECT_TRUE(lab.tell(1 - owner, given[0]).empty());
  const Lease* const lease = lab.lease_at(kOpenPool);
  ASSERT_NE(lease, nullptr);
  EXPECT_EQ(lease->group, kNewGroup);
  EXPECT_FALSE(lease->reserved);
  lab.check_leases();
}

TEST(PoolsReloadedTest, WhatTheStoreKnowsALeaseOfWaitsForARestart) {
  LeaseChange lease{.kind = LeaseChange::Kind::bound,
                    .address = kNewPool,
                    .client = {1, 2},
                    .until = Instant{} + 1h,
                    .mac = machine(77)};
  const StoredLeases stored{.key_seed = 1, .leases = {lease}};
  Lab lab(campus_config(), 1, 1, &stored);
  lab.change_config([](Config& config) { name_pool(config, {range(kNewPool, 2)}); });
  lab.wait(10ms);
  EXPECT_EQ(lab.lease_at(kNewPool), nullptr);
  EXPECT_EQ(lab.lease(machine(1), kOfNewPool), Ipv4Address{kNewPool.value + 1});
  EXPECT_TRUE(lab.lease(machine(2), kOfNewPool).is_zero());
}

}  // namespace
}  // namespace reveille::test
