// Machines that boot are told of their disk.
#include "policy/disk_paths.h"

#include <gtest/gtest.h>

#include "image/memory_image.h"
#include "policy/test_policy.h"

namespace reveille {
namespace {

constexpr MacAddress kNamed{{0x52, 0x54, 0, 0, 0, 1}};
constexpr MacAddress kGrouped{{0x52, 0x54, 1, 9, 9, 9}};
constexpr MacAddress kOther{{0x02, 0, 0, 0, 0, 1}};

DiskConfig disk(std::uint8_t slot, std::vector<std::string> clients = {}, bool boot = true) {
  DiskConfig config;
  config.address = DiskAddress{7, slot};
  config.boot = boot;
  for (const std::string& client : clients) config.clients.push_back(*MacPattern::parse(client));
  return config;
}

TEST(DiskPaths, MachineThatIsNamedGoesFirst) {
  const DiskPaths paths({disk(1, {}, false), disk(2), disk(3, {"52:54:01"}),
                         disk(4, {"52:54:00:00:00:01"}), disk(5)});
  const auto path_of = [&paths](const MacAddress& mac) {
    return paths.root_path(paths.disk_of(mac));
  };
  EXPECT_EQ(path_of(kNamed), "aoe:e7.4");
  EXPECT_EQ(path_of(kGrouped), "aoe:e7.3");
  EXPECT_EQ(path_of(kOther), "aoe:e7.2");
  const DiskPaths for_one({disk(4, {"52:54:00:00:00:01"})});
  EXPECT_EQ(for_one.disk_of(kOther), kNoDisk);
  EXPECT_EQ(for_one.root_path(kNoDisk), "");
}

class Plans : public testing::Test {
 protected:
  std::optional<BootPlan> plan(bool ipxe, std::string_view file_override = {}) {
    const Facts facts = machine(ipxe);
    return policy->plan(facts, file_override);
  }
  // By the rules, as workers do it.
  BootPlan decided(bool ipxe) {
    const Facts facts = machine(ipxe);
    return policy->plan_of(policy->decide(facts, 0));
  }
  Facts machine(bool ipxe) {
    catalogue =
        Catalogue({test::make_image("boot.ipxe", {1}), test::make_image("undionly.kpxe", {1})},
                  Catalogue::Options{});
    policy = test::test_policy(config, catalogue);
    Facts facts;
    facts.mac = kOther;
    facts.architecture = 0;
    facts.pxe = true;
    facts.ipxe = ipxe;
    return facts;
  }

  Config config;
  Catalogue catalogue;
  std::shared_ptr<const BootPolicy> policy;
};

TEST_F(Plans, IpxeBootsItsDiskAndNotWhatLiesInTheFolder) {
  EXPECT_EQ(plan(true)->file, "boot.ipxe") << "without disks";
  config.disks = {disk(2)};
  const auto with_disk = plan(true);
  ASSERT_TRUE(with_disk);
  EXPECT_EQ(with_disk->root_path, "aoe:e7.2");
  EXPECT_EQ(with_disk->file, "");
  EXPECT_FALSE(with_disk->script);
}

TEST_F(Plans, WhatWasChosenStaysBesideTheDisk) {
  config.disks = {disk(2)};
  EXPECT_EQ(plan(true, "special.ipxe")->file, "special.ipxe");
  EXPECT_EQ(plan(true, "special.ipxe")->root_path, "aoe:e7.2");
  config.boot.ipxe_script = "boot.ipxe";
  EXPECT_EQ(plan(true)->file, "boot.ipxe");
  EXPECT_EQ(plan(true)->root_path, "aoe:e7.2");
}

TEST_F(Plans, FirmwareGetsIpxeFirst) {
  config.disks = {disk(2)};
  EXPECT_EQ(plan(false)->file, "undionly.kpxe");
}

TEST_F(Plans, RulesDecideAndLeaveTheDiskWhereTheySayNothing) {
  config.disks = {disk(2)};
  RuleConfig any;
  any.name = "any";
  config.rules = {any};
  EXPECT_EQ(decided(true).rule, 0U);
  EXPECT_EQ(decided(true).root_path, "aoe:e7.2");
  EXPECT_EQ(decided(true).file, "");
  config.rules[0].boot_file = "special.ipxe";
  EXPECT_EQ(decided(true).root_path, "aoe:e7.2");
  EXPECT_EQ(decided(true).file, "special.ipxe") << "chosen, so it stays";
  config.rules[0].boot_file = {};
  config.rules[0].root_path = "aoe:e9.9";
  EXPECT_EQ(decided(true).root_path, "aoe:e9.9");
  EXPECT_EQ(decided(true).file, "boot.ipxe") << "as without disks";
  config.rules[0].answer = RuleAnswer::deny;
  EXPECT_EQ(decided(true).answer, RuleAnswer::deny);
  EXPECT_EQ(decided(true).disk, kNoDisk);
}

TEST(MacPattern, IsAnAddressOrHowItBegins) {
  EXPECT_TRUE(MacPattern::parse("52:54:01")->matches(kGrouped));
  EXPECT_FALSE(MacPattern::parse("52:54:01")->matches(kNamed));
  EXPECT_TRUE(MacPattern::parse("52-54-00-00-00-01")->matches(kNamed));
  EXPECT_TRUE(MacPattern::parse("52")->matches(kNamed));
  for (const char* bad : {"", "5", "52:", "52:54:00:00:00:01:02", "xx", "52:5", "any"}) {
    EXPECT_FALSE(MacPattern::parse(bad)) << bad;
  }
}

TEST(DiskAddress, IsAShelfAndASlot) {
  EXPECT_EQ(*DiskAddress::parse("e65534.254"), (DiskAddress{65534, 254}));
  EXPECT_EQ((DiskAddress{12, 3}).text(), "e12.3");
  for (const char* bad :
       {"", "e", "e1", "1.2", "e65535.1", "e1.255", "e1.", "e.1", "e1.2.3", "e-1.2"}) {
    EXPECT_FALSE(DiskAddress::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace reveille
