#include "table/flat_table.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "packet/share.h"

namespace reveille {
namespace {

struct Mixed {
  std::uint64_t operator()(std::uint32_t key) const { return mix(key); }
};
// Everything collides: the probe sequences and the shifts back are all that is left.
struct Constant {
  std::uint64_t operator()(std::uint32_t) const { return 7; }
};

template <class Hash>
void agrees_with_a_map(std::size_t capacity, std::uint32_t keys, int steps) {
  FlatTable<std::uint32_t, int, Hash> table(capacity);
  std::map<std::uint32_t, int> model;
  std::mt19937 random(1);
  for (int step = 0; step < steps; ++step) {
    const auto key = static_cast<std::uint32_t>(random() % keys);
    if (random() % 2 == 0) {
      const auto place = table.insert(key, step);
      if (model.contains(key)) {
        ASSERT_FALSE(place.inserted);
        ASSERT_EQ(*place.value, model[key]);
      } else if (model.size() == capacity) {
        ASSERT_EQ(place.value, nullptr);
      } else {
        ASSERT_TRUE(place.inserted);
        model[key] = step;
      }
    } else {
      ASSERT_EQ(table.erase(key), model.erase(key) == 1);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  for (std::uint32_t key = 0; key < keys; ++key) {
    const int* found = table.find(key);
    ASSERT_EQ(found != nullptr, model.contains(key));
    if (found != nullptr) {
      ASSERT_EQ(*found, model[key]);
    }
  }
}

TEST(FlatTable, AgreesWithAMap) {
  agrees_with_a_map<Mixed>(200, 300, 100000);
}
TEST(FlatTable, AgreesWithAMapWhenAllKeysCollide) {
  agrees_with_a_map<Constant>(20, 30, 20000);
}

TEST(FlatTable, RefusesBeyondCapacityAndKeepsWhatItHas) {
  FlatTable<std::uint32_t, int, Mixed> table(3);
  for (std::uint32_t key = 0; key < 3; ++key) EXPECT_TRUE(table.insert(key, 1).inserted);
  EXPECT_TRUE(table.full());
  EXPECT_EQ(table.insert(3, 1).value, nullptr);
  EXPECT_NE(table.insert(2, 9).value, nullptr);
  EXPECT_EQ(*table.find(2), 1);
}

TEST(Share, EveryKeyHasOneOwnerAndTheSharesAreEven) {
  for (const unsigned workers : {1U, 2U, 3U, 32U}) {
    std::vector<unsigned> clients(workers);
    for (std::uint64_t mac = 0x525400000000; mac < 0x525400000000 + 32000; ++mac) {
      const unsigned owner = owner_of(mac, workers);
      ASSERT_LT(owner, workers);
      ++clients[owner];
    }
    for (const unsigned count : clients) EXPECT_NEAR(count, 32000 / workers, 32000 / workers / 5);
  }
}

}  // namespace
}  // namespace reveille
