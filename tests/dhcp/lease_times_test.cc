// Which lease time a machine gets: of its rule, of the pool that this names, of its subnet.
#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

constexpr Ipv4Address kGuests = Ipv4Address::of(10, 77, 0, 100);  // to .107

Config with_guests() {
  Config config = small_config();
  config.subnets[0].lease_time = Seconds{8000};
  config.pools = {{"guests", {{kGuests, {kGuests.value + 7}}}, Seconds{600}}};
  RuleConfig guests = rule(matches(RuleField::host_name, {"^guest"}));
  guests.pool = "guests";
  RuleConfig hasty = rule(matches(RuleField::host_name, {"^hasty"}));
  hasty.lease_time = Seconds{90};
  RuleConfig both = rule(matches(RuleField::host_name, {"^both"}));
  both.pool = "guests";
  both.lease_time = Seconds{120};
  config.rules = {guests, hasty, both};
  return config;
}

std::optional<std::uint32_t> lease_seconds(Lab& lab, std::uint32_t i, const char* name,
                                           std::vector<Option> more = {}) {
  more.push_back({DhcpOption::host_name, bytes(name)});
  const Heard offered = lab.send({.mac = machine(i), .options = more});
  const Heard acked = lab.send({.type = DhcpType::request,
                                .mac = machine(i),
                                .requested = offered.reply().yiaddr(),
                                .server = kServer,
                                .options = more});
  const auto seconds = acked.reply().view().option_u32(DhcpOption::lease_time);
  EXPECT_EQ(offered.reply().view().option_u32(DhcpOption::lease_time), seconds);
  EXPECT_EQ(lab.lease_at(acked.reply().yiaddr())->until, lab.now() + Seconds{seconds.value_or(0)});
  return seconds;
}

TEST(LeaseTimes, AreOfTheRuleThenOfItsPoolThenOfTheSubnet) {
  Lab lab(with_guests());
  EXPECT_EQ(lease_seconds(lab, 1, "guest"), 600U);
  EXPECT_EQ(lease_seconds(lab, 2, "hasty"), 90U);
  EXPECT_EQ(lease_seconds(lab, 3, "both"), 120U);
  EXPECT_EQ(lease_seconds(lab, 4, "other"), 8000U);
  // Replies like an earlier one are that one with other fields.
  for (std::uint32_t i = 10; i < 14; ++i) {
    EXPECT_EQ(lease_seconds(lab, i, i % 2 == 0 ? "guest" : "other"), i % 2 == 0 ? 600U : 8000U);
  }
}

TEST(LeaseTimes, WhoAsksForLessGetsLess) {
  Lab lab(with_guests());
  EXPECT_EQ(lease_seconds(lab, 1, "guest", {{DhcpOption::lease_time, {0, 0, 1, 0}}}), 256U);
  EXPECT_EQ(lease_seconds(lab, 2, "guest", {{DhcpOption::lease_time, {0, 0, 255, 0}}}), 600U);
}

TEST(LeaseTimes, AReloadChangesThoseOfPools) {
  Lab lab(with_guests());
  lab.change_config([](Config& config) { config.pools[0].lease_time = Seconds{700}; });
  EXPECT_EQ(lease_seconds(lab, 1, "guest"), 700U);
}

// "unknown machines get guest addresses": whoever a [[host]] is for, is known.
TEST(KnownMachines, AreThoseOfHosts) {
  Config config = with_guests();
  Condition stranger = value(RuleField::known, 0);
  RuleConfig guests = rule(stranger);
  guests.pool = "guests";
  config.rules = {guests};
  config.hosts = {{.mac = machine(1)},
                  {.client_id = {1, 2, 3}, .boot_file = "x.efi"},
                  {.mac = machine(3), .address = Ipv4Address::of(10, 77, 0, 60)}};
  Lab lab(config);
  EXPECT_FALSE(lab.lease(machine(1)) >= kGuests);
  EXPECT_FALSE(lab.lease(machine(2), {{DhcpOption::client_identifier, {1, 2, 3}}}) >= kGuests);
  EXPECT_EQ(lab.lease(machine(3)), Ipv4Address::of(10, 77, 0, 60));
  EXPECT_TRUE(lab.lease(machine(4)) >= kGuests);
  EXPECT_TRUE(lab.lease(machine(5), {{DhcpOption::client_identifier, {1, 2, 4}}}) >= kGuests);
  // A new host is known from its next request on.
  lab.change_config([](Config& changed) { changed.hosts.push_back({.mac = machine(4)}); });
  EXPECT_FALSE(lab.lease(machine(4)) >= kGuests);
}

}  // namespace
}  // namespace reveille::test
