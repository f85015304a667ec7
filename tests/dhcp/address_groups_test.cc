// Numbers of groups, and which addresses are whose.
#include "dhcp/address_groups.h"

#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "dhcp/subnets.h"

namespace reveille::test {
namespace {

PoolConfig range(const char* first, const char* last) {
  return {*Ipv4Address::parse(first), *Ipv4Address::parse(last)};
}

// Groups 0 to 2 are the subnets; then each pool in each subnet, as their ranges come.
Config with_pools() {
  Config config = campus_config();
  config.pools = {
      {"a",
       {range("10.77.0.100", "10.77.0.109"), range("10.99.9.0", "10.99.9.9"),
        range("10.77.0.120", "10.77.0.120")}},
      {"b", {range("10.77.0.110", "10.77.0.119")}},
      {"nowhere", {range("172.16.0.1", "172.16.0.9")}},
  };
  return config;
}

TEST(AddressGroups, AreCountedBySubnetAndPool) {
  const Subnets subnets(with_pools());
  const auto& groups = subnets.groups();
  ASSERT_EQ(groups.size(), 6U);
  for (std::uint16_t i = 0; i < 3; ++i) {
    EXPECT_EQ(groups[i].subnet, i);
    EXPECT_EQ(groups[i].pool, kNoPool);
    EXPECT_EQ(subnets.group_of(subnets.all()[i], kNoPool), i);
  }
  const Subnet& here = subnets.all()[0];
  EXPECT_EQ(subnets.group_of(here, 0), 3);
  EXPECT_EQ(groups[3].ranges.size(), 2U);
  EXPECT_EQ(subnets.group_of(subnets.all()[2], 0), 4);
  EXPECT_EQ(groups[4].subnet, 2);
  EXPECT_EQ(subnets.group_of(here, 1), 5);
  EXPECT_EQ(subnets.group_of(subnets.all()[1], 0), kNoGroup);
  EXPECT_EQ(subnets.group_of(here, 2), kNoGroup);
  EXPECT_EQ(subnets.group_of(here, kUnknownPool), kNoGroup);
}

TEST(AddressGroups, EachAddressIsOfOne) {
  Config config = with_pools();
  config.subnets[0].routers = {*Ipv4Address::parse("10.77.0.105")};
  config.hosts = {{.mac = kMachine, .address = Ipv4Address::parse("10.77.0.106")}};
  config.rules.emplace_back().address = Ipv4Address::parse("10.77.0.107");
  const Subnets subnets(config);
  struct Case {
    const char* address;
    std::uint16_t group;
    bool lent;
    bool leased;
  };
  for (const Case& one : {
           Case{"10.77.0.10", 0, true, true},
           Case{"10.77.0.99", 0, false, false},
           Case{"10.77.0.100", 3, true, true},
           Case{"10.77.0.105", 3, false, false},  // the router's
           Case{"10.77.0.106", 3, false, true},   // the host's
           Case{"10.77.0.107", 3, false, true},   // whom a rule matches
           Case{"10.77.0.109", 3, true, true},
           Case{"10.77.0.110", 5, true, true},
           Case{"10.77.0.119", 5, true, true},
           Case{"10.77.0.120", 3, true, true},
           Case{"10.77.0.121", 0, false, false},
       }) {
    const Ipv4Address address = *Ipv4Address::parse(one.address);
    EXPECT_EQ(subnets.group_at(subnets.all()[0], address), one.group) << one.address;
    for (std::uint16_t group = 0; group < subnets.groups().size(); ++group) {
      EXPECT_EQ(subnets.is_lent_by(group, address), one.lent && group == one.group)
          << one.address << " by " << group;
    }
    EXPECT_EQ(subnets.leasing(address), one.leased ? &subnets.all()[0] : nullptr) << one.address;
  }
  EXPECT_EQ(subnets.reserved_for(*Ipv4Address::parse("10.77.0.106"))->mac, kMachine);
  EXPECT_EQ(subnets.reserved_for(*Ipv4Address::parse("10.77.0.107")), nullptr);
}

TEST(AddressGroups, WhatARuleGivesStartsWithOneWorker) {
  Config config = with_pools();
  const Ipv4Address given = *Ipv4Address::parse("10.77.0.200");
  for (int i = 0; i < 2; ++i) config.rules.emplace_back().address = given;
  const Subnets subnets(config);
  EXPECT_EQ(subnets.count_addresses(Share{0, 1}), 10U + 10U + 10U + 31U + 1U);
  std::size_t seen = 0;
  for (unsigned i = 0; i < 4; ++i) {
    subnets.for_each_address({i, 4}, [&](std::uint16_t group, Ipv4Address address, bool reserved) {
      if (address != given) return;
      ++seen;
      EXPECT_TRUE(reserved);
      EXPECT_EQ(group, 0);
    });
  }
  EXPECT_EQ(seen, 1U);
}

TEST(AddressGroups, HaveALimit) {
  AddressGroups groups(1, AddressGroups::kPoolGroupsMax);
  groups.add_subnet({});
  for (std::uint32_t i = 0; i < AddressGroups::kPoolGroupsMax + 10; ++i) {
    groups.add_range(0, static_cast<std::uint16_t>(i), {{i + 1}, {i + 1}});
  }
  groups.settle();
  EXPECT_EQ(groups.all().size(), AddressGroups::kPoolGroupsMax + 1);
  EXPECT_EQ(groups.at({AddressGroups::kPoolGroupsMax + 1}), kNoGroup);
  EXPECT_EQ(groups.at({AddressGroups::kPoolGroupsMax}), AddressGroups::kPoolGroupsMax);
}

}  // namespace
}  // namespace reveille::test
