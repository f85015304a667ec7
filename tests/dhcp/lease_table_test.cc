#include "dhcp/lease_table.h"

#include <array>
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
          table.subnet_of(table[lease].group),
          table[lease].address,
          client(who),
          until,
          machine(1)};
}

LeaseTicket commit(LeaseTable& table, const LeaseChange& change, LeaseJournal* journal = nullptr) {
  return table.commit(table.at(change.address), change, journal);
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
  commit(table_, bound(table_, first, 1, kStart + 1h));
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
  commit(table_, bound(table_, lease, 1, kStart + 10s));
  table_.expire(kStart + 9s, 100);
  EXPECT_EQ(table_[lease].state, LeaseState::bound);
  table_.expire(kStart + 11s, 100);
  EXPECT_EQ(table_[lease].state, LeaseState::free);
  EXPECT_EQ(table_.find(client(1), 0), lease);
  EXPECT_NE(table_.oldest_free(0), lease);  // at the end of the line
}

TEST_F(LeaseTableTest, EndsNoMoreAtOnceThanItIsAllowedTo) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    commit(table_, bound(table_, table_.oldest_free(2), i, kStart + 10s));
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
  commit(table_, bound(table_, lease, 1, until));
  for (Instant now = kStart; now < until; now += 1min) {
    table_.expire(now, 100);
    ASSERT_EQ(table_[lease].state, LeaseState::bound);
  }
  table_.expire(until + 2s, 100);
  EXPECT_EQ(table_[lease].state, LeaseState::free);
}

TEST_F(LeaseTableTest, ARenewalWhileTheEndIsDueIsKept) {
  const std::uint32_t one = table_.oldest_free(0);
  commit(table_, bound(table_, one, 1, kStart + 10s));
  const std::uint32_t other = table_.oldest_free(0);
  commit(table_, bound(table_, other, 2, kStart + 10s));
  table_.expire(kStart + 12s, 1);  // `one` has ended, `other` is next
  commit(table_, bound(table_, other, 2, kStart + 1h));
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
  const auto apply = [&](const LeaseChange& change) {
    commit(table_, change);
    record.push_back(change);
  };
  const std::uint32_t one = table_.oldest_free(0);
  apply(bound(table_, one, 1, kStart + 1h));
  const std::uint32_t two = table_.oldest_free(0);
  apply(bound(table_, two, 2, kStart + 2h));
  apply(
      {LeaseChange::Kind::released, false, 0, table_[one].address, client(1), kStart, machine(1)});
  apply({LeaseChange::Kind::declined, false, 0, table_[two].address, client(2), kStart + 600s,
         machine(2)});
  LeaseTable restored(subnets_, {0, 1}, 43);
  for (const LeaseChange& change : record) commit(restored, change);
  for (const std::uint32_t lease : {one, two}) {
    const Lease& was = table_[lease];
    const Lease& is = restored[restored.at(was.address)];
    EXPECT_EQ(is.state, was.state);
    EXPECT_EQ(is.client, was.client);
    EXPECT_EQ(is.until, was.until);
  }
}

// What a store would hand over: the oldest that are over first, then those that are not.
TEST_F(LeaseTableTest, StoredLeasesAreThereFromTheStart) {
  const auto address = [](std::uint8_t last) { return Ipv4Address::of(10, 77, 0, last); };
  const std::vector<LeaseChange> stored{
      {LeaseChange::Kind::released, false, 9, address(12), client(3), kStart - 90s, machine(3), 5},
      {LeaseChange::Kind::expired, false, 9, address(10), client(1), kStart - 50s, machine(1), 6},
      {LeaseChange::Kind::expired, false, 9, address(13), client(4), kStart - 40s, machine(4), 7},
      {LeaseChange::Kind::declined, false, 9, address(11), {}, kStart + 60s, machine(9), 8},
      {LeaseChange::Kind::bound, false, 9, address(14), client(4), kStart + 1h, machine(4), 9},
      {LeaseChange::Kind::reserved, false, 9, address(15), {}, Instant::max(), {}, 1},
      {LeaseChange::Kind::bound, false, 9, Ipv4Address::of(192, 0, 2, 1), client(5), kStart + 1h}};
  LeaseTable table(subnets_, {0, 1}, 43, stored);
  EXPECT_EQ(table[table.find(client(4), 0)].address, address(14));
  EXPECT_EQ(table[table.at(address(14))].state, LeaseState::bound);
  EXPECT_EQ(table[table.at(address(14))].version, 9);
  EXPECT_EQ(table[table.at(address(11))].state, LeaseState::declined);
  EXPECT_EQ(table.find(client(5), 0), kNoIndex);
  // A machine that comes back has its old address; a client's newer lease takes it from the old.
  EXPECT_EQ(table[table.find(client(1), 0)].address, address(10));
  EXPECT_TRUE(table[table.at(address(13))].client.is_nobody());
  // Never used, then those that ended first.
  std::vector<std::uint32_t> order;
  for (std::uint32_t lease = table.oldest_free(0); lease != kNoIndex;
       lease = table.oldest_free(0)) {
    order.push_back(table[lease].address.value & 255);
    table.offer(lease, client(100 + order.size()), machine(1), kStart + 60s, false);
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{16, 17, 18, 19, 12, 10, 13}));
  table.expire(kStart + 24h * 400, 100);
  EXPECT_EQ(table.suspect(), table.at(address(11)));
  table.acquit(table.suspect(), nullptr);
  EXPECT_EQ(table.suspect(), kNoIndex);
  EXPECT_EQ(table[table.at(address(11))].state, LeaseState::free);
  EXPECT_EQ(table[table.at(address(15))].state, LeaseState::declined);
}

