// What the database keeps, what it gives back, and what it refuses.
#include "store/lease_store.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/durable_server.h"
#include "store/lease_rows.h"
#include "store/log_length.h"
#include "store/schema.h"

namespace reveille::test {
namespace {

using Kind = LeaseChange::Kind;
using ::testing::HasSubstr;

const Ipv4Address kFirst = Ipv4Address::of(10, 77, 0, 10);

class LeaseStoreTest : public testing::Test {
 protected:
  LeaseStore open() {
    auto store = LeaseStore::open(folder_.database(), time_.clock());
    EXPECT_TRUE(store) << store.error();
    return std::move(*store);
  }
  StoredLeases load() {
    LeaseStore store = open();
    auto stored = store.load();
    EXPECT_TRUE(stored) << stored.error();
    return *stored;
  }
  std::string refusal() {
    auto store = LeaseStore::open(folder_.database(), time_.clock());
    if (!store) return store.error();
    auto stored = store->load();
    return stored ? "nothing" : stored.error();
  }
  void run(const std::string& sql) {
    auto database = Database::open(folder_.database(), Database::Access::create);
    ASSERT_TRUE(database);
    const auto done = database->run(sql);
    ASSERT_TRUE(done) << done.error();
  }
  LeaseChange bound(std::uint32_t n, Seconds length, std::uint16_t version = 1) const {
    return {Kind::bound,        false,      0,      Ipv4Address{kFirst.value + n}, {1, n},
            time_.now + length, machine(n), version};
  }

