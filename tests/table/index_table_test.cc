#include "table/index_table.h"

#include <array>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "table/index_lists.h"
#include "table/mix.h"

namespace reveille {
namespace {

// `spread`: how many different hashes there are; one makes every key collide.
void agrees_with_a_map(std::uint64_t spread) {
  constexpr std::uint32_t kCapacity = 100;
  IndexTable table(kCapacity);
  std::vector<std::uint32_t> keys(kCapacity);
  std::map<std::uint32_t, std::uint32_t> model;  // key to index
  std::vector<std::uint32_t> unused;
  for (std::uint32_t i = 0; i < kCapacity; ++i) unused.push_back(i);
  const auto hash = [spread](std::uint32_t key) { return mix(key) % spread; };
  std::mt19937 random(2);
  for (int step = 0; step < 50000; ++step) {
    const auto key = static_cast<std::uint32_t>(random() % 150);
    const std::uint32_t found =
        table.find(hash(key), [&](std::uint32_t index) { return keys[index] == key; });
    ASSERT_EQ(found, model.contains(key) ? model[key] : kNoIndex);
    if (found != kNoIndex) {
      table.erase(hash(key), found);
      unused.push_back(found);
      model.erase(key);
    } else if (!unused.empty()) {
      const std::uint32_t index = unused.back();
      unused.pop_back();
      keys[index] = key;
      table.insert(hash(key), index);
      model[key] = index;
    }
  }
}

TEST(IndexTable, AgreesWithAMap) {
  agrees_with_a_map(~std::uint64_t{0});
}
TEST(IndexTable, AgreesWithAMapWhenAllKeysCollide) {
  agrees_with_a_map(1);
}
TEST(IndexTable, AgreesWithAMapWhenManyKeysCollide) {
  agrees_with_a_map(5);
}

TEST(IndexLists, AgreeWithDeques) {
  constexpr std::uint32_t kItems = 50;
  constexpr std::size_t kLists = 4;
  IndexLists lists(kItems, kLists);
  std::array<std::deque<std::uint32_t>, kLists> model;
  std::mt19937 random(4);
  for (int step = 0; step < 50000; ++step) {
    const auto item = static_cast<std::uint32_t>(random() % kItems);
    const std::size_t list = random() % kLists;
    switch (random() % 8) {
      case 0: {
        const std::size_t to = (list + 1 + random() % (kLists - 1)) % kLists;
        lists.move_all(list, to);
        model[to].insert(model[to].end(), model[list].begin(), model[list].end());
        model[list].clear();
        break;
      }
      case 1:
      case 2:
      case 3:
        lists.unlink(item);
        for (auto& deque : model) std::erase(deque, item);
        break;
      default:
        if (lists.is_linked(item)) break;
        lists.push_back(list, item);
        model[list].push_back(item);
    }
    for (std::size_t i = 0; i < kLists; ++i) {
      ASSERT_EQ(lists.empty(i), model[i].empty());
      ASSERT_EQ(lists.front(i), model[i].empty() ? kNoIndex : model[i].front());
      for (std::size_t at = 0; at < model[i].size(); ++at) {
        const bool is_last = at + 1 == model[i].size();
        ASSERT_EQ(lists.after(model[i][at]), is_last ? kNoIndex : model[i][at + 1]);
      }
    }
  }
  for (std::size_t i = 0; i < kLists; ++i) {
    for (const std::uint32_t item : model[i]) {
      EXPECT_EQ(lists.front(i), item);
      lists.unlink(item);
    }
    EXPECT_TRUE(lists.empty(i));
  }
}

}  // namespace
}  // namespace reveille
