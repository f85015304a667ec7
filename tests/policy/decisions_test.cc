// Rules before everything else, and decisions that are remembered exactly as long as they hold.
#include "policy/decisions.h"

#include <gtest/gtest.h>

#include "dhcp/boot_request.h"
#include "image/memory_image.h"
#include "policy/facts_hash.h"
#include "policy/rule_builder.h"
#include "policy/test_policy.h"

namespace reveille {
namespace {

using test::all;
using test::folder;
using test::is_arch;
using test::matches;
using test::rule;
using test::test_policy;

Facts uefi_firmware(std::uint16_t architecture) {
  Facts facts;
  facts.mac = *MacAddress::parse("52:54:00:aa:01:06");
  facts.pxe = true;
  facts.architecture = architecture;
  facts.firmware = Firmware::uefi_pxe;
  return facts;
}

class RulePlans : public testing::Test {
 protected:
  BootPlan plan(const Facts& facts) {
    const auto policy = test_policy(config_, catalogue_);
    kept_.push_back(policy);
    return policy->plan_of(policy->decide(facts, 0));
  }
  RuleConfig& add(RuleConfig one) { return config_.rules.emplace_back(std::move(one)); }

  Config config_;
  Catalogue catalogue_ = folder({"undionly.kpxe", "snponly.efi", "boot.ipxe", "test.efi"});
  std::vector<std::shared_ptr<const BootPolicy>> kept_;  // what plans borrow from
};

TEST_F(RulePlans, ComeBeforeHostsSubnetsAndArchitectures) {
  HostConfig host;
  host.mac = uefi_firmware(7).mac;
  host.boot_file = "host.efi";
  config_.hosts = {host};
  EXPECT_EQ(plan(uefi_firmware(7)).file, "host.efi");
  EXPECT_EQ(plan(uefi_firmware(7)).rule, kNoRule);
  add(rule(is_arch(7), "test.efi"));
  EXPECT_EQ(plan(uefi_firmware(7)).file, "test.efi");
  EXPECT_EQ(plan(uefi_firmware(7)).rule, 0U);
  EXPECT_EQ(plan(uefi_firmware(7)).image, catalogue_.find("test.efi"));
  EXPECT_EQ(plan(uefi_firmware(0)).file, "host.efi");
}

TEST_F(RulePlans, WhatARuleDoesNotSayIsAsWithoutIt) {
  RuleConfig& only = add(rule(is_arch(7)));
  only.root_path = "aoe:e1.2";
  only.next_server = Ipv4Address::of(10, 0, 0, 9);
  only.options = {{42, {1, 2, 3, 4}}};
  const BootPlan plan = this->plan(uefi_firmware(7));
  EXPECT_EQ(plan.file, "snponly.efi");
  EXPECT_EQ(plan.root_path, "aoe:e1.2");
  EXPECT_EQ(plan.next_server, Ipv4Address::of(10, 0, 0, 9));
  ASSERT_EQ(plan.options.size(), 1U);
  EXPECT_EQ(plan.options[0].code, 42);
  EXPECT_EQ(this->plan(uefi_firmware(0)).root_path, "");
}

TEST_F(RulePlans, CarryTheAddressOrThePool) {
  config_.pools = {{"rack7", {}}, {"rack8", {}}};
  add(rule(is_arch(7))).pool = "rack8";
  add(rule(is_arch(0))).pool = "rack9";
  add(rule(is_arch(11))).address = Ipv4Address::of(10, 0, 0, 7);
  const BootPlan eighth = plan(uefi_firmware(7));
  EXPECT_EQ(eighth.pool, 1U);
  EXPECT_EQ(eighth.pool_name, "rack8");
  EXPECT_FALSE(eighth.address);
  EXPECT_EQ(plan(uefi_firmware(0)).pool, kUnknownPool);
  EXPECT_EQ(plan(uefi_firmware(0)).pool_name, "rack9");
  EXPECT_EQ(plan(uefi_firmware(11)).pool, kNoPool);
  EXPECT_EQ(plan(uefi_firmware(11)).address, Ipv4Address::of(10, 0, 0, 7));
  EXPECT_EQ(plan(uefi_firmware(16)).pool, kNoPool);
  EXPECT_FALSE(plan(uefi_firmware(16)).address);
}

TEST_F(RulePlans, NobodyGetsAFileThatItCannotRun) {
  add(rule(all({}), "snponly.efi"));
  Facts ipxe = uefi_firmware(7);
  ipxe.ipxe = true;
  EXPECT_EQ(plan(uefi_firmware(7)).file, "snponly.efi");
  EXPECT_EQ(plan(ipxe).file, "boot.ipxe");
  EXPECT_TRUE(plan(ipxe).script);
  EXPECT_EQ(plan(ipxe).rule, 0U);
  config_.rules[0].boot_file = "rack.ipxe";
  EXPECT_EQ(plan(ipxe).file, "rack.ipxe");
  EXPECT_TRUE(plan(ipxe).script);
  EXPECT_EQ(plan(uefi_firmware(7)).file, "snponly.efi");
}

TEST_F(RulePlans, OneRuleServesTheFirmwareAndTheIpxeThatItLoads) {
  add(rule(all({}), "test.efi")).ipxe_script = "boot.ipxe";
  Facts ipxe = uefi_firmware(7);
  ipxe.ipxe = true;
  EXPECT_EQ(plan(uefi_firmware(7)).file, "test.efi");
  EXPECT_FALSE(plan(uefi_firmware(7)).script);
  EXPECT_EQ(plan(ipxe).file, "boot.ipxe");
  EXPECT_TRUE(plan(ipxe).script);
  EXPECT_EQ(plan(ipxe).image, catalogue_.find("boot.ipxe"));
  config_.rules[0].boot_file = "";
  EXPECT_EQ(plan(uefi_firmware(7)).file, "snponly.efi");
  EXPECT_EQ(plan(ipxe).file, "boot.ipxe");
}

TEST_F(RulePlans, WhoIsTurnedAwayGetsNothing) {
  add(rule(is_arch(7))).answer = RuleAnswer::deny;
  add(rule(is_arch(0))).answer = RuleAnswer::ignore;
  EXPECT_EQ(plan(uefi_firmware(7)).answer, RuleAnswer::deny);
  EXPECT_EQ(plan(uefi_firmware(7)).file, "");
  EXPECT_EQ(plan(uefi_firmware(0)).answer, RuleAnswer::ignore);
  EXPECT_EQ(plan(uefi_firmware(11)).answer, RuleAnswer::serve);
}

TEST(Decisions, AreRememberedWhilePolicyAndFactsAreTheSame) {
  const Catalogue catalogue = folder({"snponly.efi", "test.efi"});
  Config config;
  config.rules = {rule(matches(RuleField::host_name, {"^test"}), "test.efi")};
  const auto policy = test_policy(config, catalogue);
  Decisions decisions(0, 99);
  Facts facts = uefi_firmware(7);
  EXPECT_EQ(decisions.plan(*policy, facts).file, "snponly.efi");
  EXPECT_EQ(decisions.misses(), 1U);
  EXPECT_EQ(decisions.plan(*policy, facts).file, "snponly.efi");
  EXPECT_EQ(decisions.hits(), 1U);
  // Another fact, another decision; the first one is still there.
  facts.host_name = "test-1";
  EXPECT_EQ(decisions.plan(*policy, facts).file, "test.efi");
  facts.host_name = "";
  EXPECT_EQ(decisions.plan(*policy, facts).file, "snponly.efi");
  EXPECT_EQ(decisions.misses(), 2U);
  EXPECT_EQ(decisions.hits(), 2U);
  // What no rule looks at changes nothing.
  facts.user_class = "anything";
  EXPECT_EQ(decisions.plan(*policy, facts).file, "snponly.efi");
  EXPECT_EQ(decisions.hits(), 3U);
  // Another policy, even if it is the same, decides anew.
  config.rules[0].boot_file = "other.efi";
  const auto next = test_policy(config, catalogue);
  EXPECT_NE(next->identity(), policy->identity());
  EXPECT_EQ(decisions.plan(*next, facts).file, "snponly.efi");
  EXPECT_EQ(decisions.misses(), 3U);
  facts.host_name = "test-1";
  EXPECT_EQ(decisions.plan(*next, facts).file, "other.efi");
}

TEST(Decisions, EveryFactThatCountsIsInTheFingerprint) {
  const Catalogue catalogue;
  Config config;
  config.rules = {rule(matches(RuleField::vendor_class, {"v"}), "v"),
                  rule(matches(RuleField::circuit_id, {"c"}), "c"),
                  rule(matches(RuleField::option, {"o"}, 12), "o")};
  HostConfig host;
  host.client_id = {1};
  host.boot_file = "h";
  config.hosts = {host};
  const auto policy = test_policy(config, catalogue);
  test::BootRequest request("edk2_discover");
  const test::Parsed message(request.with(wire::DhcpOption::host_name, "a"));
  const test::Parsed other_message(request.with(wire::DhcpOption::host_name, "b"));
  Facts plain = uefi_firmware(7);
  plain.message = &*message;
  const std::uint64_t before = policy->fingerprint(plain, FactsHash(1));
  EXPECT_EQ(policy->fingerprint(plain, FactsHash(1)), before);
  EXPECT_NE(policy->fingerprint(plain, FactsHash(2)), before);
  constexpr std::array<std::uint8_t, 1> kOctet{7};
  const std::vector<std::function<void(Facts&)>> changes{
      [](Facts& facts) { facts.mac.octets[5] ^= 1; },
      [](Facts& facts) { facts.uuid = Uuid{}; },
      [](Facts& facts) { facts.architecture = 6; },
      [](Facts& facts) { facts.firmware = Firmware::http; },
      [](Facts& facts) { facts.pxe = false; },
      [](Facts& facts) { facts.http = true; },
      [](Facts& facts) { facts.ipxe = true; },
      [](Facts& facts) { facts.raspberry_pi = true; },
      [](Facts& facts) { facts.vlan = 3; },
      [](Facts& facts) { facts.relay = Ipv4Address::of(1, 2, 3, 4); },
      [](Facts& facts) { facts.link = Ipv4Address::of(1, 2, 3, 4); },
      [](Facts& facts) { facts.vendor_class = "x"; },
      [&](Facts& facts) { facts.circuit_id = kOctet; },
      [&](Facts& facts) { facts.client_id = kOctet; },
      [&](Facts& facts) { facts.message = &*other_message; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Facts changed = plain;
    changes[i](changed);
    EXPECT_NE(policy->fingerprint(changed, FactsHash(1)), before) << i;
  }
}

TEST(Decisions, OfAMachineTheTwoNewestAreRemembered) {
  const Catalogue catalogue = folder({"snponly.efi"});
  Config config;
  config.rules = {rule(matches(RuleField::host_name, {"^test"}), "test.efi")};
  const auto policy = test_policy(config, catalogue);
  Decisions decisions(0, 99);
  Facts facts = uefi_firmware(7);
  const auto misses_with = [&](std::string_view host_name) {
    facts.host_name = host_name;
    const std::uint64_t before = decisions.misses();
    (void)decisions.plan(*policy, facts);
    return decisions.misses() - before;
  };
  EXPECT_EQ(misses_with("a"), 1U);
  EXPECT_EQ(misses_with("b"), 1U);
  EXPECT_EQ(misses_with("a"), 0U);
  EXPECT_EQ(misses_with("c"), 1U);
  EXPECT_EQ(misses_with("b"), 0U);
  EXPECT_EQ(misses_with("a"), 1U);  // the oldest has made room
}

TEST(Decisions, TenThousandMachinesThatBootTogetherAreRemembered) {
  const Catalogue catalogue = folder({"snponly.efi"});
  const auto policy = test_policy(Config{}, catalogue);
  Decisions decisions(0, 5);
  constexpr std::uint32_t kMachines = 10'000;
  for (unsigned message = 0; message < 4; ++message) {
    for (std::uint32_t i = 0; i < kMachines; ++i) {
      Facts facts = uefi_firmware(7);
      store_be32(&facts.mac.octets[2], i);
      (void)decisions.plan(*policy, facts);
    }
  }
  EXPECT_GE(decisions.hits(), 3 * kMachines * 95 / 100);
}

TEST(Decisions, AFullTableDecidesAsWell) {
  const Catalogue catalogue = folder({"snponly.efi", "undionly.kpxe"});
  Config config;
  config.rules = {rule(test::values(RuleField::mac, {{0, 9999}}), "low.efi")};
  const auto policy = test_policy(config, catalogue);
  Decisions decisions(0, 5);
  for (unsigned round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 3 * Decisions::kRemembered; ++i) {
      Facts facts = uefi_firmware(7);
      facts.mac = {};
      store_be32(&facts.mac.octets[2], i);
      ASSERT_EQ(decisions.plan(*policy, facts).file, i < 10000 ? "low.efi" : "snponly.efi") << i;
    }
  }
  EXPECT_EQ(decisions.hits() + decisions.misses(), 6 * Decisions::kRemembered);
}

TEST(FactsHash, CountsLengthsOrderAndEveryOctet) {
  std::vector<std::uint8_t> octets(40);
  std::vector<std::uint64_t> seen;
  for (std::size_t length = 0; length <= octets.size(); ++length) {
    FactsHash hash(1);
    hash.add(Bytes{octets}.first(length));
    seen.push_back(hash.value());
    for (std::size_t i = 0; i < length; ++i) {
      octets[i] = 1;
      FactsHash other(1);
      other.add(Bytes{octets}.first(length));
      seen.push_back(other.value());
      octets[i] = 0;
    }
  }
  FactsHash split(1);
  split.add(Bytes{octets}.first(3));
  split.add(Bytes{octets}.first(4));
  seen.push_back(split.value());
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
}

// The public constants of this hash, where they would make a factor 0.
TEST(FactsHash, NoOctetsMakeItForgetTheRest) {
  constexpr std::array<std::uint8_t, 8> kOne{0x2f, 0x64, 0xbd, 0x78, 0x64, 0x1d, 0x76, 0xa0};
  constexpr std::array<std::uint8_t, 8> kTwo{0xdb, 0x28, 0xb4, 0xa0, 0xd1, 0x7e, 0x03, 0xe7};
  const auto value = [](std::uint64_t seed, std::uint8_t first, const auto& end, std::size_t more) {
    std::array<std::uint8_t, 24> octets{};
    std::ranges::fill(std::span(octets).first(8), first);
    std::ranges::copy(end, octets.begin() + 8);
    FactsHash hash(seed);
    hash.add(Bytes{octets}.first(16 + more));
    return hash.value();
  };
  EXPECT_NE(value(1, 1, kTwo, 0), value(1, 2, kTwo, 0));
  EXPECT_NE(value(1, 1, kTwo, 0), value(2, 1, kTwo, 0));
  EXPECT_NE(value(1, 1, kOne, 8), value(1, 2, kOne, 8));
  EXPECT_NE(value(1, 1, kOne, 8), value(2, 1, kOne, 8));
}

}  // namespace
}  // namespace reveille
