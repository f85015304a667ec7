// Which rule decides: every field, every way to combine, and the compiled rules against a reading
// of the conditions that a child could follow.
#include "policy/rules.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "dhcp/boot_request.h"
#include "policy/rule_builder.h"
#include "policy/test_policy.h"

namespace reveille {
namespace {

using namespace std::string_view_literals;
using test::all;
using test::any;
using test::BootRequest;
using test::compiled;
using test::in_network;
using test::is_arch;
using test::is_mac;
using test::is_uuid;
using test::matches;
using test::none;
using test::Parsed;
using test::rule;
using test::value;
using test::values;

constexpr int kNone = -1;

int match(const std::vector<RuleConfig>& rules, const Facts& facts) {
  const auto found = compiled(rules)->match(facts, 0);
  return found ? static_cast<int>(*found) : kNone;
}
bool holds(const Condition& condition, const Facts& facts) {
  return match({rule(condition)}, facts) == 0;
}

Facts uefi() {
  Facts facts;
  facts.mac = *MacAddress::parse("52:54:00:aa:01:06");
  facts.uuid = Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  facts.architecture = 7;
  facts.firmware = Firmware::uefi_pxe;
  facts.pxe = true;
  facts.vendor_class = "PXEClient:Arch:00007:UNDI:003000";
  facts.host_name = "node-17";
  facts.vlan = 20;
  facts.link = Ipv4Address::of(10, 77, 3, 1);
  return facts;
}

TEST(Rules, ANumberIsInOneOfTheRanges) {
  const Facts facts = uefi();
  EXPECT_TRUE(holds(is_mac("52:54:00:aa:01:06"), facts));
  EXPECT_FALSE(holds(is_mac("52:54:00:aa:01:07"), facts));
  const std::uint64_t mac = facts.mac.number();
  EXPECT_TRUE(holds(values(RuleField::mac, {{mac - 1, mac + 1}}), facts));
  EXPECT_TRUE(holds(values(RuleField::mac, {{mac - 1, mac}}), facts));
  EXPECT_TRUE(holds(values(RuleField::mac, {{mac, mac + 1}}), facts));
  EXPECT_FALSE(holds(values(RuleField::mac, {{mac + 1, mac + 9}, {0, mac - 1}}), facts));
  EXPECT_TRUE(holds(values(RuleField::mac, {{1, 1}, {mac, mac}, {9, 9}}), facts));
  EXPECT_TRUE(holds(values(RuleField::mac, {{0, ~std::uint64_t{0}}}), facts));
  EXPECT_TRUE(holds(is_arch(7), facts));
  EXPECT_FALSE(holds(is_arch(0), facts));
  EXPECT_TRUE(holds(value(RuleField::vlan, 20), facts));
  EXPECT_TRUE(holds(in_network(RuleField::subnet, "10.77.0.0/16"), facts));
  EXPECT_FALSE(holds(in_network(RuleField::subnet, "10.77.4.0/24"), facts));
  EXPECT_TRUE(
      holds(value(RuleField::firmware, static_cast<std::uint64_t>(Firmware::uefi_pxe)), facts));
  EXPECT_TRUE(holds(is_uuid(*facts.uuid), facts));
  EXPECT_FALSE(holds(is_uuid(*Uuid::parse("00112233-4455-6677-8899-aabbccddeefe")), facts));
}

TEST(Rules, WhatAMachineDoesNotHaveMatchesNothing) {
  const Facts nothing;
  EXPECT_FALSE(holds(values(RuleField::architecture, {{0, 0xffff}}), nothing));
  EXPECT_FALSE(holds(in_network(RuleField::relay, "0.0.0.0/0"), nothing));
  EXPECT_FALSE(holds(is_uuid(Uuid{}), nothing));
  for (const RuleField field :
       {RuleField::vendor_class, RuleField::user_class, RuleField::client_id, RuleField::host_name,
        RuleField::circuit_id, RuleField::remote_id, RuleField::option, RuleField::vendor_option}) {
    EXPECT_FALSE(holds(matches(field, {".*"}, 1), nothing)) << static_cast<int>(field);
    EXPECT_TRUE(holds(none({matches(field, {".*"}, 1)}), nothing)) << static_cast<int>(field);
  }
}

TEST(Rules, APatternLooksAtItsOwnFieldAndNoOther) {
  Facts facts = uefi();
  EXPECT_TRUE(holds(matches(RuleField::vendor_class, {"Arch:0000[67]"}), facts));
  EXPECT_TRUE(holds(matches(RuleField::vendor_class, {"^PXEClient"}), facts));
  EXPECT_TRUE(holds(matches(RuleField::vendor_class, {"003000$"}), facts));
  EXPECT_FALSE(holds(matches(RuleField::vendor_class, {"^Arch"}), facts));
  EXPECT_FALSE(holds(matches(RuleField::vendor_class, {"UNDI$"}), facts));
  EXPECT_TRUE(holds(matches(RuleField::vendor_class, {"^nothing$", "undi", "UNDI"}), facts));
  EXPECT_TRUE(holds(matches(RuleField::vendor_class, {"(?i)pxeclient"}), facts));
  EXPECT_TRUE(holds(matches(RuleField::host_name, {"^node-[0-9]+$"}), facts));
  // A client that writes what a relay would write is still no relay; nor does one field run
  // into the next.
  facts.host_name = "ge-0/0/7";
  EXPECT_FALSE(holds(matches(RuleField::circuit_id, {"ge-0/0/7"}), facts));
  EXPECT_FALSE(holds(matches(RuleField::vendor_class, {"PXEClient.*ge"}), facts));
}

TEST(Rules, FieldsAreOctets) {
  Facts facts;
  constexpr std::array<std::uint8_t, 6> kCircuit{0x00, 0x04, 0x00, 0x0a, 0x01, 0xff};
  facts.circuit_id = kCircuit;
  EXPECT_TRUE(holds(matches(RuleField::circuit_id, {R"(^\x00\x04\x00\x0a)"}), facts));
  EXPECT_TRUE(holds(matches(RuleField::circuit_id, {R"(^.{6}$)"}), facts));
  EXPECT_TRUE(holds(matches(RuleField::circuit_id, {R"(\xff$)"}), facts));
  EXPECT_FALSE(holds(matches(RuleField::circuit_id, {R"(^\x00\x04\x00\x0b)"}), facts));
  facts.host_name = "a\n\x1e\0b"sv;
  EXPECT_TRUE(holds(matches(RuleField::host_name, {R"(^a.*b$)"}), facts));
  // What looks like a pattern is text.
  facts.host_name = ".*";
  EXPECT_FALSE(holds(matches(RuleField::host_name, {"^secret$"}), facts));
  const std::string longest(1024, 'x');
  facts.host_name = longest;
  EXPECT_TRUE(holds(matches(RuleField::host_name, {"^x{1024}$"}), facts));
}

TEST(Rules, AnyOptionOfTheMessageByItsNumber) {
  const Parsed request("ipxe_discover");
  const Facts facts = facts_of(*request, 0);
  EXPECT_TRUE(holds(matches(RuleField::option, {R"(^\x00\x00$)"}, 93), facts));
  EXPECT_TRUE(holds(matches(RuleField::option, {"."}, 175), facts));
  EXPECT_FALSE(holds(matches(RuleField::option, {"."}, 176), facts));
  const Parsed item("ipxe_boot_server_request");
  const Facts asked = facts_of(*item, 0);
  EXPECT_TRUE(holds(matches(RuleField::vendor_option, {"^....$"}, 71), asked));
  EXPECT_FALSE(holds(matches(RuleField::vendor_option, {"^....$"}, 71), facts));
}

TEST(Rules, ARaspberryPiIsNoPc) {
  BootRequest request("ipxe_discover");
  request.without(wire::DhcpOption::ipxe).without(wire::DhcpOption::user_class);
  const Parsed pi(request.mac("dc:a6:32:00:00:01"));
  EXPECT_TRUE(holds(is_arch(0x29), facts_of(*pi, 0)));
  EXPECT_FALSE(holds(is_arch(0x00), facts_of(*pi, 0)));
}

TEST(Rules, AllAnyAndNotCombine) {
  const Facts facts = uefi();
  const Condition yes = is_arch(7);
  const Condition also = matches(RuleField::host_name, {"node"});
  const Condition no = is_arch(0);
  EXPECT_TRUE(holds(all({}), facts));
  EXPECT_TRUE(holds(all({yes, also}), facts));
  EXPECT_FALSE(holds(all({yes, no}), facts));
  EXPECT_TRUE(holds(any({no, also}), facts));
  EXPECT_FALSE(holds(any({no}), facts));
  EXPECT_TRUE(holds(none({no}), facts));
  EXPECT_FALSE(holds(none({no, also}), facts));
  EXPECT_TRUE(holds(none({all({yes, no})}), facts));
  EXPECT_FALSE(holds(none({any({yes, no})}), facts));
  EXPECT_TRUE(holds(none({none({yes})}), facts));
  EXPECT_FALSE(holds(all({yes, none({yes})}), facts));
  EXPECT_TRUE(holds(any({yes, none({yes})}), facts));
}

TEST(Rules, TheFirstThatMatchesDecides) {
  const Facts facts = uefi();
  const Condition yes = is_arch(7);
  const Condition no = is_arch(0);
  EXPECT_EQ(match({rule(no), rule(yes), rule(yes)}, facts), 1);
  EXPECT_EQ(match({rule(no), rule(all({})), rule(yes)}, facts), 1);
  EXPECT_EQ(match({rule(yes), rule(all({})), rule(is_mac("52:54:00:aa:01:06"))}, facts), 0);
  EXPECT_EQ(match({rule(no), rule(no)}, facts), kNone);
  EXPECT_EQ(match({rule(none({no})), rule(yes)}, facts), 0);
}

TEST(Rules, TooManyCombinationsAreRefused) {
  std::vector<Condition> groups;
  for (unsigned i = 0; i < 11; ++i) {
    groups.push_back(any({value(RuleField::vlan, i), is_arch(static_cast<std::uint16_t>(i))}));
  }
  const auto made = Rules::compile(std::vector{rule(all({})), rule(all(groups))}, 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().rule, 1U);
  EXPECT_NE(made.error().text.find("1024"), std::string::npos);
}

TEST(Rules, WhatHyperscanCannotCompileNamesItsRule) {
  // Two patterns that are fine alone; the third is not, though it got past pattern_problem().
  const auto made =
      Rules::compile(std::vector{rule(matches(RuleField::host_name, {"a"})), rule(is_arch(1)),
                                 rule(matches(RuleField::host_name, {"b", "(a)\\1"}))},
                     1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().rule, 2U);
  EXPECT_NE(made.error().text.find("refer back"), std::string::npos);
}

// ---- against the plain reading of the conditions

bool reads(const Condition& condition, const Facts& facts) {
  const auto part_holds = [&](const Condition& part) { return reads(part, facts); };
  switch (condition.kind) {
    case Condition::Kind::all:
      return std::ranges::all_of(condition.parts, part_holds);
    case Condition::Kind::any:
      return std::ranges::any_of(condition.parts, part_holds);
    case Condition::Kind::none:
      return std::ranges::none_of(condition.parts, part_holds);
    case Condition::Kind::leaf:
      break;
  }
  if (is_text(condition.field)) {
    // The patterns of this test are a text or begin with '^'.
    const Bytes octets = octets_of(facts, condition.field, condition.number);
    const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
    return std::ranges::any_of(condition.patterns, [&](const std::string& pattern) {
      return pattern[0] == '^' ? text.starts_with(pattern.substr(1))
                               : text.find(pattern) != std::string_view::npos;
    });
  }
  const auto number = number_of(facts, condition.field);
  return number && std::ranges::any_of(condition.values, [&](const ValueRange& range) {
           return *number >= range.first && *number <= range.last;
         });
}

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  unsigned operator()(unsigned below) { return static_cast<unsigned>(random_() % below); }

