// What workers tell of the addresses that they hold.
#include "worker/statistics.h"

#include <gtest/gtest.h>

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
