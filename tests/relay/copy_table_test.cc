#include "relay/copy_table.h"

#include <gtest/gtest.h>

#include "relay/relay_pairs.h"

namespace reveille {
namespace {

using Kind = CopyTable::Kind;

constexpr Instant kStart = Instant{} + 10s;
constexpr RelayPath kLeft{Ipv4Address::of(10, 0, 0, 2), Ipv4Address::of(10, 0, 0, 2)};
constexpr RelayPath kRight{Ipv4Address::of(10, 0, 0, 3), Ipv4Address::of(10, 0, 0, 3)};

CopyKey key(std::uint64_t client, std::uint32_t xid = 7, std::uint16_t secs = 0) {
  return {client, xid, secs, 1, Service::dhcp};
}

TEST(CopyTable, TellsCopiesFromRepetitions) {
  CopyTable table(100, 1s, 1);
  EXPECT_EQ(table.note(key(1), kLeft, kStart).kind, Kind::first);
  EXPECT_EQ(table.note(key(1), kLeft, kStart + 1ms).kind, Kind::repeat);
  const auto seen = table.note(key(1), kRight, kStart + 2ms);
  EXPECT_EQ(seen.kind, Kind::copy);
  EXPECT_EQ(seen.first_path, kLeft);
  EXPECT_EQ(table.note(key(1), kLeft, kStart + 3ms).kind, Kind::repeat);
}

TEST(CopyTable, EveryPartOfTheKeyCounts) {
  CopyTable table(100, 1s, 1);
  CopyKey others[] = {key(1), key(2), key(1, 8), key(1, 7, 4), key(1), key(1)};
  others[4].type = 3;
  others[5].service = Service::boot_server;
  for (const CopyKey& other : others) {
    EXPECT_EQ(table.note(other, kLeft, kStart).kind, Kind::first);
  }
  for (const CopyKey& other : others) {
    EXPECT_EQ(table.note(other, kRight, kStart).kind, Kind::copy);
  }
}

TEST(CopyTable, TheWindowIsOpenAtItsEnd) {
  CopyTable table(100, 1s, 1);
  table.note(key(1), kLeft, kStart);
  EXPECT_EQ(table.note(key(1), kRight, kStart + 999999999ns).kind, Kind::copy);
  EXPECT_EQ(table.note(key(1), kRight, kStart + 1s).kind, Kind::first);
  // Now the right one was first.
  EXPECT_EQ(table.note(key(1), kLeft, kStart + 1500ms).kind, Kind::copy);
}

TEST(CopyTable, FullItForgetsTheOldestOnly) {
  CopyTable table(8, 1s, 1);
  for (std::uint64_t i = 0; i < 9; ++i) table.note(key(i), kLeft, kStart);
  for (std::uint64_t i = 1; i < 9; ++i) {
    EXPECT_EQ(table.note(key(i), kRight, kStart).kind, Kind::copy) << i;
  }
  EXPECT_EQ(table.note(key(0), kRight, kStart).kind, Kind::first);
}

TEST(CopyTable, AgesForeverWithoutLosingItsWay) {
  CopyTable table(64, 1s, 5);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const Instant now = kStart + std::chrono::milliseconds(i);
    ASSERT_EQ(table.note(key(i), kLeft, now).kind, Kind::first);
    const std::uint64_t recent = i < 60 ? 0 : i - 60;
    ASSERT_EQ(table.note(key(recent), kRight, now).kind, Kind::copy);
  }
}

TEST(CopyTable, OfOneEntryStillWorks) {
  CopyTable table(0, 1s, 1);
  EXPECT_EQ(table.note(key(1), kLeft, kStart).kind, Kind::first);
  EXPECT_EQ(table.note(key(1), kRight, kStart).kind, Kind::copy);
  EXPECT_EQ(table.note(key(2), kRight, kStart).kind, Kind::first);
  EXPECT_EQ(table.note(key(1), kRight, kStart).kind, Kind::first);
}

TEST(RelayPairs, NameTheRoutersByGiaddrOrBySource) {
  EXPECT_EQ(RelayPairs::pair_of(kLeft, kRight), (RelayPairs::Pair{kLeft.giaddr, kRight.giaddr}));
  RelayPath one = kLeft;
  RelayPath two = kLeft;
  one.source = Ipv4Address::of(10, 0, 0, 21);
  two.source = Ipv4Address::of(10, 0, 0, 22);
  EXPECT_EQ(RelayPairs::pair_of(one, two), (RelayPairs::Pair{one.source, two.source}));
}

TEST(RelayPairs, AreBoundedAndCountTheRestTogether) {
  RelayPairs pairs;
  for (std::uint32_t i = 0; i < 300; ++i) {
    for (std::uint32_t n = 0; n <= i % 3; ++n) pairs.count({{i}, {i + 1}});
  }
  EXPECT_EQ(pairs.total(), 600U);
  std::size_t count = 0;
  std::uint64_t sum = 0;
  pairs.for_each([&](const RelayPairs::Pair& pair, std::uint64_t copies) {
    ++count;
    sum += copies;
    EXPECT_EQ(copies, pair.first.value % 3 + 1);
    EXPECT_EQ(pair.second.value, pair.first.value + 1);
  });
  EXPECT_EQ(count, RelayPairs::kPairsMax);
  EXPECT_EQ(sum + pairs.others(), 600U);
}

}  // namespace
}  // namespace reveille