  Condition condition(unsigned depth) {
    const unsigned kind = (*this)(depth == 0 ? 2 : 5);
    if (kind == 0) {
      constexpr std::array kFields{RuleField::mac, RuleField::architecture, RuleField::vlan,
                                   RuleField::subnet};
      std::vector<ValueRange> ranges;
      for (unsigned i = 0; i <= (*this)(3); ++i) {
        const unsigned first = (*this)(8);
        ranges.push_back({first, first + (*this)(3)});
      }
      return values(kFields[(*this)(kFields.size())], std::move(ranges));
    }
    if (kind == 1) {
      constexpr std::array kFields{RuleField::vendor_class, RuleField::host_name};
      std::vector<std::string> patterns;
      for (unsigned i = 0; i <= (*this)(2); ++i) {
        patterns.push_back(((*this)(2) == 0 ? "^" : "") + text(1 + (*this)(2)));
      }
      return matches(kFields[(*this)(2)], std::move(patterns));
    }
    constexpr std::array kKinds{Condition::Kind::all, Condition::Kind::any, Condition::Kind::none};
    std::vector<Condition> parts;
    for (unsigned i = 0; i <= (*this)(3); ++i) parts.push_back(condition(depth - 1));
    return test::group(kKinds[kind - 2], std::move(parts));
  }
  std::string text(unsigned length) {
    std::string made;
    while (made.size() < length) made += static_cast<char>('a' + (*this)(3));
    return made;
  }

