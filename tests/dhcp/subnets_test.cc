#include "dhcp/subnets.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

std::set<Ipv4Address> addresses_of(const Subnets& subnets, Share share, bool reserved = false) {
  std::set<Ipv4Address> addresses;
  subnets.for_each_address(share, [&](std::uint16_t, Ipv4Address address, bool is_reserved) {
    if (is_reserved != reserved) return;
    EXPECT_TRUE(addresses.insert(address).second) << address.text();
  });
  return addresses;
}

TEST(Subnets, FindTheLongestPrefix) {
  Config config = campus_config();
  config.subnets[2].prefix = *Ipv4Prefix::parse("10.0.0.0/8");
  const Subnets subnets(config);
  EXPECT_EQ(subnets.containing(Ipv4Address::of(10, 77, 0, 200))->index, 0);
  EXPECT_EQ(subnets.containing(Ipv4Address::of(10, 78, 0, 1))->index, 1);
  EXPECT_EQ(subnets.containing(Ipv4Address::of(10, 1, 2, 3))->index, 2);
  EXPECT_EQ(subnets.containing(Ipv4Address::of(11, 1, 2, 3)), nullptr);
  EXPECT_EQ(subnets.containing(Ipv4Address{}), nullptr);
}

TEST(Subnets, EveryWorkerStartsWithItsShareAndAllTogetherWithAll) {
  const Subnets subnets(campus_config(1000));
  const std::set<Ipv4Address> all = addresses_of(subnets, {0, 1});
  EXPECT_EQ(all.size(), 1020U);
  for (const unsigned workers : {2U, 3U, 7U, 32U}) {
    std::set<Ipv4Address> together;
    for (unsigned i = 0; i < workers; ++i) {
      const auto share = addresses_of(subnets, {i, workers});
      EXPECT_NEAR(static_cast<double>(share.size()), 1020.0 / workers, 1.0);
      together.insert(share.begin(), share.end());
    }
    EXPECT_EQ(together, all);
  }
}

TEST(Subnets, AReservationBelongsToTheWorkerOfItsMachine) {
  Config config = small_config();
  const Ipv4Address address = Ipv4Address::of(10, 77, 0, 11);
  config.hosts.push_back({.mac = kMachine, .address = address});
  config.hosts.push_back({.mac = machine(1), .address = address});  // its other interface
  const Subnets subnets(config);
  EXPECT_TRUE(subnets.is_reserved(address));
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(addresses_of(subnets, {i, 4}, true).size(), owner_of(kMachine, 4) == i ? 1U : 0U);
    EXPECT_FALSE(addresses_of(subnets, {i, 4}).contains(address));
  }
}

TEST(Subnets, ReservationsOutsideEverySubnetAreNobodys) {
  Config config = small_config();
  config.hosts.push_back({.mac = kMachine, .address = Ipv4Address::of(192, 168, 1, 1)});
  config.hosts.push_back({.mac = machine(1), .address = kServer});
  const Subnets subnets(config);
  EXPECT_TRUE(addresses_of(subnets, {0, 1}, true).empty());
}

TEST(Subnets, FindHostsByEachKeyAndTheFirstOfTwo) {
  Config config = small_config();
  Uuid uuid;
  uuid.octets.fill(9);
  config.hosts.push_back({.mac = kMachine, .host_name = "by mac"});
  config.hosts.push_back({.client_id = {1, 2, 3}, .host_name = "by client-id"});
  config.hosts.push_back({.uuid = uuid, .host_name = "by uuid"});
  config.hosts.push_back({.mac = kMachine, .client_id = {1, 2, 3}, .host_name = "too late"});
  const Subnets subnets(config);
  const Octets id{1, 2, 3};
  const Octets prefix_of_it{1, 2};
  EXPECT_EQ(subnets.host(&kMachine, &uuid, id)->host_name, "by mac");
  EXPECT_EQ(subnets.host(nullptr, &uuid, id)->host_name, "by uuid");
  EXPECT_EQ(subnets.host(nullptr, nullptr, id)->host_name, "by client-id");
  EXPECT_EQ(subnets.host(nullptr, nullptr, prefix_of_it), nullptr);
  // Text goes with type octet 0 before it or without.
  const Octets with_type{0, 1, 2, 3};
  const Octets with_two{0, 0, 1, 2, 3};
  EXPECT_EQ(subnets.host(nullptr, nullptr, with_type)->host_name, "by client-id");
  EXPECT_EQ(subnets.host(nullptr, nullptr, with_two), nullptr);
  const MacAddress stranger = machine(3);
  EXPECT_EQ(subnets.host(&stranger, nullptr, {}), nullptr);
}

TEST(Subnets, CountAddressesBeforeAnythingIsBuilt) {
  Config config = campus_config(1000);
  EXPECT_EQ(Subnets::count_addresses(config), 1020U);
  config.subnets[2].pools = {{Ipv4Address{}, Ipv4Address::broadcast()}};
  EXPECT_EQ(Subnets::count_addresses(config), (std::uint64_t{1} << 32) + 20);
  EXPECT_GT(Subnets::count_addresses(config), Subnets::kAddressesMax);
}

TEST(Subnets, ASubnetOfTwoHasTwoAddresses) {  // RFC 3021
  Config config = small_config();
  config.subnets[0].prefix = *Ipv4Prefix::parse("10.77.9.2/31");
  config.subnets[0].pools = {{Ipv4Address::of(10, 77, 9, 2), Ipv4Address::of(10, 77, 9, 3)}};
  EXPECT_EQ(addresses_of(Subnets(config), {0, 1}).size(), 2U);
}

}  // namespace
}  // namespace reveille::test
