#include "dhcp/lease_table.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

constexpr Instant kStart = Instant{} + 100s;

ClientKey client(std::uint64_t n) {
  return {1, n};
}

LeaseChange bound(const LeaseTable& table, std::uint32_t lease, std::uint64_t who, Instant until) {
  return {LeaseChange::Kind::bound,
          false,
          table[lease].subnet,
          table[lease].address,
          client(who),
          machine(1),
          until};
}

class LeaseTableTest : public testing::Test {
 protected:
  Subnets subnets_{campus_config(1000)};
  LeaseTable table_{subnets_, {0, 1}, 42};
};

TEST_F(LeaseTableTest, StartsWithEverythingFreeInOrder) {
  EXPECT_EQ(table_.counts(0).free, 10U);
  EXPECT_EQ(table_.counts(2).free, 1000U);
  EXPECT_EQ(table_[table_.oldest_free(2)].address, Ipv4Address::of(10, 99, 1, 0));
}

TEST_F(LeaseTableTest, AClientHasOneLeaseInASubnet) {
  const std::uint32_t first = table_.oldest_free(0);
  table_.offer(first, client(1), machine(1), kStart + 60s, false);
  table_.commit(bound(table_, first, 1, kStart + 1h));
  const std::uint32_t second = table_.oldest_free(0);
  table_.offer(second, client(1), machine(1), kStart + 60s, false);
  EXPECT_EQ(table_.find(client(1), 0), second);
  EXPECT_EQ(table_[first].state, LeaseState::free);
  EXPECT_TRUE(table_[first].client.is_nobody());
  // In another subnet it may have one more.
  table_.offer(table_.oldest_free(1), client(1), machine(1), kStart + 60s, false);
  EXPECT_EQ(table_.find(client(1), 0), second);
}

TEST_F(LeaseTableTest, EndsLeasesInTheirSecondAndRemembersTheClient) {
  const std::uint32_t lease = table_.oldest_free(0);
  table_.commit(bound(table_, lease, 1, kStart + 10s));
  table_.expire(kStart + 9s, 100);
  EXPECT_EQ(table_[lease].state, LeaseState::bound);
  table_.expire(kStart + 11s, 100);
  EXPECT_EQ(table_[lease].state, LeaseState::free);
  EXPECT_EQ(table_.find(client(1), 0), lease);
  EXPECT_NE(table_.oldest_free(0), lease);  // at the end of the line
}

TEST_F(LeaseTableTest, EndsNoMoreAtOnceThanItIsAllowedTo) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    table_.commit(bound(table_, table_.oldest_free(2), i, kStart + 10s));
  }
  for (std::uint32_t left = 1000; left > 0; left -= 100) {
    EXPECT_EQ(table_.counts(2).free, 1000 - left);
    table_.expire(kStart + 12s, 100);
  }
  EXPECT_EQ(table_.counts(2).free, 1000U);
}

TEST_F(LeaseTableTest, LeasesLongerThanATurnOfTheWheelEndInTheirTurn) {
  const std::uint32_t lease = table_.oldest_free(0);
  const Instant until = kStart + 100h;
  table_.commit(bound(table_, lease, 1, until));
  for (Instant now = kStart; now < until; now += 1min) {
    table_.expire(now, 100);
    ASSERT_EQ(table_[lease].state, LeaseState::bound);
  }
  table_.expire(until + 2s, 100);
  EXPECT_EQ(table_[lease].state, LeaseState::free);
}

TEST_F(LeaseTableTest, ARenewalWhileTheEndIsDueIsKept) {
  const std::uint32_t one = table_.oldest_free(0);
  table_.commit(bound(table_, one, 1, kStart + 10s));
  const std::uint32_t other = table_.oldest_free(0);
  table_.commit(bound(table_, other, 2, kStart + 10s));
  table_.expire(kStart + 12s, 1);  // `one` has ended, `other` is next
  table_.commit(bound(table_, other, 2, kStart + 1h));
  table_.expire(kStart + 13s, 100);
  EXPECT_EQ(table_[one].state, LeaseState::free);
  EXPECT_EQ(table_[other].state, LeaseState::bound);
}

TEST_F(LeaseTableTest, AddressesGoAndComeBack) {
  const std::uint32_t lease = table_.oldest_free(0);
  const Ipv4Address address = table_[lease].address;
  table_.give_away(lease);
  EXPECT_EQ(table_.at(address), kNoIndex);
  EXPECT_EQ(table_.counts(0).addresses, 9U);
  EXPECT_NE(table_.adopt(0, address, false), kNoIndex);
  EXPECT_EQ(table_.counts(0).addresses, 10U);
  EXPECT_EQ(table_.adopt(0, address, false), kNoIndex);  // twice
}

