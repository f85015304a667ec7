// The power goes after each commit, and takes with it all that was not synced: what write() said to
// be durable is.
#include <gtest/gtest.h>

#include "store/durable_server.h"
#include "store/forgetful_disk.h"

namespace reveille::test {
namespace {

constexpr std::uint32_t kBatches = 30;

// Each batch renews the first ten leases, and adds others.
std::vector<LeaseChange> batch(std::uint16_t number, Instant now) {
  std::vector<LeaseChange> changes;
  for (std::uint32_t i = 0; i < kBatchSize; ++i) {
    const std::uint32_t n = i < 10 ? i : number * kBatchSize + i;
    changes.push_back(bound_lease(n, now + 1h, number));
  }
  return changes;
}

std::map<Ipv4Address, std::uint16_t> versions_in(const std::vector<LeaseChange>& leases) {
  std::map<Ipv4Address, std::uint16_t> versions;
  for (const LeaseChange& lease : leases) versions[lease.address] = lease.version;
  return versions;
}

// By the length of the log at which it is copied into the database.
class PowerLoss : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(LogPages, PowerLoss, testing::Values(1, 30, 8192));

TEST_P(PowerLoss, TakesNothingThatWasSaidToBeDurable) {
  TestClock time;
  const StoreFolder folder;
  ForgetfulDisk disk;
  auto store = LeaseStore::open(folder.database(), time.clock(),
                                {.vfs = ForgetfulDisk::kName, .log_pages_max = GetParam()});
  ASSERT_TRUE(store) << store.error();
  std::map<Ipv4Address, std::uint16_t> durable;
  for (std::uint16_t number = 1; number <= kBatches; ++number) {
    const auto changes = batch(number, time.now);
    const int syncs = disk.syncs(folder.database() + "-wal");
    ASSERT_TRUE(store->write(changes));
    EXPECT_GT(disk.syncs(folder.database() + "-wal"), syncs);
    for (const LeaseChange& change : changes) durable[change.address] = change.version;

    const StoreFolder left;
    disk.leave_to(left.path());
    auto again = LeaseStore::open(left.database(), time.clock());
    ASSERT_TRUE(again) << "after batch " << number << ": " << again.error();
    const auto stored = again->load();
    ASSERT_TRUE(stored) << "after batch " << number << ": " << stored.error();
    ASSERT_EQ(versions_in(stored->leases), durable) << "after batch " << number;
  }
}

TEST(PowerLossAtTheStart, LeavesADatabaseThatCanBeOpened) {
  TestClock time;
  const StoreFolder folder;
  ForgetfulDisk disk;
  const auto store =
      LeaseStore::open(folder.database(), time.clock(), {.vfs = ForgetfulDisk::kName});
  ASSERT_TRUE(store) << store.error();
  const StoreFolder left;
  disk.leave_to(left.path());
  auto again = LeaseStore::open(left.database(), time.clock());
  ASSERT_TRUE(again) << again.error();
  EXPECT_FALSE(again->is_new());
  EXPECT_EQ(again->load()->leases.size(), 0U);
}

}  // namespace
}  // namespace reveille::test
