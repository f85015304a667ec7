// What is compiled once, for whom, and how long it lasts.
#include "policy/pattern_database.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "policy/patterns.h"
#include "policy/rule_builder.h"
#include "policy/rules.h"

namespace reveille {
namespace {

using Texts = std::vector<std::string>;

std::shared_ptr<const PatternDatabase> database_of(Texts texts, PatternReading reading = {}) {
  return PatternDatabase::of(std::move(texts), reading).value();
}

TEST(PatternDatabase, IsOneForTheSamePatterns) {
  const auto first = database_of({"(ab)+", "(cd)+"});
  EXPECT_EQ(database_of({"(ab)+", "(cd)+"}), first);
  EXPECT_NE(database_of({"(ab)+", "(ce)+"}), first);
  EXPECT_NE(database_of({"(ab)+"}), first);
  EXPECT_NE(database_of({"(ab)+", "(cd)+"}, {.any_case = true}), first);
  EXPECT_NE(database_of({"(ab)+", "(cd)+"}, {.dot_is_all = false}), first);
}

TEST(PatternDatabase, GoesWithTheLastWhoHoldsIt) {
  auto first = database_of({"(gone)+"});
  auto second = database_of({"(gone)+"});
  const std::weak_ptr<const PatternDatabase> watched = first;
  first.reset();
  EXPECT_FALSE(watched.expired());
  second.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_NE(database_of({"(gone)+"}), nullptr) << "and is made anew";
}

TEST(PatternDatabase, ThreadsMayAskAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 20; ++round) {
        EXPECT_NE(database_of({"(t" + std::to_string((i + round) % 3) + ")+"}), nullptr);
      }
    });
  }
  for (std::thread& one : threads) one.join();
}

using Hits = std::vector<std::uint32_t>;

Hits scanned(const PatternSet& set, PatternScratch& scratch, std::string_view field) {
  Hits hits;
  set.scan(
      {reinterpret_cast<const std::uint8_t*>(field.data()), field.size()}, scratch,
      [](void* to, std::uint32_t id) { static_cast<Hits*>(to)->push_back(id); }, &hits);
  std::ranges::sort(hits);
  return hits;
}

// A rule more in front moves all numbers; Hyperscan sees none of that.
TEST(PatternDatabase, IsSharedBySetsThatDifferInNumbersAndOrder) {
  const std::vector<PatternSet::Pattern> before{{"(xy)+", 1}, {"(zz)+q", 2}, {"rack-17", 3}};
  const std::vector<PatternSet::Pattern> after{
      {"rack-18", 1}, {"(zz)+q", 7}, {"(xy)+", 4}, {"(xy)+", 5}};
  const auto first = PatternSet::compile(before).value();
  const auto second = PatternSet::compile(after).value();
  EXPECT_EQ(database_of({"(xy)+", "(zz)+q"}).use_count(), 3);
  PatternScratch one;
  PatternScratch other;
  ASSERT_TRUE(first.prepare(one) && second.prepare(other));
  EXPECT_EQ(scanned(first, one, "xy zzq rack-17"), (Hits{1, 2, 3}));
  EXPECT_EQ(scanned(second, other, "xy zzq rack-18"), (Hits{1, 4, 5, 7}));
}

// The rules of two snapshots, as a reload makes them, and their workers at the same time.
TEST(PatternDatabase, RulesOfTwoSnapshotsShareItAndNoScratch) {
  const auto rules_of = [](const char* boot_file, const char* pattern) {
    RuleConfig rule = test::rule(test::matches(RuleField::host_name, {pattern}));
    rule.boot_file = boot_file;
    const std::vector<RuleConfig> rules{rule};
    return Rules::compile(rules, 2).value();
  };
  auto running = rules_of("old.efi", "(no)+de");
  auto next = rules_of("new.efi", "(no)+de");
  const std::weak_ptr<const PatternDatabase> watched = database_of({"(no)+de"});
  EXPECT_EQ(watched.use_count(), 2);
  const auto match = [](const Rules& rules, unsigned worker) {
    Facts facts;
    facts.host_name = "nonode";
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(rules.match(facts, worker), 0U);
  };
  std::vector<std::thread> workers;
  for (const unsigned worker : {0U, 1U}) {
    workers.emplace_back([&, worker] { match(*running, worker); });
    workers.emplace_back([&, worker] { match(*next, worker); });
  }
  for (std::thread& worker : workers) worker.join();
  running.reset();
  EXPECT_EQ(watched.use_count(), 1);
  const auto changed = rules_of("new.efi", "(no)+des");
  next.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(changed->all().empty());
}

}  // namespace
}  // namespace reveille
