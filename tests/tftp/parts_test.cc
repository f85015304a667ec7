// The small parts of the engine by themselves.
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "packet/rate_limit.h"
#include "packet/transfer_id.h"
#include "tftp/free_slots.h"
#include "tftp/netascii.h"
#include "tftp/timer_wheel.h"
#include "tftp/transfer_table.h"

namespace reveille {
namespace {

TEST(SlotFinder, AgreesWithTheDivisionForEveryPortAndShare) {
  for (const unsigned workers : {1U, 2U, 3U, 5U, 7U, 16U, 31U, 32U}) {
    for (unsigned index = 0; index < workers; ++index) {
      const SlotFinder finder(Share{index, workers});
      for (unsigned port = 0; port < 65536; ++port) {
        const auto tid = static_cast<std::uint16_t>(port);
        const bool mine = is_transfer_id(tid) && transfer_owner(tid, workers) == index &&
                          transfer_slot(tid, workers) < transfer_slots(workers);
        ASSERT_EQ(finder.slot_of(tid),
                  mine ? transfer_slot(tid, workers) : unsigned{SlotFinder::kNone});
        if (mine) {
          ASSERT_EQ(transfer_id(finder.slot_of(tid), Share{index, workers}), tid);
        }
      }
    }
  }
}

TEST(TransferId, TheServicePortsAreNone) {
  for (const int port : {67, 68, 69, 4011}) {
    EXPECT_FALSE(is_transfer_id(static_cast<std::uint16_t>(port)));
  }
}

TEST(FreeSlots, HandsOutEachOnce) {
  FreeSlots slots(1000, 1);
  std::set<unsigned> taken;
  while (!slots.empty()) EXPECT_TRUE(taken.insert(slots.take()).second);
  EXPECT_EQ(taken.size(), 1000U);
  slots.give_back(7);
  EXPECT_EQ(slots.peek(), 7U);
  EXPECT_EQ(slots.take(), 7U);
}

// The order looks like none and depends on the seed.
TEST(FreeSlots, TheOrderLooksRandom) {
  FreeSlots one(4096, 1);
  FreeSlots two(4096, 2);
  unsigned equal = 0;
  unsigned rising = 0;
  unsigned last = 0;
  for (int i = 0; i < 4096; ++i) {
    const unsigned slot = one.take();
    equal += slot == two.take() ? 1 : 0;
    rising += slot > last ? 1 : 0;
    last = slot;
  }
  EXPECT_LT(equal, 20U);
  EXPECT_NEAR(rising, 2048, 150);
}

TEST(TimerWheel, AgreesWithASortedMap) {
  constexpr unsigned kSlots = 300;
  TimerWheel wheel(kSlots);
  std::map<unsigned, Instant> model;
  std::mt19937 random(1);
  Instant now{};
  for (int step = 0; step < 20'000; ++step) {
    const auto slot = static_cast<unsigned>(random() % kSlots);
    switch (random() % 4) {
      case 0:
        wheel.remove(slot);
        model.erase(slot);
        break;
      case 1:
        now += Nanoseconds{random() % 20'000'000};
        break;
      default: {
        // Within the horizon the wheel is exact.
        const Instant when = now + Nanoseconds{random() % 4'000'000'000};
        wheel.place(slot, when);
        model[slot] = when;
      }
    }
    while (const auto due = wheel.due(now)) {
      const auto expected = model.find(*due);
      ASSERT_NE(expected, model.end());
      ASSERT_LE(expected->second, now) << "not before its time";
      wheel.remove(*due);
      model.erase(expected);
    }
    for (const auto& [left, when] : model) ASSERT_GT(when + 2ms, now) << "not long after";
  }
}

TEST(TimerWheel, BeyondTheHorizonASlotComesUpEarlyAndMayBePutBack) {
  TimerWheel wheel(4);
  const Instant when = Instant{} + 60s;
  wheel.place(2, when);
  Instant now{};
  int early = 0;
  while (now < when + 10ms) {
    now += 1ms;
    if (const auto due = wheel.due(now)) {
      if (now >= when) {
        EXPECT_EQ(*due, 2U);
        EXPECT_GT(early, 5);
        EXPECT_LT(early, 20);
        return;
      }
      ++early;
      wheel.place(*due, when);
    }
  }
  FAIL() << "it never came up";
}

TEST(RateLimit, SpendsItsRateAndNoMore) {
  RateLimit limit(100);
  Instant now = Instant{} + 10s;
  int allowed = 0;
  for (int i = 0; i < 10'000; ++i) {
    now += 1ms;
    allowed += limit.allow(now) ? 1 : 0;
  }
  EXPECT_NEAR(allowed, 1100, 2) << "ten seconds, and one saved before";
  RateLimit none(0);
  EXPECT_FALSE(none.allow(now));
  RateLimit most(UINT32_MAX);
  EXPECT_TRUE(most.allow(now));
}

TEST(Netascii, APairMayFallOnTwoBlocks) {
  const std::vector<std::uint8_t> file{'a', '\n', '\r', 'b'};
  NetasciiCursor cursor;
  std::vector<std::uint8_t> out(2);
  std::string all;
  for (std::size_t length = 2; length == 2;) {
    length = write_netascii(file, cursor, out);
    all.append(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(length));
  }
  EXPECT_EQ(all, std::string("a\r\n\r\0b", 6));
}

// Attackers choose ports and addresses: whatever they open and close, the table agrees with
// itself.
TEST(TransferTable, CountsWhatIsOpenAndHalfOpen) {
  TransferTable table(Share{1, 2}, {100, 50}, 3);
  std::map<std::uint64_t, unsigned> open;
  std::set<std::uint64_t> half_open;
  std::mt19937 random(4);
  for (int step = 0; step < 50'000; ++step) {
    const std::uint64_t client =
        client_of(0, Ipv4Address{static_cast<std::uint32_t>(random() % 150)}, 1);
    const auto found = open.find(client);
    ASSERT_EQ(table.find(client),
              found == open.end() ? unsigned{SlotFinder::kNone} : found->second);
    if (found == open.end()) {
      if (table.full()) continue;
      const unsigned slot = table.open(client);
      ASSERT_EQ(table.slot_of(table.id(slot)), slot);
      ASSERT_TRUE(table.transfer(slot).has(Transfer::kHalfOpen));
      open[client] = slot;
      half_open.insert(client);
    } else if (half_open.contains(client) && random() % 2 == 0) {
      table.prove(found->second);
      half_open.erase(client);
    } else {
      table.close(found->second);
      half_open.erase(client);
      open.erase(found);
    }
    ASSERT_EQ(table.open(), open.size());
    ASSERT_EQ(table.half_open(), half_open.size());
    ASSERT_EQ(table.full(), open.size() == 100);
    ASSERT_EQ(table.half_open_full(), half_open.size() >= 50);
  }
}

}  // namespace
}  // namespace reveille
