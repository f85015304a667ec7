// How long a worker naps.
#include "worker/backoff.h"

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

}  // namespace
}  // namespace reveille
