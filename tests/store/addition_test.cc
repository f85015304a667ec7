// Leases of another server for addresses that no worker has: only the database knows of those.
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/committer.h"
#include "store/durable_server.h"

namespace reveille::test {
namespace {

using testing::ElementsAre;

class AddedLeases : public testing::Test {
 protected:
  [[nodiscard]] LeaseStore open() {
    auto store = LeaseStore::open(folder_.database(), clock_.clock());
    EXPECT_TRUE(store) << store.error();
    return std::move(*store);
  }
  [[nodiscard]] LeaseChange lease(std::uint32_t n, LeaseChange::Kind kind, Seconds left) const {
    LeaseChange change = bound_lease(n, clock_.now + left);
    change.kind = kind;
    return change;
  }

  StoreFolder folder_;
  TestClock clock_;
};

TEST_F(AddedLeases, StandUnlessSomethingElseDoes) {
  using Kind = LeaseChange::Kind;
  LeaseStore store = open();
  const std::vector<LeaseChange> here{lease(1, Kind::bound, 1h),    lease(2, Kind::released, 0s),
                                      lease(3, Kind::expired, -1h), lease(4, Kind::declined, 1h),
                                      lease(5, Kind::bound, -1s),   lease(6, Kind::released, 0s)};
  ASSERT_TRUE(store.write(here));
  std::vector<LeaseChange> more;
  for (const std::uint32_t n : {1, 2, 3, 4, 5, 7}) {
    more.push_back(lease(n, Kind::bound, 2h));
    more.back().client = {9, n};
  }
  more.push_back(lease(6, Kind::expired, -1h));
  more.push_back(lease(8, Kind::expired, -1h));
  const auto added = store.add(more);
  ASSERT_TRUE(added) << added.error();
  EXPECT_THAT(*added, ElementsAre(false, true, true, false, true, true, false, true));
  std::map<std::uint32_t, LeaseChange> found;
  const auto stored = store.load();
  ASSERT_TRUE(stored);
  for (const LeaseChange& one : stored->leases) found[one.address.value & 255] = one;
  EXPECT_EQ(found.size(), 8U);
  EXPECT_EQ(found[1].client, here[0].client);
  EXPECT_EQ(found[2].client, more[1].client);
  EXPECT_EQ(found[2].version, here[1].version + 1);
  EXPECT_EQ(found[2].kind, Kind::bound);
  EXPECT_EQ(found[7].version, 1);
  EXPECT_EQ(found[8].kind, Kind::expired);
  // To add the same again changes nothing.
  EXPECT_THAT(*store.add(more), testing::Each(false));
}

TEST_F(AddedLeases, AreOnDiskWhenTheCommitterSaysSo) {
  Committer committer(open(), {});
  committer.start();
  Committer::Addition addition;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    addition.leases.push_back(lease(n, LeaseChange::Kind::bound, 1h));
  }
  committer.add(addition);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!committer.added() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
  ASSERT_TRUE(committer.added());
  EXPECT_EQ(addition.added, std::vector<bool>(1000, true));
  EXPECT_FALSE(committer.failure());
  committer.stop();
}

}  // namespace
}  // namespace reveille::test