 private:
  std::mt19937 random_;
};

TEST(Rules, CompiledTheyMeanWhatTheyReadLike) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Dice dice(seed);
    std::vector<RuleConfig> rules;
    for (unsigned i = 0; i < 12; ++i) rules.push_back(rule(dice.condition(2)));
    const auto made = Rules::compile(rules, 1);
    ASSERT_TRUE(made) << made.error().text;
    std::set<std::size_t> covered;
    for (const CoveredRule& one : covered_rules(RuleTerms(rules))) covered.insert(one.rule);
    for (unsigned i = 0; i < 200; ++i) {
      Facts facts;
      facts.mac.octets[5] = static_cast<std::uint8_t>(dice(10));
      facts.architecture = static_cast<std::uint16_t>(dice(10));
      facts.vlan = static_cast<std::uint16_t>(dice(10));
      facts.link.value = dice(10);
      const std::string vendor = dice.text(dice(5));
      const std::string host = dice.text(dice(5));
      facts.vendor_class = vendor;
      facts.host_name = host;
      const auto expected = std::ranges::find_if(
          rules, [&](const RuleConfig& one) { return reads(one.when, facts); });
      const auto found = (*made)->match(facts, 0);
      ASSERT_EQ(found ? *found : rules.size(), static_cast<std::size_t>(expected - rules.begin()))
          << "seed " << seed;
      const auto traces = (*made)->trace(facts, 0);
      for (const RuleTrace& trace : traces) {
        ASSERT_EQ(trace.failed.empty(), reads(rules[trace.rule].when, facts)) << "seed " << seed;
      }
      // What is said to be covered never decides.
      ASSERT_FALSE(found && covered.contains(*found)) << "seed " << seed << " rule " << *found;
    }
  }
}

}  // namespace
}  // namespace reveille
