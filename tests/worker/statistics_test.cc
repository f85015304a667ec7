// What workers tell of the addresses that they hold.
#include "worker/statistics.h"

#include <gtest/gtest.h>

#include "policy/test_policy.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

TEST(GroupStatistics, CountTheAddressesOfAllWorkers) {
  Site site({.workers = 2}, [](Config& config) {
    config.hosts.push_back({.mac = client_mac(0), .address = Ipv4Address::of(10, 78, 250, 1)});
  });
  site.start();
  const auto subnet = [&site] { return site.workers->statistics().groups.at(0); };
  constexpr std::uint64_t kAddresses = 200 * 256 + 1;
  EXPECT_EQ(subnet().addresses, kAddresses);
  EXPECT_EQ(subnet().free(), kAddresses);
  for (unsigned client = 0; client < 20; ++client) site.inject(discover(client));
  EXPECT_TRUE(site.await([&subnet] { return subnet().offered == 20; }));
  EXPECT_EQ(subnet().bound, 0u);
  EXPECT_EQ(subnet().free(), kAddresses - 20);
}

// Rules decide on every worker, and each pool is counted by itself.
TEST(GroupStatistics, CountEachPoolOnAllWorkers) {
  constexpr std::uint32_t kInPool = 12;
  Site site({.workers = 2}, [](Config& config) {
    const Ipv4Address first = Ipv4Address::of(10, 78, 220, 0);
    config.pools = {{"few", {{first, {first.value + kInPool - 1}}}}};
    RuleConfig& rule = config.rules.emplace_back();
    rule.pool = "few";
    rule.when.kind = Condition::Kind::leaf;
    rule.when.field = RuleField::mac;
    for (unsigned client = 0; client < 20; client += 2) {
      rule.when.values.push_back({client_mac(client).number(), client_mac(client).number()});
    }
  });
  auto snapshot = site.snapshot();
  snapshot->policy = test_policy(site.config, *snapshot->catalogue, 2);
  ASSERT_TRUE(site.workers->start(std::move(snapshot)));
  const auto group = [&site](std::size_t i) { return site.workers->statistics().groups.at(i); };
  EXPECT_EQ(site.workers->statistics().groups.size(), 2u);
  EXPECT_EQ(group(1).addresses, kInPool);
  for (unsigned client = 0; client < 20; ++client) site.inject(discover(client));
  // An address on its way between workers is in nobody's account.
  EXPECT_TRUE(site.await([&group] {
    return group(0).offered == 10 && group(1).offered == 10 && group(1).free() == kInPool - 10;
  }));
}

TEST(GroupStatistics, ThereAreNoneWhereNothingIsLeased) {
  Site site([](Config& config) { config.dhcp.mode = DhcpMode::proxy; });
  site.start();
  EXPECT_TRUE(site.workers->statistics().groups.empty());
}

TEST(GroupStatistics, AddUp) {
  GroupStatistics all{.addresses = 10, .offered = 1, .bound = 2, .declined = 3};
  all.add({.addresses = 5, .offered = 1, .bound = 1, .declined = 1});
  EXPECT_EQ(all.addresses, 15u);
  EXPECT_EQ(all.offered, 2u);
  EXPECT_EQ(all.bound, 3u);
  EXPECT_EQ(all.declined, 4u);
  EXPECT_EQ(all.free(), 6u);
}

}  // namespace
}  // namespace reveille
