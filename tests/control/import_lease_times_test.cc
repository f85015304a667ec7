// How long leases are, and who is known: of ranges, pools, classes and hosts.
#include <gmock/gmock.h>

#include "imported_config.h"

namespace reveille {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const std::optional<Seconds>& time) {
  return time ? std::to_string(time->count()) : "-";
}

std::vector<std::string> pools(const ImportedConfig& result) {
  std::vector<std::string> all;
  for (const NamedPoolConfig& pool : result.config.pools) {
    all.push_back(pool.name + " " + std::to_string(pool.ranges.size()) + " " +
                  text_of(pool.lease_time));
  }
  return all;
}

// "name pool seconds" of each rule.
std::vector<std::string> rules(const ImportedConfig& result) {
  std::vector<std::string> all;
  for (const RuleConfig& rule : result.config.rules) {
    all.push_back(rule.answer == RuleAnswer::ignore
                      ? "ignore"
                      : rule.name + ": " + rule.pool + " " + text_of(rule.lease_time));
  }
  return all;
}

TEST(ImportLeaseTimes, RangesOfDnsmasq) {
  const ImportedConfig result = imported(
      "dhcp-mac=set:red,02:07:*:*:*:*\n"
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0,12h\n"
      "dhcp-range=tag:red,10.78.5.0,10.78.5.99,255.255.0.0,10m\n"
      "dhcp-range=tag:red,10.79.5.0,10.79.5.99,255.255.0.0,30\n"
      "dhcp-range=tag:red,10.80.5.0,10.80.5.99,255.255.0.0,10m\n"
      "dhcp-option=tag:red,51,900\n",
      "dnsmasq");
  EXPECT_EQ(text_of(result.config.subnets[0].lease_time), "43200");
  EXPECT_THAT(pools(result), ElementsAre("red 2 600", "red, 120 s 1 120"));
  EXPECT_THAT(rules(result), testing::Contains("red:  900"));
}

TEST(ImportLeaseTimes, WhatOneSubnetCannotHaveIsSaid) {
  const ImportedConfig result = imported(
      "dhcp-mac=set:red,02:07:*:*:*:*\n"
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0,12h\n"
      "dhcp-range=10.77.2.0,10.77.2.99,255.255.0.0,6h\n"
      "dhcp-range=tag:red,10.78.5.0,10.78.5.99,255.255.0.0,10m\n"
      "dhcp-range=tag:red,10.78.6.0,10.78.6.99,255.255.0.0,20m\n",
      "dnsmasq");
  EXPECT_EQ(text_of(result.config.subnets[0].lease_time), "21600");
  EXPECT_THAT(result.toml, HasSubstr("# 3: \"dhcp-range=10.77.2.0,10.77.2.99,255.255.0.0,6h\": "
                                     "the last lease time counts for all of the subnet"));
  EXPECT_THAT(result.toml, HasSubstr("\"10.78.6.0-10.78.6.99\": nobody gets these: a pool with "
                                     "another lease time"));
}

// Whichever stands first in the file.
TEST(ImportLeaseTimes, TaggedRangesOfDnsmasqSetTags) {
  const ImportedConfig result = imported(
      "dhcp-boot=tag:of-red,red.img\n"
      "dhcp-range=set:of-red,tag:red,10.77.5.0,10.77.5.99,255.255.0.0\n"
      "dhcp-range=set:lab,10.78.1.0,10.78.1.99,255.255.0.0\n"
      "dhcp-boot=tag:lab,lab.img\n"
      "dhcp-mac=set:red,02:07:*:*:*:*\n",
      "dnsmasq");
  EXPECT_THAT(result.toml, Not(HasSubstr("tags that nothing sets")));
  EXPECT_THAT(result.files(), testing::IsSupersetOf({"lab.img", "red.img"}));
  EXPECT_THAT(result.toml,
              HasSubstr("{ all = [{ mac = \"02:07\" }, { subnet = \"10.77.0.0/16\" }] }"));
}

TEST(ImportLeaseTimes, PoolsClassesAndHostsOfDhcpd) {
  const ImportedConfig result = imported(R"(
default-lease-time 7200;
max-lease-time 9000;
class "foo" {
  match if substring (option vendor-class-identifier, 0, 4) = "SUNW";
  default-lease-time 300;
}
subnet 10.77.0.0 netmask 255.255.0.0 {
  default-lease-time 3000;
  pool { allow members of "foo"; range 10.77.1.0 10.77.1.99; default-lease-time 600; }
  pool { range 10.77.3.0 10.77.3.99; default-lease-time 1200; }
}
host one { hardware ethernet 02:00:00:00:00:01; default-lease-time 86400; }
)",
                                         "dhcpd");
  EXPECT_EQ(result.config.dhcp.lease_time, Seconds{7200});
  EXPECT_EQ(text_of(result.config.subnets[0].lease_time), "3000");
  EXPECT_THAT(pools(result), ElementsAre("foo 1 600"));
  EXPECT_THAT(rules(result), testing::IsSupersetOf({std::string("foo:  300")}));
  EXPECT_THAT(rules(result), testing::Contains(HasSubstr("86400")));
  EXPECT_THAT(result.toml, HasSubstr("\"default-lease-time 1200;\": has no equivalent for a "
                                     "single pool"));
  EXPECT_THAT(result.toml, HasSubstr("\"max-lease-time 9000;\": a client gets the default lease "
                                     "time, or less if it asks for less"));
}

