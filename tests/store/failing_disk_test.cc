// Every write and every sync fails once: what was said to be durable is, and after the failure
// nothing is written again.
#include "store/failing_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/durable_server.h"

namespace reveille::test {
namespace {

constexpr std::uint32_t kCommits = 6;

std::vector<LeaseChange> new_leases(std::uint32_t number, Instant now) {
  std::vector<LeaseChange> changes;
  for (std::uint32_t i = 0; i < kBatchSize; ++i) {
    const std::uint32_t n = number * kBatchSize + i;
    changes.push_back(bound_lease(n, now + 1h));
  }
  return changes;
}

class FailingDiskTest : public testing::TestWithParam<int> {
 protected:
  // How many batches the store said were durable, with the fault in place.
  std::uint32_t run(const FailingDisk& disk) {
    // Each batch is copied into the database at once: that may fail as well.
    auto store = LeaseStore::open(folder_.database(), time_.clock(),
                                  {.vfs = FailingDisk::kName, .log_pages_max = 1});
    if (!store) {
      EXPECT_THAT(store.error(), testing::HasSubstr(folder_.database()));
      return 0;
    }
    opened_ = true;
    for (std::uint32_t done = 0; done < kCommits; ++done) {
      const auto written = store->write(new_leases(done, time_.now));
      EXPECT_EQ(written.has_value(), !disk.has_failed()) << "batch " << done;
      if (written) continue;
      EXPECT_TRUE(disk.has_failed()) << written.error();
      EXPECT_FALSE(store->write(new_leases(done, time_.now)));
      return done;
    }
    return kCommits;
  }

  TestClock time_;
  StoreFolder folder_;
  bool opened_ = false;
};

TEST_P(FailingDiskTest, AtEveryOperationWhatWasDurableStaysAndNothingIsTriedAgain) {
  int fail_at = 1;
  int failures = 0;
  for (bool reached = true; reached; ++fail_at) {
    std::filesystem::remove_all(folder_.path());
    std::filesystem::create_directory(folder_.path());
    FailingDisk disk(fail_at, GetParam());
    opened_ = false;
    const std::uint32_t durable = run(disk);
    reached = disk.has_failed();
    if (reached) ++failures;
    // While the file is made SQLite takes its own first page back.
    EXPECT_LE(disk.later(), opened_ ? 0 : 2) << "after operation " << fail_at;

    auto store = LeaseStore::open(folder_.database(), time_.clock());
    ASSERT_TRUE(store) << fail_at << ": " << store.error();
    const auto stored = store->load();
    ASSERT_TRUE(stored) << fail_at << ": " << stored.error();
    // A transaction that failed may be there as a whole, or not at all.
    const std::size_t found = stored->leases.size();
    EXPECT_EQ(found % kBatchSize, 0U) << fail_at;
    EXPECT_GE(found, durable * kBatchSize) << fail_at;
  }
  EXPECT_GT(failures, 20);
}

// A disk that has no room for a longer log has room for leases; one with a fault is not trusted.
TEST_P(FailingDiskTest, ALogThatCannotBeLengthenedStaysAsItIs) {
  constexpr int kNever = 1 << 20;
  constexpr int kWrites = 8;  // of a step, and then a sync
  for (const int after : {0, 3, kWrites}) {
    std::filesystem::remove_all(folder_.path());
    std::filesystem::create_directory(folder_.path());
    FailingDisk disk(kNever, GetParam());
    auto store = LeaseStore::open(folder_.database(), time_.clock(), {.vfs = FailingDisk::kName});
    ASSERT_TRUE(store && store->write(new_leases(0, time_.now)));
    const auto before = std::filesystem::file_size(folder_.database() + "-wal");
    disk.fail_after(after);
    const auto more = store->lengthen_log();
    ASSERT_TRUE(disk.has_failed());
    const bool is_full = GetParam() == SQLITE_FULL && after < kWrites;
    EXPECT_EQ(more.has_value(), is_full);
    EXPECT_EQ(store->write(new_leases(1, time_.now)).has_value(), is_full);
    if (!is_full) continue;
    EXPECT_FALSE(*more);
    EXPECT_LT(std::filesystem::file_size(folder_.database() + "-wal"), before + 50'000);
  }
}

INSTANTIATE_TEST_SUITE_P(Errors, FailingDiskTest,
                         testing::Values(SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL));

}  // namespace
}  // namespace reveille::test
