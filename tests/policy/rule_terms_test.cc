// Which rules can never decide, and why numbers find their ranges.
#include "policy/rule_terms.h"

#include <gtest/gtest.h>

#include "policy/number_index.h"
#include "policy/rule_builder.h"

namespace reveille {
namespace {

using test::all;
using test::any;
using test::in_network;
using test::is_arch;
using test::is_mac;
using test::is_uuid;
using test::matches;
using test::none;
using test::value;
using test::values;

// "3<1" : rule 3 is covered by rule 1; "+" where it takes several; "3!" excludes itself.
std::string covered(const std::vector<Condition>& conditions) {
  std::vector<RuleConfig> rules;
  for (const Condition& condition : conditions) rules.push_back(test::rule(condition));
  std::string text;
  for (const CoveredRule& one : covered_rules(RuleTerms(rules))) {
    text += std::to_string(one.rule);
    if (one.by == one.rule) {
      text += '!';
    } else {
      text.append(1, '<').append(std::to_string(one.by)).append(one.by_alone ? "" : "+");
    }
    text += ' ';
  }
  return text;
}

TEST(CoveredRules, WhatMatchesEverythingCoversAllThatFollows) {
  EXPECT_EQ(covered({is_arch(7), all({}), is_arch(0), all({})}), "2<1 3<1 ");
}

TEST(CoveredRules, TheSameConditionAgain) {
  EXPECT_EQ(covered({is_arch(7), is_arch(0), is_arch(7)}), "2<0 ");
  EXPECT_EQ(covered({matches(RuleField::host_name, {"^a"}), matches(RuleField::host_name, {"^a"}),
                     matches(RuleField::vendor_class, {"^a"})}),
            "1<0 ");
  const Uuid uuid = *Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(covered({is_uuid(uuid), all({is_uuid(uuid), is_arch(1)})}), "1<0 ");
  EXPECT_EQ(covered({matches(RuleField::option, {"a"}, 93), matches(RuleField::option, {"a"}, 94)}),
            "");
}

TEST(CoveredRules, TheNarrowerAfterTheWider) {
  EXPECT_EQ(covered({in_network(RuleField::subnet, "10.0.0.0/8"),
                     in_network(RuleField::subnet, "10.7.0.0/16"),
                     in_network(RuleField::subnet, "11.0.0.0/16")}),
            "1<0 ");
  EXPECT_EQ(covered({in_network(RuleField::subnet, "10.7.0.0/16"),
                     in_network(RuleField::subnet, "10.0.0.0/8")}),
            "");
  EXPECT_EQ(covered({values(RuleField::mac, {{0, 100}}), is_mac("00:00:00:00:00:07")}), "1<0 ");
  EXPECT_EQ(covered({values(RuleField::vlan, {{1, 5}, {6, 9}}), values(RuleField::vlan, {{4, 8}})}),
            "1<0 ");
  EXPECT_EQ(covered({values(RuleField::vlan, {{1, 5}, {7, 9}}), values(RuleField::vlan, {{4, 8}})}),
            "");
  EXPECT_EQ(
      covered({matches(RuleField::host_name, {"a", "b"}), matches(RuleField::host_name, {"b"}),
               matches(RuleField::host_name, {"b", "c"})}),
      "1<0 ");
}

TEST(CoveredRules, MoreConditionsAreNarrower) {
  const Condition host = matches(RuleField::host_name, {"x"});
  EXPECT_EQ(covered({is_arch(7), all({is_arch(7), host})}), "1<0 ");
  EXPECT_EQ(covered({all({is_arch(7), host}), is_arch(7)}), "");
  EXPECT_EQ(covered({any({is_arch(7), host}), all({host, is_mac("00:00:00:00:00:01")})}), "1<0 ");
  EXPECT_EQ(covered({is_arch(7), host, any({is_arch(7), host})}), "2<1+ ");
  EXPECT_EQ(covered({is_arch(7), host, any({is_arch(7), is_arch(7)})}), "2<0 ");
}

TEST(CoveredRules, NegationTurnsThemRound) {
  EXPECT_EQ(covered({none({is_arch(7)}), is_arch(0), is_arch(7)}), "1<0 ");
  EXPECT_EQ(covered({none({in_network(RuleField::subnet, "10.7.0.0/16")}),
                     none({in_network(RuleField::subnet, "10.0.0.0/8")}),
                     in_network(RuleField::subnet, "11.0.0.0/8")}),
            "1<0 2<0 ");
  // A machine without an architecture is none of 7, but has none either.
  EXPECT_EQ(covered({is_arch(0), none({is_arch(7)})}), "");
}

TEST(CoveredRules, ConditionsThatExcludeEachOther) {
  EXPECT_EQ(covered({all({is_arch(0), is_arch(7)}), all({is_arch(0), none({is_arch(0)})}),
                     all({value(RuleField::vlan, 3), none({values(RuleField::vlan, {{1, 9}})})})}),
            "0! 1! 2! ");
}

TEST(NumberIndex, FindsPointsAndRanges) {
  NumberIndex index;
  EXPECT_TRUE(index.empty());
  constexpr auto kLast = ~std::uint64_t{0};
  const std::vector<NumberIndex::Entry> entries{{{5, 5}, 1},  {{5, 5}, 2},      {{7, 7}, 3},
                                                {{4, 6}, 10}, {{6, 9}, 11},     {{6, 9}, 12},
                                                {{0, 1}, 13}, {{20, kLast}, 14}};
  ASSERT_TRUE(index.build(entries));
  const auto found = [&](std::uint64_t number) {
    std::vector<std::uint32_t> ids;
    index.find(number, [&](std::uint32_t id) { ids.push_back(id); });
    std::ranges::sort(ids);
    return ids;
  };
  using Ids = std::vector<std::uint32_t>;
  EXPECT_EQ(found(0), Ids{13});
  EXPECT_EQ(found(2), Ids{});
  EXPECT_EQ(found(5), (Ids{1, 2, 10}));
  EXPECT_EQ(found(6), (Ids{10, 11, 12}));
  EXPECT_EQ(found(7), (Ids{3, 11, 12}));
  EXPECT_EQ(found(9), (Ids{11, 12}));
  EXPECT_EQ(found(10), Ids{});
  EXPECT_EQ(found(kLast), Ids{14});
}

TEST(NumberIndex, RefusesRangesWithoutEnd) {
  std::vector<NumberIndex::Entry> entries;
  for (std::uint32_t i = 0; i < 5000; ++i) entries.push_back({{i, 100'000 - i}, i});
  NumberIndex index;
  EXPECT_FALSE(index.build(entries));
  EXPECT_TRUE(index.empty());
}

}  // namespace
}  // namespace reveille
