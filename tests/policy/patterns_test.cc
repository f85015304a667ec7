// What Hyperscan takes, what it does not and what is then said, and what a scan finds.
#include "policy/patterns.h"

#include <ctime>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reveille {
namespace {

using ::testing::HasSubstr;

TEST(Patterns, WhatCannotBeUsedIsSaidWithWhatToWrite) {
  EXPECT_THAT(pattern_problem("(a)\\1"), HasSubstr("list the alternatives"));
  EXPECT_THAT(pattern_problem("a(?=b)"), HasSubstr("`not`"));
  EXPECT_THAT(pattern_problem("(?<!a)b"), HasSubstr("`not`"));
  EXPECT_THAT(pattern_problem("a{1,40000}"), HasSubstr("use * or +"));
  EXPECT_THAT(pattern_problem("a^b"), HasSubstr("beginning"));
  EXPECT_THAT(pattern_problem("a$b"), HasSubstr("end"));
  EXPECT_THAT(pattern_problem("(?>a)"), HasSubstr("(?:...)"));
  EXPECT_THAT(pattern_problem("a++"), HasSubstr("second +"));
  EXPECT_THAT(pattern_problem("(*UTF8)a"), HasSubstr("octets"));
  EXPECT_THAT(pattern_problem(""), HasSubstr("empty"));
  EXPECT_THAT(pattern_problem(std::string_view("a\0b", 3)), HasSubstr("\\x00"));
  EXPECT_THAT(pattern_problem(std::string(kPatternLengthMax + 1, 'a')), HasSubstr("longer"));
  EXPECT_EQ(pattern_problem("[a"), "Unterminated character class starting at index 0");
  EXPECT_EQ(pattern_problem("(a"), "Missing close parenthesis for group started at index 0");
}

TEST(Patterns, TheUsualOnesAreFine) {
  for (const char* pattern :
       {"^PXEClient:Arch:0000[679]", "(?i)ipxe", R"(^\x00\x04\x00\x0a)", "x*", "^$", "a|b", "a+?",
        "[[:alpha:]]{2,40}", R"(\bfoo\b)", R"(\d+\.\d+)", "(a|b)(c|d)", "."}) {
    EXPECT_EQ(pattern_problem(pattern), "") << pattern;
  }
  EXPECT_EQ(pattern_problem(std::string(kPatternLengthMax, 'a')), "");
}

std::set<std::uint32_t> scanned(const PatternSet& set, std::string_view field) {
  PatternScratch scratch;
  EXPECT_TRUE(set.prepare(scratch));
  std::set<std::uint32_t> found;
  set.scan(
      {reinterpret_cast<const std::uint8_t*>(field.data()), field.size()}, scratch,
      [](void* to, std::uint32_t id) { static_cast<std::set<std::uint32_t>*>(to)->insert(id); },
      &found);
  return found;
}

TEST(Patterns, AScanFindsAllThatMatch) {
  const std::vector<PatternSet::Pattern> patterns{{"^abc", 1}, {"bc$", 2}, {"b", 3},  {"x", 4},
                                                  {"^x", 4},   {"c", 4},   {"a.c", 9}};
  const auto set = PatternSet::compile(patterns);
  ASSERT_TRUE(set);
  using Ids = std::set<std::uint32_t>;
  EXPECT_EQ(scanned(*set, "abc"), (Ids{1, 2, 3, 4, 9}));
  EXPECT_EQ(scanned(*set, "zabc"), (Ids{2, 3, 4, 9}));
  EXPECT_EQ(scanned(*set, "a\nc"), (Ids{4, 9}));
  EXPECT_EQ(scanned(*set, "ABC"), Ids{});
  EXPECT_GT(set->memory_bytes(), 0U);
}

TEST(Patterns, ACompilationNamesTheOneThatFailed) {
  const std::vector<PatternSet::Pattern> patterns{{"a", 7}, {"b", 8}, {"[", 9}};
  const auto set = PatternSet::compile(patterns);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().pattern, 2U);
  EXPECT_THAT(set.error().text, HasSubstr("class"));
}

// Chains and Hyperscan's own, in one set: which is which shows in nothing.
TEST(Patterns, BothKindsAreOneSet) {
  std::vector<PatternSet::Pattern> patterns{
      {"^node-1[0-9]$", 3}, {"(?:node)+-1", 5}, {"node-[0-9]+", 5}, {"^(ab)+$", 6}, {"abab", 7}};
  const auto set = PatternSet::compile(patterns);
  ASSERT_TRUE(set);
  EXPECT_EQ(scanned(*set, "node-12"), (std::set<std::uint32_t>{3, 5}));
  EXPECT_EQ(scanned(*set, "nodenode-1"), (std::set<std::uint32_t>{5}));
  EXPECT_EQ(scanned(*set, "abab"), (std::set<std::uint32_t>{6, 7}));
  EXPECT_EQ(scanned(*set, "ab"), (std::set<std::uint32_t>{6}));
  patterns.push_back({"(", 8});
  EXPECT_EQ(PatternSet::compile(patterns).error().pattern, 5U);
}

// Hyperscan alone would take some twenty seconds.
TEST(Patterns, ThousandsOfUsualOnesAreCompiledAtOnce) {
  std::vector<PatternSet::Pattern> patterns;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const std::string n = std::to_string(10000 + i);
    patterns.push_back({"^rack" + n + "-(node|blade)[0-9]+$", i});
    patterns.push_back({"(?i)port [0-9]{1,2}/" + n + "\\.", i});
  }
  const std::clock_t before = std::clock();
  const auto set = PatternSet::compile(patterns);
  EXPECT_LT(std::clock() - before, 5 * CLOCKS_PER_SEC);
  ASSERT_TRUE(set);
  EXPECT_EQ(scanned(*set, "rack14999-blade7"), (std::set<std::uint32_t>{4999}));
  EXPECT_EQ(scanned(*set, "PORT 3/12345.6"), (std::set<std::uint32_t>{2345}));
}

TEST(Patterns, OneScratchServesSeveralSets) {
  const std::vector<PatternSet::Pattern> few{{"a", 1}};  // shorter than a chain needs
  std::vector<PatternSet::Pattern> many;
  for (std::uint32_t i = 0; i < 300; ++i)
    many.push_back({std::to_string(1000 + i).append("(xy)*$"), i});
  const auto small = PatternSet::compile(few);
  const auto large = PatternSet::compile(many);
  ASSERT_TRUE(small && large);
  PatternScratch scratch;
  ASSERT_TRUE(small->prepare(scratch) && large->prepare(scratch));
  int hits = 0;
  const auto count = [](void* to, std::uint32_t) { ++*static_cast<int*>(to); };
  const std::string text = "a1299";
  const Bytes field{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  small->scan(field, scratch, count, &hits);
  large->scan(field, scratch, count, &hits);
  EXPECT_EQ(hits, 2);
}

TEST(Patterns, ThisProcessorCanRunThem) {
  EXPECT_EQ(pattern_processor_problem(), "");
}

}  // namespace
}  // namespace reveille