  TestClock time_;
  StoreFolder folder_;
};

TEST_F(LeaseStoreTest, GivesBackWhatItKept) {
  {
    LeaseStore store = open();
    EXPECT_TRUE(store.is_new());
    const std::vector<LeaseChange> changes{
        bound(0, 3600s),
        bound(1, 60s),
        {Kind::released, false, 0, Ipv4Address{kFirst.value + 2}, {1, 2}, time_.now, machine(2), 4},
        {Kind::bound,
         true,
         0,
         Ipv4Address{kFirst.value + 3},
         {1, 3},
         Instant::max(),
         machine(3),
         1},
        {Kind::declined, false, 0, Ipv4Address{kFirst.value + 4}, {}, time_.now + 600s, machine(4)},
        {Kind::reserved, false, 0, Ipv4Address{kFirst.value + 5}, {}, Instant::max(), {}, 2}};
    ASSERT_TRUE(store.write(changes));
  }
  time_.pass(100s);
  time_.now = Instant{} + 3s;  // another process
  LeaseStore store = open();
  EXPECT_FALSE(store.is_new());
  const StoredLeases stored = *store.load();
  ASSERT_EQ(stored.leases.size(), 6U);
  // First what is over, the oldest first.
  EXPECT_EQ(stored.leases[0].kind, Kind::released);
  EXPECT_EQ(stored.leases[0].client, (ClientKey{1, 2}));
  EXPECT_EQ(stored.leases[0].version, 4);
  EXPECT_EQ(stored.leases[1].kind, Kind::expired);
  EXPECT_EQ(stored.leases[1].mac, machine(1));
  EXPECT_EQ(stored.leases[2].kind, Kind::declined);
  EXPECT_EQ(stored.leases[2].until, time_.now + 500s);
  EXPECT_EQ(stored.leases[3].kind, Kind::bound);
  EXPECT_EQ(stored.leases[3].until, time_.now + 3500s);
  EXPECT_EQ(stored.leases[4].until, Instant::max());
  EXPECT_TRUE(stored.leases[4].bootp);
  EXPECT_EQ(stored.leases[5].kind, Kind::reserved);
}

TEST_F(LeaseStoreTest, CanBeReadByHandWhileItIsOpen) {
  LeaseStore store = open();
  ASSERT_TRUE(store.write(std::vector{bound(0, 3600s)}));
  auto reader = Database::open(folder_.database(), Database::Access::read);
  ASSERT_TRUE(reader);
  auto rows = reader->prepare("SELECT address, mac, until FROM leases");
  ASSERT_TRUE(rows && *rows->step());
  EXPECT_EQ(rows->text(0), "10.77.0.10");
  EXPECT_EQ(rows->text(1), "52:54:00:00:00:00");
  EXPECT_EQ(rows->text(2), "2023-11-14 23:13:20");
}

// Two workers' records of one address in either order: the later version stands, also across the
// wrap of its sixteen bits.
TEST_F(LeaseStoreTest, KeepsTheLatestVersionInWhicheverOrderTheyCome) {
  for (const std::uint16_t older : {std::uint16_t{1}, std::uint16_t{40000}, std::uint16_t{65535}}) {
    const auto newer = static_cast<std::uint16_t>(older + 1);
    load();
    run("DELETE FROM lease");
    LeaseChange first = bound(0, 60s, older);
    first.kind = Kind::released;
    LeaseChange second = bound(0, 3600s, newer);
    LeaseStore store = open();
    ASSERT_TRUE(store.write(std::vector{second}));
    ASSERT_TRUE(store.write(std::vector{first}));
    const StoredLeases stored = *store.load();
    EXPECT_EQ(stored.leases.back().kind, Kind::bound) << older;
    EXPECT_EQ(stored.leases.back().version, newer);
  }
}

// However many are written at once, the same rows come of it: each address has several changes in
// these hundred, some of them late, and every fifth lease has no end.
TEST_F(LeaseStoreTest, KeepsTheSameOfManyAtOnceAsOfEachByItself) {
  std::vector<LeaseChange> changes;
  for (std::uint16_t i = 0; i < 100; ++i) {
    const std::uint32_t address = i * 7U % 41;
    LeaseChange change = bound(address, 60s * (i + 1), static_cast<std::uint16_t>(i ^ 3U));
    if (i % 5 == 0) change.until = Instant::max();
    if (i % 6 == 0) change.kind = Kind::released;
    changes.push_back(change);
  }
  const auto rows_after = [&](std::size_t at_once) {
    load();
    run("DELETE FROM lease");
    {
      LeaseStore store = open();
      for (std::size_t i = 0; i < changes.size(); i += at_once) {
        const std::size_t count = std::min(at_once, changes.size() - i);
        EXPECT_TRUE(store.write(std::span(changes).subspan(i, count)));
      }
    }
    auto database = Database::open(folder_.database(), Database::Access::read);
    auto query = database->prepare(std::string("SELECT ") + kColumns + " FROM lease");
    std::vector<std::string> rows;
    while (*query->step()) {
      std::string row;
      for (int column = 0; column < kColumnCount; ++column) row += query->text(column) + "|";
      rows.push_back(row);
    }
    return rows;
  };
  const std::vector<std::string> one_by_one = rows_after(1);
  EXPECT_EQ(one_by_one.size(), 41U);
  for (const std::size_t at_once : {31U, 32U, 33U, 64U, 100U}) {
    EXPECT_EQ(rows_after(at_once), one_by_one) << at_once;
  }
}

TEST_F(LeaseStoreTest, KeepsTheSeedOfClientKeys) {
  const std::uint64_t seed = load().key_seed;
  EXPECT_NE(seed, 0U);
  EXPECT_EQ(load().key_seed, seed);
  const StoreFolder other;
  EXPECT_NE(LeaseStore::open(other.database(), time_.clock())->load()->key_seed, seed);
}

TEST_F(LeaseStoreTest, TheLogIsCopiedAndStartedAnew) {
  auto opened = LeaseStore::open(folder_.database(), time_.clock(), {.log_pages_max = 20});
  ASSERT_TRUE(opened);
  std::uint64_t longest = 0;
  for (std::uint16_t version = 1; version < 100; ++version) {
    ASSERT_TRUE(opened->write(std::vector{bound(0, 600s, version)}));
    longest = std::max(longest, opened->log_bytes());
  }
  EXPECT_GE(longest, 20U * 4096);
  EXPECT_LT(longest, 40U * 4096);
}

TEST_F(LeaseStoreTest, AReaderKeepsTheLogFromBeingStartedAnewAndThatShows) {
  auto opened = LeaseStore::open(folder_.database(), time_.clock(), {.log_pages_max = 20});
  ASSERT_TRUE(opened);
  std::uint16_t version = 0;
  const auto write = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(opened->write(std::vector{bound(0, 600s, ++version)}));
    }
  };
  write(1);
  auto reader = Database::open(folder_.database(), Database::Access::read);
  ASSERT_TRUE(reader && reader->run("BEGIN; SELECT * FROM lease"));
  write(100);
  EXPECT_GE(opened->log_bytes(), 100U * 4096);
  ASSERT_TRUE(reader->run("COMMIT"));
  write(2);
  EXPECT_LT(opened->log_bytes(), 20U * 4096);
}