TEST_F(LeaseTableTest, StoredChangesRestoreATable) {
  std::vector<LeaseChange> record;
  const auto commit = [&](const LeaseChange& change) {
    table_.commit(change);
    record.push_back(change);
  };
  const std::uint32_t one = table_.oldest_free(0);
  commit(bound(table_, one, 1, kStart + 1h));
  const std::uint32_t two = table_.oldest_free(0);
  commit(bound(table_, two, 2, kStart + 2h));
  commit(
      {LeaseChange::Kind::released, false, 0, table_[one].address, client(1), machine(1), kStart});
  commit({LeaseChange::Kind::declined, false, 0, table_[two].address, client(2), machine(2),
          kStart + 600s});
  LeaseTable restored(subnets_, {0, 1}, 43);
  for (const LeaseChange& change : record) restored.commit(change);
  for (const std::uint32_t lease : {one, two}) {
    const Lease& was = table_[lease];
    const Lease& is = restored[restored.at(was.address)];
    EXPECT_EQ(is.state, was.state);
    EXPECT_EQ(is.client, was.client);
    EXPECT_EQ(is.until, was.until);
  }
}

TEST(LeaseTableMemory, IsUnderAHundredBytesALease) {
  for (const std::uint32_t size : {10000U, 65000U}) {
    const Subnets subnets(campus_config(size));
    const LeaseTable table(subnets, {0, 1}, 1);
    const std::size_t wheel = 4200 * 8;
    EXPECT_LT(table.memory_bytes() - wheel, std::size_t{100} * size) << size;
  }
  // Two workers together: less than twice as much, whoever has how many of them.
  const Subnets subnets(campus_config(65000));
  const LeaseTable half(subnets, {0, 2}, 1);
  EXPECT_LT(half.memory_bytes(), std::size_t{100} * 65000);
}

// Random steps against a plain map: the same holders, and lists and counts that agree.
TEST(LeaseTableModel, AgreesWithAMap) {
  const Subnets subnets(campus_config(40));
  LeaseTable table(subnets, {0, 1}, 7);
  std::map<std::uint64_t, Ipv4Address> holder_of;  // bound, by client
  std::map<Ipv4Address, Instant> until;
  std::mt19937_64 random(3);
  Instant now = kStart;
  for (int step = 0; step < 50000; ++step) {
    const std::uint64_t who = random() % 60;
    const std::uint32_t own = table.find(client(who), 2);
    switch (random() % 5) {
      case 0:
      case 1: {
        const std::uint32_t lease = own != kNoIndex ? own : table.oldest_free(2);
        if (lease == kNoIndex) break;
        ASSERT_TRUE(table[lease].state == LeaseState::free || table[lease].client == client(who));
        const Instant end = now + Seconds{1 + random() % 10000};
        table.commit(bound(table, lease, who, end));
        holder_of[who] = table[lease].address;
        until[table[lease].address] = end;
        break;
      }
      case 2:
        if (own == kNoIndex || table[own].state != LeaseState::bound) break;
        table.commit({LeaseChange::Kind::released, false, 2, table[own].address, client(who),
                      machine(1), now});
        until.erase(holder_of[who]);
        holder_of.erase(who);
        break;
      case 3:
        if (own != kNoIndex || table.oldest_free(2) == kNoIndex) break;
        table.offer(table.oldest_free(2), client(who), machine(1), now + 60s, false);
        table.withdraw(table.find(client(who), 2));
        break;
      default:
        now += Seconds{random() % 200};
        table.expire(now, 1000);
    }
    std::erase_if(holder_of, [&](const auto& entry) { return until[entry.second] <= now; });
    for (const auto& [key, address] : holder_of) {
      const std::uint32_t lease = table.at(address);
      ASSERT_EQ(table[lease].state, LeaseState::bound) << step;
      ASSERT_EQ(table[lease].client, client(key)) << step;
      ASSERT_EQ(table.find(client(key), 2), lease);
    }
    ASSERT_LE(table.counts(2).free, 40 - holder_of.size()) << step;
    ASSERT_EQ(table.counts(2).addresses, 40U);
  }
}

}  // namespace
}  // namespace reveille::test
