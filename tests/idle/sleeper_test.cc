// What ends a nap.
#include "idle/sleeper.h"

#include <chrono>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace reveille {
namespace {

constexpr Nanoseconds kLong = 20ms;
constexpr Nanoseconds kBrief = Sleeper::kWorthWaking - 1us;

Nanoseconds slept(Sleeper& sleeper, Nanoseconds time) {
  const auto begin = std::chrono::steady_clock::now();
  sleeper.sleep(time);
  return std::chrono::steady_clock::now() - begin;
}

bool is_readable(const Doorbell& doorbell) {
  pollfd one{.fd = doorbell.descriptor(), .events = POLLIN, .revents = 0};
  return poll(&one, 1, 0) == 1;
}

TEST(Doorbell, ARingIsASystemCallOnlyForWhoListens) {
  Doorbell doorbell;
  doorbell.ring();
  EXPECT_FALSE(is_readable(doorbell));
  doorbell.listen();
  EXPECT_FALSE(is_readable(doorbell)) << "it was rung before";
  doorbell.ring();
  EXPECT_TRUE(is_readable(doorbell));
  doorbell.take_ring();
  EXPECT_FALSE(is_readable(doorbell));
  doorbell.ring();
  EXPECT_FALSE(is_readable(doorbell)) << "one is enough";
  doorbell.listen();
  doorbell.stop_listening();
  doorbell.ring();
  EXPECT_FALSE(is_readable(doorbell));
}

TEST(Sleeper, LooksOnceMoreBeforeALongNapAlone) {
  Doorbell doorbell;
  Sleeper sleeper(&doorbell);
  EXPECT_TRUE(sleeper.may_sleep(kBrief));
  EXPECT_FALSE(sleeper.may_sleep(kLong));
  EXPECT_TRUE(sleeper.may_sleep(kLong));
  EXPECT_GE(slept(sleeper, kLong), kLong) << "nobody rings";
  EXPECT_FALSE(sleeper.may_sleep(kLong)) << "after each";
}

TEST(Sleeper, WhoRingsEndsALongNap) {
  Doorbell doorbell;
  Sleeper sleeper(&doorbell);
  EXPECT_FALSE(sleeper.may_sleep(10s));
  doorbell.ring();
  EXPECT_LT(slept(sleeper, 10s), 5s) << "rung before it began";
  for (int nap = 0; nap < 3; ++nap) {
    EXPECT_FALSE(sleeper.may_sleep(10s));
    EXPECT_TRUE(sleeper.may_sleep(10s));
    std::thread other([&doorbell] {
      std::this_thread::sleep_for(20ms);
      doorbell.ring();
    });
    EXPECT_LT(slept(sleeper, 10s), 5s);
    other.join();
  }
  EXPECT_FALSE(sleeper.may_sleep(kLong));
  EXPECT_GE(slept(sleeper, kLong), kLong) << "rings that were heard are over";
}

TEST(Sleeper, BriefNapsAreWhole) {
  Doorbell doorbell;
  Sleeper sleeper(&doorbell);
  EXPECT_FALSE(sleeper.may_sleep(kLong));
  doorbell.ring();
  EXPECT_GE(slept(sleeper, kBrief), kBrief) << "there was work meanwhile";
  EXPECT_FALSE(sleeper.may_sleep(kLong));
  EXPECT_LT(slept(sleeper, 10s), 5s) << "a ring that nobody has heard";
}

TEST(Sleeper, ThatNobodyRingsForSleepsAtOnce) {
  Sleeper sleeper(nullptr);
  EXPECT_TRUE(sleeper.may_sleep(kLong));
  EXPECT_GE(slept(sleeper, kLong), kLong);
}

// Each puts a number where the other looks, and rings. One that was not heard would cost ten
// seconds.
TEST(Sleeper, NoRingIsMissedBetweenTheLastLookAndTheNap) {
  constexpr unsigned kRounds = 2000;
  Doorbell doorbells[2];
  std::atomic<unsigned> numbers[2]{};
  const auto play = [&](int own) {
    Sleeper sleeper(&doorbells[own]);
    for (unsigned round = 1; round <= kRounds; ++round) {
      if (own == 0) {
        numbers[1].store(round, std::memory_order_release);
        doorbells[1].ring();
      }
      while (numbers[own].load(std::memory_order_acquire) != round) {
        if (sleeper.may_sleep(10s)) sleeper.sleep(10s);
      }
      if (own == 1) {
        numbers[0].store(round, std::memory_order_release);
        doorbells[0].ring();
      }
    }
  };
  const auto begin = std::chrono::steady_clock::now();
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

// What a port would read, and the other end.
class AtASocket : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends_), 0);
    sleeper_.emplace(nullptr, std::vector{ends_[0]});
  }
  void TearDown() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  void arrive() { ASSERT_EQ(send(ends_[1], "x", 1, 0), 1); }
  Nanoseconds slept(Nanoseconds time) { return reveille::slept(*sleeper_, time); }

  int ends_[2] = {-1, -1};
  std::optional<Sleeper> sleeper_;
};

TEST_F(AtASocket, WhatArrivesEndsTheSleep) {
  EXPECT_GE(slept(20ms), 20ms) << "nothing has arrived";
  arrive();
  EXPECT_LT(slept(10s), 5s);
  char octet = 0;
  ASSERT_EQ(recv(ends_[0], &octet, 1, 0), 1);
  EXPECT_GE(slept(1us), 1us) << "there was work: the next nap is a short one";
  std::thread later([this] {
    std::this_thread::sleep_for(20ms);
    arrive();
  });
  EXPECT_LT(slept(10s), 5s);
  later.join();
}

TEST_F(AtASocket, ASocketThatIsReadyForNothingIsNoBusyLoop) {
  arrive();
  EXPECT_LT(slept(10s), 5s);
  EXPECT_GE(slept(20ms), 20ms);
  EXPECT_LT(slept(10s), 5s);
  EXPECT_GE(slept(20ms), 20ms);
}

TEST_F(AtASocket, TheDoorbellIsHeardWhileASocketIsNot) {
  Doorbell doorbell;
  sleeper_.emplace(&doorbell, std::vector{ends_[0]});
  arrive();
  EXPECT_LT(slept(10s), 5s);
  EXPECT_FALSE(sleeper_->may_sleep(10s));
  doorbell.ring();
  EXPECT_LT(slept(10s), 5s);
}

TEST_F(AtASocket, ShortNapsAreWhole) {
  arrive();
  EXPECT_GE(slept(kBrief), kBrief);
}

}  // namespace
}  // namespace reveille