// Whichever worker an address was dealt to, it starts where its client is served.
TEST_F(LeaseTableTest, StoredLeasesAreWithTheWorkersOfTheirClients) {
  std::vector<LeaseChange> stored;
  for (std::uint32_t i = 0; i < 600; ++i) {
    const Ipv4Address address{Ipv4Address::of(10, 99, 1, 0).value + i};
    stored.push_back({i < 300 ? LeaseChange::Kind::expired : LeaseChange::Kind::bound, false, 2,
                      address, client(i), kStart + Seconds{i}, machine(i)});
  }
  std::uint32_t addresses = 0;
  for (unsigned worker = 0; worker < 3; ++worker) {
    const LeaseTable table(subnets_, {worker, 3}, 43, stored);
    addresses += table.counts(2).addresses;
    for (std::uint32_t i = 0; i < 600; ++i) {
      const bool is_here = owner_of(machine(i), 3) == worker;
      EXPECT_EQ(table.find(client(i), 2) != kNoIndex, is_here);
      EXPECT_EQ(table.at(stored[i].address) != kNoIndex, is_here);
    }
  }
  EXPECT_EQ(addresses, 1000U);
}

TEST_F(LeaseTableTest, TheJournalSaysWhatHappenedInOrder) {
  std::array<LeaseChange, 8> storage;
  LeaseJournal journal(storage, 8);
  const std::uint32_t one = table_.oldest_free(0);
  EXPECT_EQ(commit(table_, bound(table_, one, 1, kStart + 10s), &journal), 1U);
  const std::uint32_t two = table_.oldest_free(0);
  // Its other lease is given up first: no prefix of the journal shows a client with two.
  EXPECT_EQ(commit(table_, bound(table_, two, 1, kStart + 10s), &journal), 3U);
  ASSERT_EQ(journal.all().size(), 3U);
  EXPECT_EQ(journal.all()[1].kind, LeaseChange::Kind::released);
  EXPECT_EQ(journal.all()[1].address, table_[one].address);
  EXPECT_EQ(journal.all()[1].version, 2);
  EXPECT_TRUE(journal.all()[1].client.is_nobody());
  table_.expire(kStart + 20s, 100, &journal);
  ASSERT_EQ(journal.all().size(), 4U);
  EXPECT_EQ(journal.all()[3].kind, LeaseChange::Kind::expired);
  // Nothing ends that could not be recorded.
  commit(table_, bound(table_, two, 1, kStart + 30s), &journal);
  journal.clear();
  EXPECT_EQ(journal.room(), 3U);
  journal.reached_disk(2);
  EXPECT_EQ(journal.room(), 5U);
  LeaseJournal full({}, 8);
  table_.expire(kStart + 40s, 100, &full);
  EXPECT_EQ(table_[two].state, LeaseState::bound);
}

TEST(LeaseTableMemory, IsUnderAHundredBytesALease) {
  for (const std::uint32_t size : {10000U, 65000U}) {
    const Subnets subnets(campus_config(size));
    const LeaseTable table(subnets, {0, 1}, 1);
    const std::size_t wheel = 4200 * 8;
    const std::size_t room = size + AddressPlan::kSpareAddresses;
    EXPECT_LT(table.memory_bytes() - wheel, std::size_t{100} * room) << size;
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
        commit(table, bound(table, lease, who, end));
        holder_of[who] = table[lease].address;
        until[table[lease].address] = end;
        break;
      }
      case 2:
        if (own == kNoIndex || table[own].state != LeaseState::bound) break;
        commit(table, {LeaseChange::Kind::released, false, 2, table[own].address, client(who), now,
                       machine(1)});
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
