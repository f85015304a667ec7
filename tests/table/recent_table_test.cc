#include "table/recent_table.h"

#include <algorithm>
#include <deque>
#include <random>
#include <utility>

#include <gtest/gtest.h>

namespace reveille {
namespace {

TEST(RecentTable, AgreesWithAListOfWhatWasNamedLast) {
  constexpr std::size_t kCapacity = 20;
  RecentTable<int> table(kCapacity, 7);
  std::deque<std::pair<std::uint64_t, int>> model;  // oldest first
  std::mt19937 random(1);
  for (int step = 0; step < 20000; ++step) {
    const std::uint64_t key = random() % 30;
    const auto same_key = [key](const auto& entry) { return entry.first == key; };
    const auto known = std::ranges::find_if(model, same_key);
    const int* const found = table.find(key);
    ASSERT_EQ(found != nullptr, known != model.end()) << step;
    if (found != nullptr) {
      ASSERT_EQ(*found, known->second) << step;
    }
    if (random() % 2 == 0) continue;
    if (known != model.end()) {
      model.erase(known);
    } else if (model.size() == kCapacity) {
      model.pop_front();
    }
    model.emplace_back(key, step);
    table.renew(key, step);
  }
}

TEST(RecentTable, HasRoomForOneAtLeast) {
  RecentTable<int> table(0, 0);
  EXPECT_EQ(table.capacity(), 1U);
  table.renew(1, 10);
  table.renew(2, 20);
  EXPECT_EQ(table.find(1), nullptr);
  ASSERT_NE(table.find(2), nullptr);
  EXPECT_EQ(*table.find(2), 20);
}

}  // namespace
}  // namespace reveille
