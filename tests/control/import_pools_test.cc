// Addresses that another server keeps for tagged machines, or for those of a class, as [[pool]].
#include <gmock/gmock.h>

#include "imported_config.h"

namespace reveille {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// "file -> pool" of each rule, in order.
std::vector<std::string> gives(const ImportedConfig& result) {
  std::vector<std::string> all;
  for (const RuleConfig& rule : result.config.rules) {
    all.push_back(rule.boot_file + " -> " + rule.pool);
  }
  return all;
}

PoolConfig range(unsigned third, unsigned first, unsigned last) {
  const auto octet = [](unsigned value) { return static_cast<std::uint8_t>(value); };
  return {Ipv4Address::of(10, 77, octet(third), octet(first)),
          Ipv4Address::of(10, 77, octet(third), octet(last))};
}

TEST(ImportPools, ATaggedRangeIsForItsMachinesAlone) {
  const ImportedConfig result = imported(
      "dhcp-mac=set:red,02:07:*:*:*:*\n"
      "dhcp-range=tag:red,10.77.5.0,10.77.5.99,255.255.0.0\n"
      "dhcp-range=tag:!red,10.77.6.0,10.77.6.99,255.255.0.0\n",
      "dnsmasq");
  ASSERT_EQ(result.config.subnets.size(), 1U);
  EXPECT_TRUE(result.config.subnets[0].pools.empty());
  ASSERT_EQ(result.config.pools.size(), 2U);
  EXPECT_EQ(result.config.pools[0].name, "red");
  EXPECT_THAT(result.config.pools[0].ranges, ElementsAre(range(5, 0, 99)));
  EXPECT_THAT(result.config.pools[1].ranges, ElementsAre(range(6, 0, 99)));
  EXPECT_THAT(gives(result), ElementsAre(" -> red", " -> !red"));
  EXPECT_THAT(result.toml,
              HasSubstr("{ all = [{ mac = \"02:07\" }, { subnet = \"10.77.0.0/16\" }]"));
  EXPECT_THAT(result.toml, Not(HasSubstr("could have other addresses")));
}

TEST(ImportPools, WhoCouldHaveOthersTooHasOnlyThese) {
  const ImportedConfig result = imported(
      "dhcp-mac=set:red,02:07:*:*:*:*\n"
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n"
      "dhcp-range=tag:red,10.77.5.0,10.77.5.99,255.255.0.0\n",
      "dnsmasq");
  EXPECT_THAT(result.config.subnets[0].pools, ElementsAre(range(1, 0, 99)));
  EXPECT_EQ(result.config.pools.size(), 1U);
  EXPECT_THAT(result.toml, HasSubstr("# \"10.77.5.0-10.77.5.99\": machines of pool \"red\" could "
                                     "have other addresses of this subnet too; here only these"));
}

// Nobody must get what was not for everybody.
TEST(ImportPools, WhatNobodyCanBeToldForIsLeftOut) {
  const ImportedConfig result = imported(
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n"
      "dhcp-range=tag:blue,10.77.5.0,10.77.5.99,255.255.0.0\n"
      "dhcp-range=tag:blue,10.77.0.0,static\n",
      "dnsmasq");
  EXPECT_THAT(result.config.subnets[0].pools, ElementsAre(range(1, 0, 99)));
  EXPECT_TRUE(result.config.pools.empty());
  EXPECT_THAT(result.toml,
              HasSubstr("# 2: \"dhcp-range=tag:blue,10.77.5.0,10.77.5.99,255.255.0.0\": "
                        "tags that nothing sets which rules could know: nobody gets "
                        "these"));
  EXPECT_THAT(result.toml, HasSubstr("# 3: \"dhcp-range=tag:blue,10.77.0.0,static\": for tagged"));
}

TEST(ImportPools, ARangeWithinAnotherIsLeftOut) {
  const ImportedConfig result = imported(
      "dhcp-mac=set:red,02:07:*:*:*:*\n"
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n"
      "dhcp-range=tag:red,10.77.1.50,10.77.2.99,255.255.0.0\n",
      "dnsmasq");
  EXPECT_TRUE(result.config.pools.empty());
  EXPECT_TRUE(result.config.rules.empty());
  EXPECT_THAT(result.toml,
              HasSubstr("\"10.77.1.50-10.77.2.99\": not a pool of 10.77.0.0/16 alone"));
}

// The first rule that matches decides alone, so each says both.
TEST(ImportPools, MachinesOfAPoolGetTheirFilesAsBefore) {
  const ImportedConfig result = imported(
      "dhcp-mac=set:red,02:07:*:*:*:*\n"
      "dhcp-vendorclass=set:sun,SUNW\n"
      "dhcp-range=tag:red,10.77.5.0,10.77.5.99,255.255.0.0\n"
      "dhcp-boot=tag:sun,sun.img,,10.77.0.2\n"
      "dhcp-host=02:99:00:00:00:01,ignore\n"
      "dhcp-boot=all.img\n",
      "dnsmasq");
  EXPECT_THAT(gives(result), ElementsAre(" -> ", "sun.img -> red", "sun.img -> ", " -> red"));
  EXPECT_EQ(result.config.rules[0].answer, RuleAnswer::ignore);
  EXPECT_EQ(result.config.rules[1].next_server->text(), "10.77.0.2");
  EXPECT_EQ(result.config.boot.default_file, "all.img");
}

TEST(ImportPools, ClassesOfKea) {
  const ImportedConfig result = imported(R"({ "Dhcp4": {
  "client-classes": [
    { "name": "phone", "test": "substring(option[60].hex,0,5) == 'AVAYA'" },
    { "name": "lab", "test": "option[77].exists" } ],
  "subnet4": [
    { "subnet": "10.77.0.0/16", "pools": [
      { "pool": "10.77.1.0 - 10.77.1.99", "client-class": "phone" },
      { "pool": "10.77.2.0 - 10.77.2.99", "client-class": "SPAWN_x" } ] },
    { "subnet": "10.78.0.0/16", "client-class": "lab", "pools": [
      { "pool": "10.78.1.0 - 10.78.1.99" },
      { "pool": "10.78.2.0 - 10.78.2.99", "client-class": "phone" } ] },
    { "subnet": "10.79.0.0/16", "pools": [
      { "pool": "10.79.1.0 - 10.79.1.99", "client-class": "phone" } ] } ] } })",
                                         "kea");
  for (const SubnetConfig& subnet : result.config.subnets) EXPECT_TRUE(subnet.pools.empty());
  std::vector<std::string> pools;
  for (const NamedPoolConfig& pool : result.config.pools) {
    pools.push_back(pool.name + " " + std::to_string(pool.ranges.size()));
  }
  EXPECT_THAT(pools, ElementsAre("phone 2", "lab 1", "lab, phone 1"));
  EXPECT_THAT(result.toml, HasSubstr("{ all = [{ vendor_class = '^AVAYA' }, { subnet = "
                                     "[\"10.77.0.0/16\", \"10.79.0.0/16\"] }] }"));
  EXPECT_THAT(result.toml, HasSubstr("nobody gets these: rules know no class \"SPAWN_x\""));
}

