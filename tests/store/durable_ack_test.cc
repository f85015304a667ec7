// No ACK before its lease is on disk; what a restart finds.
#include <thread>

#include <gtest/gtest.h>

#include "store/committer.h"
#include "store/durable_server.h"

namespace reveille::test {
namespace {

class DurableAck : public testing::Test {
 protected:
  LeaseStore open() {
    auto store = LeaseStore::open(folder_.database(), time_.clock());
    EXPECT_TRUE(store) << store.error();
    return std::move(*store);
  }
  // A server that starts with what the database knows.
  std::unique_ptr<DurableServer> start(LeaseStore& store, Config config = small_config(),
                                       std::uint64_t outstanding_max = 1000) {
    const auto stored = store.load();
    EXPECT_TRUE(stored) << stored.error();
    return std::make_unique<DurableServer>(time_, *stored, std::move(config), outstanding_max);
  }

  TestClock time_;
  StoreFolder folder_;
};

TEST_F(DurableAck, AnAckCarriesTheTicketOfItsRecordAndAnOfferNone) {
  LeaseStore store = open();
  const auto server = start(store);
  const auto offer = server->discover(machine(1));
  EXPECT_EQ(offer.outcome, Outcome::dhcp_offered);
  EXPECT_EQ(offer.ticket, 0U);
  const auto ack = server->request(machine(1), offer.yiaddr());
  EXPECT_EQ(ack.outcome, Outcome::dhcp_acked);
  EXPECT_EQ(ack.ticket, 1U);
  ASSERT_EQ(server->journal().all().size(), 1U);
  EXPECT_EQ(server->journal().all()[0].address, ack.yiaddr());
  EXPECT_EQ(server->lease(machine(2)).ticket, 2U);
}

TEST_F(DurableAck, AMachineGetsItsOldAddressAfterARestart) {
  Ipv4Address first;
  Ipv4Address second;
  {
    LeaseStore store = open();
    const auto server = start(store);
    first = server->lease(machine(1)).yiaddr();
    second = server->lease(machine(2)).yiaddr();
    ASSERT_TRUE(server->commit(store));
  }
  time_.pass(1000s);
  LeaseStore store = open();
  const auto server = start(store);
  EXPECT_EQ(server->discover(machine(2)).yiaddr(), second);
  // INIT-REBOOT of a lease from before.
  const auto ack = server->send({.type = DhcpType::request, .mac = machine(1), .requested = first});
  EXPECT_EQ(ack.outcome, Outcome::dhcp_acked);
  EXPECT_EQ(ack.yiaddr(), first);
  // Nobody else gets them.
  for (std::uint32_t i = 3; i < 11; ++i) {
    const Ipv4Address other = server->lease(machine(i)).yiaddr();
    EXPECT_TRUE(other != first && other != second);
  }
  EXPECT_EQ(server->discover(machine(11)).outcome, Outcome::dhcp_no_address);
}

TEST_F(DurableAck, AClientIdNamesTheSameMachineAfterARestart) {
  Config config = small_config();
  config.dhcp.identity = Identity::client_id;
  const std::vector<Option> id{{DhcpOption::client_identifier, Octets(40, 7)}};
  const auto ask = [&](DurableServer& server) {
    return server.send({.mac = machine(1), .options = id}).yiaddr();
  };
  Ipv4Address address;
  {
    LeaseStore store = open();
    const auto server = start(store, config);
    server->lease(machine(9));
    address = ask(*server);
    server->send({.type = DhcpType::request,
                  .mac = machine(1),
                  .requested = address,
                  .server = kServer,
                  .options = id});
    ASSERT_TRUE(server->commit(store));
  }
  LeaseStore store = open();
  EXPECT_EQ(ask(*start(store, config)), address);
}

TEST_F(DurableAck, DeclinedReleasedAndExpiredSurviveToo) {
  std::array<Ipv4Address, 3> address;
  {
    LeaseStore store = open();
    const auto server = start(store);
    for (std::uint32_t i = 0; i < 3; ++i) address[i] = server->lease(machine(i)).yiaddr();
    EXPECT_EQ(server
                  ->send({.type = DhcpType::decline,
                          .mac = machine(0),
                          .requested = address[0],
                          .server = kServer})
                  .outcome,
              Outcome::dhcp_declined);
    EXPECT_EQ(
        server->send({.type = DhcpType::release, .mac = machine(1), .ciaddr = address[1]}).outcome,
        Outcome::dhcp_released);
    ASSERT_TRUE(server->commit(store));
    time_.pass(3602s);
    server->tick();
    ASSERT_FALSE(server->journal().all().empty());
    EXPECT_EQ(server->journal().all().back().kind, LeaseChange::Kind::expired);
    ASSERT_TRUE(server->commit(store));
  }
  time_.wall -= 3602;  // the database says it, not the clock
  time_.boot_id = "second";
  LeaseStore store = open();
  const auto server = start(store);
  const LeaseTable& leases = server->leases();
  EXPECT_TRUE(leases[leases.at(address[0])].client.is_nobody());
  EXPECT_EQ(leases[leases.at(address[1])].state, LeaseState::free);
  EXPECT_EQ(leases[leases.at(address[2])].state, LeaseState::free);
  EXPECT_EQ(server->discover(machine(2)).yiaddr(), address[2]);
}

TEST_F(DurableAck, EarlyInItsLeaseAClientGetsTheTimeThatIsLeftAndNothingIsWritten) {
  LeaseStore store = open();
  const auto server = start(store);
  const auto ack = server->lease(machine(1));
  EXPECT_EQ(ack.lease_seconds(), 3600U);
  // Still on its way to the disk: a repetition waits for the same record.
  const auto again = server->request(machine(1), ack.yiaddr());
  EXPECT_EQ(again.ticket, 1U);
  ASSERT_TRUE(server->commit(store));
  time_.pass(900s);
  const auto early = server->request(machine(1), ack.yiaddr());
  EXPECT_EQ(early.lease_seconds(), 2700U);
  EXPECT_TRUE(server->journal().all().empty());
  EXPECT_LE(early.ticket, server->journal().durable());
  time_.pass(1s);
  EXPECT_EQ(server->request(machine(1), ack.yiaddr()).lease_seconds(), 3600U);
  EXPECT_EQ(server->journal().all().size(), 1U);
}

TEST_F(DurableAck, EveryRenewalIsWrittenWhenSoConfigured) {
  Config config = small_config();
  config.leases.renewal_unrecorded_percent = 0;
  LeaseStore store = open();
  const auto server = start(store, config);
  const auto ack = server->lease(machine(1));
  EXPECT_EQ(server->request(machine(1), ack.yiaddr()).ticket, 2U);
}

TEST_F(DurableAck, WhenTheDiskIsBehindRequestsAreShedAndNothingChanges) {
  LeaseStore store = open();
  const auto server = start(store, small_config(), 66);
  const Ipv4Address address = server->discover(machine(1)).yiaddr();
  // Room for REQUESTs is kept: the first to be shed are DISCOVERs.
  for (int i = 0; i < 3; ++i) {
    time_.pass(1000s);
    EXPECT_EQ(server->request(machine(1), address).outcome, Outcome::dhcp_acked);
  }
  EXPECT_EQ(server->discover(machine(2)).outcome, Outcome::lease_store_full);
  for (int i = 0; i < 62; ++i) {
    time_.pass(1000s);
    EXPECT_EQ(server->request(machine(1), address).outcome, Outcome::dhcp_acked);
  }
  time_.pass(1000s);
  const Instant until = server->leases()[server->leases().at(address)].until;
  const auto shed = server->request(machine(1), address);
  EXPECT_EQ(shed.outcome, Outcome::lease_store_full);
  EXPECT_TRUE(shed.reply.empty());
  EXPECT_EQ(server->leases()[server->leases().at(address)].until, until);
  EXPECT_EQ(server->send({.type = DhcpType::release, .mac = machine(1), .ciaddr = address}).outcome,
            Outcome::lease_store_full);
  ASSERT_TRUE(server->commit(store));
  EXPECT_EQ(server->request(machine(1), address).outcome, Outcome::dhcp_acked);
}

// ---- the thread

struct LineOfTest {
  std::mutex mutex;
  std::vector<LeaseChange> waiting;
  std::atomic<std::uint64_t> durable{0};
  std::atomic<bool> sheds{false};

