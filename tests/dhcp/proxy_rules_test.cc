// Rules in ProxyDHCP and on port 4011.
#include <gtest/gtest.h>

#include "dhcp/boot_lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

using wire::DhcpOption;

Config with_rule(RuleConfig rule) {
  Config config;
  config.rules = {std::move(rule)};
  return config;
}

TEST(ProxyRules, GiveFileNextServerRootPathAndOptions) {
  RuleConfig one = rule(is_arch(0), "rack.ipxe");
  one.next_server = Ipv4Address::of(10, 78, 0, 200);
  one.root_path = "aoe:e1.2";
  one.options = {{42, {10, 78, 0, 5}}};
  BootLab lab({"undionly.kpxe", "boot.ipxe"}, with_rule(one));
  ASSERT_EQ(lab.discover(BootRequest("ipxe_discover")), Outcome::proxy_offered);
  const Parsed offer(lab.sent().at(0).payload());
  EXPECT_EQ(offer->file(), "rack.ipxe");
  EXPECT_EQ(offer->siaddr(), Ipv4Address::of(10, 78, 0, 200));
  EXPECT_EQ(offer->option_text(DhcpOption::root_path), "aoe:e1.2");
  EXPECT_EQ(offer->option_address(DhcpOption{42}), Ipv4Address::of(10, 78, 0, 5));
  ASSERT_EQ(lab.boot_server(BootRequest("ipxe_boot_server_request"), kClient, 68),
            Outcome::boot_server_acked);
  EXPECT_EQ(Parsed(lab.sent().at(0).payload())->file(), "rack.ipxe");
}

TEST(ProxyRules, ARelayThatASubnetListsStandsInIt) {
  const Ipv4Address relay = Ipv4Address::of(10, 90, 0, 1);
  SubnetConfig subnet;
  subnet.prefix = *Ipv4Prefix::parse("10.79.0.0/16");
  subnet.relays = {relay};
  const std::uint64_t network = subnet.prefix.network().value;
  Config config =
      with_rule(rule(values(RuleField::subnet, {{network, network + 0xffff}}), "a.efi"));
  config.subnets = {subnet};
  BootLab lab({"snponly.efi"}, config);
  BootRequest request("edk2_discover");
  request.giaddr(relay);
  ASSERT_EQ(lab.proxy(request, relay, kServer), Outcome::proxy_offered);
  EXPECT_EQ(Parsed(lab.sent().at(0).payload())->file(), "a.efi");
  ASSERT_EQ(lab.boot_server(request, kClient, 68), Outcome::boot_server_acked);
  EXPECT_EQ(Parsed(lab.sent().at(0).payload())->file(), "a.efi");
  request.giaddr(Ipv4Address::of(10, 91, 0, 1));
  ASSERT_EQ(lab.proxy(request, relay, kServer), Outcome::proxy_offered);
  EXPECT_EQ(Parsed(lab.sent().at(0).payload())->file(), "snponly.efi");
}

TEST(ProxyRules, ARootPathAmongTheOptionsIsSaidOnce) {
  RuleConfig one = rule(is_arch(0), "rack.ipxe");
  one.root_path = "aoe:e1.2";
  one.options = {{17, {'o'}}};
  BootLab lab({"boot.ipxe"}, with_rule(one));
  ASSERT_EQ(lab.discover(BootRequest("ipxe_discover")), Outcome::proxy_offered);
  EXPECT_EQ(Parsed(lab.sent().at(0).payload())->option_text(DhcpOption::root_path), "o");
}

// An option that is there twice is read as one long one (RFC 3396).
TEST(ProxyRules, WhatARuleSaysGoesBeforeWhatFirmwareNeeds) {
  RuleConfig one = rule(is_arch(0), "rack.ipxe");
  one.options = {{60, {'x'}}, {66, {'h'}}, {67, {'f'}}};
  BootLab lab({"boot.ipxe"}, with_rule(one));
  ASSERT_EQ(lab.discover(BootRequest("ipxe_discover")), Outcome::proxy_offered);
  const Parsed offer(lab.sent().at(0).payload());
  EXPECT_EQ(offer->option_text(DhcpOption::vendor_class), "x");
  EXPECT_EQ(offer->option_text(DhcpOption::tftp_server_name), "h");
  EXPECT_EQ(offer->option_text(DhcpOption::boot_file_name), "f");
}

TEST(ProxyRules, TurnMachinesAway) {
  for (const RuleAnswer answer : {RuleAnswer::deny, RuleAnswer::ignore}) {
    RuleConfig one = rule(is_arch(0));
    one.answer = answer;
    BootLab lab({"undionly.kpxe", "snponly.efi", "boot.ipxe"}, with_rule(one));
    const Outcome expected =
        answer == RuleAnswer::deny ? Outcome::dhcp_denied : Outcome::dhcp_ignored;
    EXPECT_EQ(lab.discover(BootRequest("ipxe_discover")), expected);
    EXPECT_TRUE(lab.sent().empty());
    EXPECT_EQ(lab.events().size(), answer == RuleAnswer::deny ? 1U : 0U);
    EXPECT_EQ(lab.boot_server(BootRequest("ipxe_boot_server_request"), kClient, 68), expected);
    EXPECT_TRUE(lab.sent().empty());
    EXPECT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::proxy_offered);
  }
}

}  // namespace
}  // namespace reveille::test