// Debian's sample has these two pools. A class may stand behind what names it.
TEST(ImportPools, MembersOfClassesOfDhcpd) {
  const ImportedConfig result = imported(R"(
shared-network 224-29 {
  subnet 10.17.224.0 netmask 255.255.255.0 { option routers 10.17.224.1; }
  subnet 10.0.29.0 netmask 255.255.255.0 { option routers 10.0.29.1; }
  pool { allow members of "foo"; range 10.17.224.10 10.17.224.250; }
  pool { deny members of "foo"; allow dynamic bootp clients; range 10.0.29.10 10.0.29.230; }
}
subnet 10.77.0.0 netmask 255.255.0.0 {
  pool { allow members of "foo"; allow members of "bar"; range 10.77.1.0 10.77.1.99; }
  pool { allow members of "nobody"; range 10.77.2.0 10.77.2.99; }
  pool { range 10.77.3.0 10.77.3.99; }
}
class "foo" { match if substring (option vendor-class-identifier, 0, 4) = "SUNW"; }
class "bar" { match if option host-name = "bar"; }
)",
                                         "dhcpd");
  ASSERT_EQ(result.config.subnets.size(), 3U);
  EXPECT_TRUE(result.config.subnets[0].pools.empty());
  EXPECT_TRUE(result.config.subnets[1].pools.empty());
  EXPECT_THAT(result.config.subnets[2].pools, ElementsAre(range(3, 0, 99)));
  EXPECT_THAT(gives(result), ElementsAre(" -> foo", " -> not foo", " -> foo, bar"));
  EXPECT_THAT(result.toml, HasSubstr("{ all = [{ not = { vendor_class = '^SUNW' } }, { subnet = "
                                     "\"10.0.29.0/24\" }] }"));
  EXPECT_THAT(result.toml, HasSubstr("nobody gets its addresses: rules do not know its classes"));
  EXPECT_THAT(result.toml, HasSubstr("\"allow dynamic bootp clients;\": has no equivalent"));
}

}  // namespace
}  // namespace reveille
