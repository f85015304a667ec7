// Copies that are never torn.
#include "worker/published.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "worker/statistics.h"

namespace reveille {
namespace {

TEST(Published, ReadsWhatWasWrittenLast) {
  Published<WorkerStatistics> published;
  EXPECT_EQ(published.read().frames_received, 0u);
  WorkerStatistics statistics;
  statistics.frames_received = 7;
  statistics.outcomes.add(Outcome::arp_answered, 7);
  statistics.longest_gap = 3ms;
  published.write(statistics);
  const WorkerStatistics copy = published.read();
  EXPECT_EQ(copy.frames_received, 7u);
  EXPECT_EQ(copy.outcomes[Outcome::arp_answered], 7u);
  EXPECT_EQ(copy.longest_gap, 3ms);
}

TEST(Published, ACopyIsAllOfOneWrite) {
  Published<WorkerStatistics> published;
  std::atomic<bool> stopping{false};
  std::thread writer([&] {
    WorkerStatistics statistics;
    while (!stopping.load(std::memory_order_relaxed)) {
      ++statistics.frames_received;
      statistics.outcomes.add(Outcome::arp_answered);
      ++statistics.half_open;  // first, middle and last word
      published.write(statistics);
    }
  });
  for (int i = 0; i < 20000; ++i) {
    const WorkerStatistics copy = published.read();
    ASSERT_EQ(copy.frames_received, copy.outcomes[Outcome::arp_answered]);
    ASSERT_EQ(copy.frames_received, copy.half_open);
  }
  stopping = true;
  writer.join();
}

TEST(WorkerStatistics, Add) {
  WorkerStatistics a;
  a.frames_received = 1;
  a.longest_gap = 5ms;
  WorkerStatistics b;
  b.frames_received = 2;
  b.longest_gap = 4ms;
  const Statistics both{.workers = {a, b}, .ports = {}};
  EXPECT_EQ(both.sum().frames_received, 3u);
  EXPECT_EQ(both.sum().longest_gap, 5ms);
}

}  // namespace
}  // namespace reveille