// Commits that follow need not lengthen the file, and what is in it counts as before.
TEST_F(LeaseStoreTest, TheLogIsLengthenedAheadOfNeed) {
  const std::string log = folder_.database() + "-wal";
  auto opened = LeaseStore::open(folder_.database(), time_.clock(), {.log_pages_max = 400});
  ASSERT_TRUE(opened && opened->write(std::vector{bound(0, 600s, 1)}));
  int steps = 0;
  for (auto more = opened->lengthen_log(); more && *more; more = opened->lengthen_log()) ++steps;
  EXPECT_GE(steps, 3) << "an ACK may wait for any of them";
  const auto whole = std::filesystem::file_size(log);
  EXPECT_EQ(whole, 32U + 400 * (4096 + 24));
  for (std::uint16_t version = 2; version < 100; ++version) {
    ASSERT_TRUE(opened->write(std::vector{bound(version, 600s, version)}));
  }
  EXPECT_EQ(std::filesystem::file_size(log), whole);
  EXPECT_LT(opened->log_bytes(), whole);
  // What a crash leaves behind is read as far as it was written.
  const StoreFolder crashed;
  for (const char* const end : {"", "-wal"}) {
    std::filesystem::copy_file(folder_.database() + end, crashed.database() + end);
  }
  auto again = LeaseStore::open(crashed.database(), time_.clock());
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->load()->leases.size(), 99U);
}

// Where another program's transaction goes nothing else is written.
TEST_F(LeaseStoreTest, TheLogIsNotLengthenedWhileSomebodyElseWrites) {
  LeaseStore store = open();
  auto other = Database::open(folder_.database(), Database::Access::write);
  ASSERT_TRUE(other && other->run("BEGIN IMMEDIATE"));
  const auto before = std::filesystem::file_size(folder_.database() + "-wal");
  EXPECT_EQ(store.lengthen_log(), false);
  EXPECT_EQ(std::filesystem::file_size(folder_.database() + "-wal"), before);
  ASSERT_TRUE(other->run("DELETE FROM lease; COMMIT"));
  EXPECT_EQ(store.lengthen_log(), true);
  EXPECT_TRUE(store.write(std::vector{bound(1, 600s, 1)}));
}

TEST(LogLength, IsToldOnceUntilItHasBeenShort) {
  LogLength length;
  EXPECT_FALSE(length.look("/x", LogLength::kBytesWarn));
  const auto told = length.look("/x", LogLength::kBytesWarn + 1);
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr("/x: its log has 128 MiB"));
  EXPECT_FALSE(length.look("/x", 2 * LogLength::kBytesWarn));
  EXPECT_FALSE(length.look("/x", 100));
  EXPECT_TRUE(length.look("/x", 2 * LogLength::kBytesWarn));
}

// ---- clocks

TEST_F(LeaseStoreTest, AWallClockThatIsSetTakesTheLeasesWithIt) {
  for (const std::int64_t step : {3600, -3600, -7200}) {
    LeaseStore store = open();
    ASSERT_TRUE(store.write(std::vector{bound(0, 600s)}));
    // While the server runs: noticed with the next write.
    time_.wall += step;
    ASSERT_TRUE(store.write(std::vector{bound(1, 600s)}));
    StoredLeases stored = *store.load();
    EXPECT_EQ(stored.leases.at(0).until, time_.now + 600s) << step;
    EXPECT_EQ(stored.leases.at(1).until, time_.now + 600s) << step;
    run("DELETE FROM lease");
  }
}

TEST_F(LeaseStoreTest, AWallClockThatWasSetBetweenTwoServersIsNoticedToo) {
  {
    LeaseStore store = open();
    ASSERT_TRUE(store.write(std::vector{bound(0, 600s)}));
  }
  time_.pass(100s);
  time_.wall += 3600;
  EXPECT_EQ(load().leases.at(0).until, time_.now + 500s);
  time_.wall -= 86400;
  EXPECT_EQ(load().leases.at(0).until, time_.now + 500s);
}