TEST(ImportLeaseTimes, ClassesOfKea) {
  const ImportedConfig result = imported(R"({ "Dhcp4": {
  "valid-lifetime": 4000, "max-valid-lifetime": 8000,
  "client-classes": [ { "name": "lab", "test": "option[77].exists", "valid-lifetime": 500 } ],
  "subnet4": [ { "subnet": "10.77.0.0/16", "valid-lifetime": 700,
                 "pools": [ { "pool": "10.77.1.0 - 10.77.1.99" } ] } ] } })",
                                         "kea");
  EXPECT_EQ(result.config.dhcp.lease_time, Seconds{4000});
  EXPECT_EQ(text_of(result.config.subnets[0].lease_time), "700");
  EXPECT_THAT(rules(result), ElementsAre("lab:  500"));
  EXPECT_THAT(result.toml, HasSubstr("max-valid-lifetime: \"8000\": a client gets the lease time"));
}

TEST(ImportKnown, TagsOfDnsmasq) {
  const ImportedConfig result = imported(
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n"
      "dhcp-range=tag:!known,10.78.1.0,10.78.1.99,255.255.0.0\n"
      "dhcp-host=02:00:00:00:00:01,10.77.0.9\n"
      "dhcp-host=02:00:00:00:00:02,set:blue\n"
      "dhcp-host=02:00:00:00:*:*,set:blue\n"
      "dhcp-boot=tag:known,mine.img\n",
      "dnsmasq");
  EXPECT_THAT(pools(result), ElementsAre("!known 1 -"));
  EXPECT_THAT(result.toml, HasSubstr("when = { known = true }"));
  EXPECT_THAT(result.toml, HasSubstr("{ all = [{ not = { known = true } }, { subnet = "));
  EXPECT_EQ(result.config.hosts.size(), 2U) << "a host that only has a tag is known, too";
  EXPECT_THAT(result.toml, HasSubstr("rules know a machine by its [[host]], with one MAC address"));
  // Both at once is nobody: no rule is wasted on it.
  EXPECT_THAT(rules(result), ElementsAre("known:  -", "pool !known: !known -"));
}

TEST(ImportKnown, TagsOfDnsmasqsHostsThatAreKnownByTheirClientId) {
  const ImportedConfig result = imported(
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n"
      "dhcp-host=id:01:02:03:04,10.77.0.9,set:red\n"
      "dhcp-mac=set:red,02:07:*:*:*:*\n"
      "dhcp-boot=tag:red,red.img\n",
      "dnsmasq");
  EXPECT_THAT(result.toml, HasSubstr("any = [{ client_id = '^\\x01\\x02\\x03\\x04\\z' }, "
                                     "{ mac = \"02:07\" }]"));
}

TEST(ImportKnown, IgnoringStrangersIsWhatDnsmasqFilesDo) {
  const ImportedConfig result = imported(
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n"
      "dhcp-ignore=tag:!known\n",
      "dnsmasq");
  EXPECT_THAT(rules(result), ElementsAre("ignore"));
  EXPECT_THAT(result.toml, HasSubstr("when = { not = { known = true } }"));
}

TEST(ImportKnown, ClientsOfDhcpd) {
  const ImportedConfig result = imported(R"(
subnet 10.77.0.0 netmask 255.255.0.0 {
  pool { allow known-clients; range 10.77.1.0 10.77.1.99; }
  pool { deny known clients; range 10.77.2.0 10.77.2.99; default-lease-time 600; }
}
subnet 10.78.0.0 netmask 255.255.0.0 {
  deny unknown-clients;
  allow known-clients;
  range 10.78.1.0 10.78.1.99;
}
)",
                                         "dhcpd");
  EXPECT_THAT(pools(result), ElementsAre("known 1 -", "not known 1 600"));
  EXPECT_THAT(rules(result),
              ElementsAre("ignore", "pool known: known -", "pool not known: not known -"));
  EXPECT_THAT(result.toml,
              HasSubstr("{ all = [{ not = { known = true } }, { subnet = \"10.78.0.0/16\" }] }"));
}

TEST(ImportKnown, ClassesThatKeaHasByItself) {
  const ImportedConfig result = imported(R"({ "Dhcp4": {
  "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [
      { "pool": "10.77.1.0 - 10.77.1.99", "client-class": "KNOWN" },
      { "pool": "10.77.2.0 - 10.77.2.99", "client-class": "UNKNOWN" } ] } ] } })",
                                         "kea");
  EXPECT_THAT(pools(result), ElementsAre("KNOWN 1 -", "UNKNOWN 1 -"));
}

}  // namespace
}  // namespace reveille
