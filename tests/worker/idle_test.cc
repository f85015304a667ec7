// How long a worker naps.
#include "worker/idle.h"

#include <chrono>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace reveille {
namespace {

constexpr Instant kStart{1s};
constexpr Instant kNever{1000s};

TEST(Backoff, SpinsFirst) {
  Backoff backoff(Idle::adaptive);
  backoff.worked(kStart);
  EXPECT_EQ(backoff.nap(kStart + 1us, kNever), 0ns);
  EXPECT_EQ(backoff.nap(kStart + Backoff::kSpin - 1ns, kNever), 0ns);
  EXPECT_GT(backoff.nap(kStart + Backoff::kSpin, kNever), 0ns);
}

TEST(Backoff, NapsAQuarterOfTheTimeThatWasIdle) {
  Backoff backoff(Idle::adaptive);
  backoff.worked(kStart);
  EXPECT_EQ(backoff.nap(kStart + 100us, kNever), 25us);
  EXPECT_EQ(backoff.nap(kStart + 1ms, kNever), 250us);
  EXPECT_EQ(backoff.nap(kStart + 100ms, kNever), 1ms);
}

TEST(Backoff, LongerThanAMillisecondOnlyForASmallPartOfThePause) {
  Backoff backoff(Idle::adaptive);
  backoff.worked(kStart);
  EXPECT_EQ(backoff.nap(kStart + 256ms, kNever), 1ms);
  EXPECT_EQ(backoff.nap(kStart + 512ms, kNever), 2ms);
  EXPECT_EQ(backoff.nap(kStart + 100s, kNever), kLongestNap);
}

TEST(Backoff, AnyWorkWakesItFully) {
  Backoff backoff(Idle::adaptive);
  backoff.worked(kStart);
  backoff.worked(kStart + 1s);
  EXPECT_EQ(backoff.nap(kStart + 1s + 10us, kNever), 0ns);
}

TEST(Backoff, NeverSleepsPastADeadline) {
  Backoff backoff(Idle::adaptive);
  backoff.worked(kStart);
  EXPECT_EQ(backoff.nap(kStart + 1s, kStart + 1s + 70us), 70us);
  EXPECT_EQ(backoff.nap(kStart + 1s, kStart), 0ns);
}

TEST(Backoff, BusyNeverSleeps) {
  Backoff backoff(Idle::busy);
  backoff.worked(kStart);
  EXPECT_EQ(backoff.nap(kStart + 10s, kNever), 0ns);
}

// What a port would read, and the other end.
class AtASocket : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends_), 0); }
  void TearDown() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  void arrive() { ASSERT_EQ(send(ends_[1], "x", 1, 0), 1); }
  Nanoseconds slept(Nanoseconds time) {
    const auto begin = std::chrono::steady_clock::now();
    sleeper_->sleep(time);
    return std::chrono::steady_clock::now() - begin;
  }

  int ends_[2] = {-1, -1};
  std::optional<Sleeper> sleeper_;
};

TEST_F(AtASocket, WhatArrivesEndsTheSleep) {
  sleeper_.emplace(std::vector{ends_[0]});
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
  sleeper_.emplace(std::vector{ends_[0]});
  arrive();
  EXPECT_LT(slept(10s), 5s);
  EXPECT_GE(slept(20ms), 20ms);
  EXPECT_LT(slept(10s), 5s);
  EXPECT_GE(slept(20ms), 20ms);
}

TEST_F(AtASocket, ShortNapsAndThoseWithoutASocketAreWhole) {
  sleeper_.emplace(std::vector{ends_[0]});
  arrive();
  const Nanoseconds brief = Sleeper::kWorthWaking - 1us;
  EXPECT_GE(slept(brief), brief);
  sleeper_.emplace(std::vector<int>{});
  EXPECT_GE(slept(20ms), 20ms);
}

}  // namespace
}  // namespace reveille