  Committer::Line line() {
    return {[this](std::span<LeaseChange> room) {
              const std::lock_guard lock(mutex);
              const std::size_t count = std::min(room.size(), waiting.size());
              std::copy_n(waiting.begin(), count, room.begin());
              waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
              return count;
            },
            [this](std::uint64_t count) { durable = count; }, [this] { return sheds.load(); }};
  }
  void put(std::uint32_t n) {
    const std::lock_guard lock(mutex);
    waiting.push_back(bound_lease(n, Instant{} + 1h));
  }
};

TEST_F(DurableAck, TheCommitterWritesAllLinesAndSaysHowFarEachIs) {
  LineOfTest one;
  LineOfTest two;
  {
    Committer committer(open(), {one.line(), two.line()});
    committer.start();
    for (std::uint32_t i = 0; i < 1000; ++i) (i % 3 == 0 ? one : two).put(i);
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (one.durable + two.durable < 1000 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(one.durable, 334U);
    EXPECT_EQ(two.durable, 666U);
    EXPECT_TRUE(committer.alive(5s));
    EXPECT_FALSE(committer.failure());
    one.put(5000);  // what comes last is written when it stops
    committer.stop();
    EXPECT_EQ(one.durable, 335U);
    EXPECT_EQ(committer.counts().changes, 1001U);
  }
  LeaseStore store = open();
  EXPECT_EQ(store.load()->leases.size(), 1001U);
}

// One that pauses after a rush, and what it is given to write.
struct PausingCommitter {
  LineOfTest line;
  Committer committer;

  PausingCommitter(LeaseStore store, Committer::Pace pace)
      : committer(std::move(store), {line.line()}, pace) {
    committer.start();
  }

  // Puts so many changes at once. True when they are on disk within the time.
  bool writes(std::uint32_t count, Nanoseconds limit) {
    {
      const std::lock_guard lock(line.mutex);
      for (std::uint32_t i = 0; i < count; ++i) {
        line.waiting.push_back(bound_lease(put_++, Instant{} + 1h));
      }
    }
    const auto end = std::chrono::steady_clock::now() + limit;
    while (line.durable < put_ && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(1ms);
    }
    return line.durable == put_;
  }

 private:
  std::uint32_t put_ = 0;
};

TEST(Committer, PausesOnlyBesideAWorker) {
  EXPECT_EQ(Committer::pace_on(2, 1).in_rush, 0ns) << "a CPU of its own";
  EXPECT_EQ(Committer::pace_on(2, 1).while_shedding, 0ns);
  for (const std::size_t cpus : {1, 2}) {
    EXPECT_EQ(Committer::pace_on(cpus, 2).in_rush, 1ms);
    EXPECT_GT(Committer::pace_on(cpus, 2).while_shedding, 1ms);
  }
}

TEST_F(DurableAck, FewChangesAreFollowedByNoPause) {
  PausingCommitter it(open(), {.in_rush = 60s, .while_shedding = 0s});
  EXPECT_TRUE(it.writes(Committer::kRush, 20s));
  EXPECT_TRUE(it.writes(1, 20s));
}

TEST_F(DurableAck, ARushIsFollowedByAPauseThatEndsWithTheCommitter) {
  PausingCommitter it(open(), {.in_rush = 60s, .while_shedding = 0s});
  EXPECT_TRUE(it.writes(Committer::kRush + 1, 20s));
  EXPECT_FALSE(it.writes(1, 1s));
  const auto asked = std::chrono::steady_clock::now();
  it.committer.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 20s);
  EXPECT_EQ(it.line.durable, Committer::kRush + 2) << "what is left is written at the end";
}

TEST_F(DurableAck, TheNextCommitIsFollowedByAPauseAsWell) {
  constexpr auto kApart = 200ms;
  const auto began = std::chrono::steady_clock::now();
  PausingCommitter it(open(), {.in_rush = kApart, .while_shedding = 0s});
  EXPECT_TRUE(it.writes(Committer::kRush + 1, 20s));
  EXPECT_TRUE(it.writes(1, 20s));
  EXPECT_GE(std::chrono::steady_clock::now() - began, kApart);
  EXPECT_TRUE(it.writes(1, 20s));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 2 * kApart);
}

TEST_F(DurableAck, WhileAWorkerShedsEachCommitIsFollowedByThatPause) {
  PausingCommitter it(open(), {.in_rush = 0s, .while_shedding = 60s});
  EXPECT_TRUE(it.writes(Committer::kRush + 1, 20s));
  EXPECT_TRUE(it.writes(1, 20s));
  it.line.sheds = true;
  EXPECT_TRUE(it.writes(1, 20s));
  EXPECT_FALSE(it.writes(1, 1s));
  it.committer.stop();
  EXPECT_EQ(it.line.durable, Committer::kRush + 4) << "what is left is written at the end";
}

}  // namespace
}  // namespace reveille::test