TEST_F(LeaseStoreTest, AfterARebootWithAClockThatIsBehindNoLeaseGetsLonger) {
  {
    LeaseStore store = open();
    ASSERT_TRUE(store.write(std::vector{bound(0, 600s)}));
  }
  time_.boot_id = "second";
  time_.boot = 1;
  time_.wall -= 3600;
  EXPECT_EQ(load().leases.at(0).until, time_.now + 600s);
}

// ---- what is refused

TEST_F(LeaseStoreTest, ASecondServerIsRefused) {
  const LeaseStore store = open();
  EXPECT_THAT(refusal(),
              HasSubstr("another reveille uses it (process " + std::to_string(getpid()) + ")"));
}

TEST_F(LeaseStoreTest, NobodyElseCanHoldItsLock) {
  const std::string lock = folder_.database() + ".lock";
  const auto mode = [&lock] {
    return static_cast<unsigned>(std::filesystem::status(lock).permissions());
  };
  load();
  EXPECT_EQ(mode(), 0600U);
  // As an earlier version made it.
  std::filesystem::permissions(lock, std::filesystem::perms{0644});
  load();
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(LeaseStoreTest, ANewerVersionIsRefusedAndLeftAlone) {
  load();
  run("PRAGMA user_version = 2");
  EXPECT_THAT(refusal(), HasSubstr("newer version of reveille (schema 2, this one knows 1)"));
  EXPECT_THAT(refusal(), HasSubstr("schema 2"));
}

TEST_F(LeaseStoreTest, AnotherProgramsDatabaseIsRefusedAndLeftAlone) {
  run("CREATE TABLE bookmarks (url)");
  EXPECT_THAT(refusal(), HasSubstr("a database of another program"));
  auto database = Database::open(folder_.database(), Database::Access::read);
  EXPECT_EQ(*database->integer("SELECT count(*) FROM sqlite_master"), 1);
  auto mode = database->prepare("PRAGMA journal_mode");
  ASSERT_TRUE(*mode->step());
  EXPECT_EQ(mode->text(0), "delete");
}

TEST_F(LeaseStoreTest, DamageIsRefusedAndNeverReplacedByAnEmptyDatabase) {
  {
    LeaseStore store = open();
    std::vector<LeaseChange> many;
    for (std::uint32_t i = 0; i < 2000; ++i) many.push_back(bound(i, 3600s));
    ASSERT_TRUE(store.write(many));
  }
  const auto size = std::filesystem::file_size(folder_.database());
  const auto spoil = [&](std::size_t from, std::size_t octets) {
    const std::string before = [&] {
      std::ifstream in(folder_.database(), std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(in), {});
    }();
    {
      std::fstream file(folder_.database(), std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(from));
      file << std::string(octets, '\x5a');
    }
    EXPECT_THAT(refusal(), HasSubstr(folder_.database() + ": ")) << from;
    EXPECT_EQ(std::filesystem::file_size(folder_.database()), size);
    std::ofstream(folder_.database(), std::ios::binary) << before;
    EXPECT_EQ(refusal(), "nothing");
  };
  spoil(0, 100);      // its header
  spoil(4096, 4096);  // a page
  spoil(size / 2, 4096);
  spoil(size - 4096, 4096);
}

TEST_F(LeaseStoreTest, ARowThatNoServerWroteIsRefused) {
  for (const char* sql : {"UPDATE lease SET state = 77", "UPDATE lease SET mac = -1",
                          "UPDATE lease SET version = 65536", "UPDATE lease SET until = 'soon'",
                          "UPDATE lease SET address = 4294967296", "UPDATE lease SET since = 1e300",
                          "UPDATE lease SET client_high = 0"}) {
    {
      LeaseStore store = open();
      ASSERT_TRUE(store.write(std::vector{bound(0, 3600s)}));
    }
    run(sql);
    EXPECT_THAT(refusal(), HasSubstr("the row of address")) << sql;
    run("DELETE FROM lease");
  }
}

TEST_F(LeaseStoreTest, ALogWithoutItsDatabaseIsRefused) {
  std::ofstream(folder_.database() + "-wal") << "what was there";
  EXPECT_THAT(refusal(), HasSubstr("the file is gone or empty, but"));
}

TEST_F(LeaseStoreTest, AFolderThatIsNotThereIsRefused) {
  const auto store = LeaseStore::open(folder_.path() + "/no/leases.db", time_.clock());
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace reveille::test
