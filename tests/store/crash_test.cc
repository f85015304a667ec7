// A server under load is killed with SIGKILL over and over. Its clients write down what they saw;
// a checker reads the whole history.
//
//   test-store-crash [--rounds N]      200 when nothing is said
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "store/committer.h"
#include "store/durable_server.h"
#include "store/lease_rows.h"

namespace reveille::test {
namespace {

int rounds = 200;
constexpr std::uint32_t kClients = 60;

// What one client saw or did, in one write to the pipe.
struct Sight {
  enum class Kind : std::uint32_t { acked, gave_up };
  Kind kind{};
  std::uint32_t client = 0;
  Ipv4Address address;
};

Config crash_config() {
  Config config = small_config();
  config.subnets[0].pools = {{Ipv4Address::of(10, 77, 0, 10), Ipv4Address::of(10, 77, 0, 89)}};
  return config;
}

// ---- the server that is killed

class Victim {
 public:
  Victim(const std::string& database, int pipe, unsigned seed) : pipe_(pipe), random_(seed) {
    const auto begin = std::chrono::steady_clock::now();
    const auto since = [begin] {
      return Instant{} + 10s + (std::chrono::steady_clock::now() - begin);
    };
    auto store = LeaseStore::open(database, machine_clock(since));
    if (!store) die(store.error());
    auto stored = store->load();
    if (!stored) die(stored.error());
    clock_.now = since();
    server_.emplace(clock_, *stored, crash_config());
    committer_.emplace(std::move(*store), std::vector{line()});
    committer_->start();
  }

  [[noreturn]] void run() {
    while (true) {
      step();
      hand_over();
      tell_what_is_durable();
      if (const auto failure = committer_->failure()) die(*failure);
      if (held_.size() > 100) std::this_thread::sleep_for(200us);
    }
  }

 private:
  [[noreturn]] static void die(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    _exit(9);
  }
  Committer::Line line() {
    return {[this](std::span<LeaseChange> room) {
              const std::lock_guard lock(mutex_);
              const std::size_t count = std::min(room.size(), waiting_.size());
              std::copy_n(waiting_.begin(), count, room.begin());
              waiting_.erase(waiting_.begin(),
                             waiting_.begin() + static_cast<std::ptrdiff_t>(count));
              return count;
            },
            [this](std::uint64_t count) { durable_ = count; }};
  }
  void step() {
    const auto client = static_cast<std::uint32_t>(random_() % kClients);
    const Ipv4Address offered = [&] {
      const auto offer = server_->discover(machine(client));
      return offer.outcome == Outcome::dhcp_offered ? offer.yiaddr() : Ipv4Address{};
    }();
    if (offered.is_zero()) return;
    const auto ack = server_->request(machine(client), offered);
    if (ack.outcome != Outcome::dhcp_acked) return;
    held_.emplace_back(ack.ticket, Sight{Sight::Kind::acked, client, ack.yiaddr()});
    // A client that has heard of its lease may give it back or refuse it.
    if (random_() % 4 != 0 || ack.ticket > durable_) return;
    tell_what_is_durable();
    tell({Sight::Kind::gave_up, client, ack.yiaddr()});
    if (random_() % 8 == 0) {
      server_->send({.type = DhcpType::decline,
                     .mac = machine(client),
                     .requested = ack.yiaddr(),
                     .server = kServer});
    } else {
      server_->send({.type = DhcpType::release, .mac = machine(client), .ciaddr = ack.yiaddr()});
    }
  }
  void hand_over() {
    LeaseJournal& journal = server_->journal();
    const std::lock_guard lock(mutex_);
    waiting_.insert(waiting_.end(), journal.all().begin(), journal.all().end());
    journal.clear();
    journal.reached_disk(durable_);
  }
  void tell_what_is_durable() {
    std::size_t told = 0;
    for (const std::uint64_t durable = durable_;
         told < held_.size() && held_[told].first <= durable; ++told) {
      tell(held_[told].second);
    }
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(told));
  }
  void tell(const Sight& sight) const {
    if (write(pipe_, &sight, sizeof sight) != sizeof sight) _exit(8);
  }

  int pipe_;
  std::mt19937 random_;
  TestClock clock_;
  std::mutex mutex_;
  std::vector<LeaseChange> waiting_;
  std::atomic<std::uint64_t> durable_{0};
  std::vector<std::pair<LeaseTicket, Sight>> held_;
  std::optional<DurableServer> server_;
  std::optional<Committer> committer_;
};

// ---- the checker

class History {
 public:
  void add(const Sight& sight) {
    ++sights_;
    const auto holder = holders_.find(sight.address);
    if (sight.kind == Sight::Kind::gave_up) {
      if (holder != holders_.end()) holders_.erase(holder);
      return;
    }
    EXPECT_TRUE(holder == holders_.end() || holder->second == sight.client)
        << sight.address.text() << " belongs to two clients";
    std::erase_if(holders_, [&](const auto& one) { return one.second == sight.client; });
    holders_[sight.address] = sight.client;
  }
  void check(const StoredLeases& stored) const {
    std::map<Ipv4Address, std::uint64_t> bound;
    std::set<std::uint64_t> clients;
    for (const LeaseChange& lease : stored.leases) {
      if (lease.kind != LeaseChange::Kind::bound) continue;
      bound[lease.address] = lease.mac.number();
      EXPECT_TRUE(clients.insert(lease.client.low).second) << "a client has two leases";
    }
    for (const auto& [address, client] : holders_) {
      ASSERT_TRUE(bound.contains(address)) << address.text() << " was acknowledged and is lost";
      EXPECT_EQ(bound[address], machine(client).number()) << address.text();
    }
  }
  [[nodiscard]] std::size_t sights() const { return sights_; }

 private:
  std::map<Ipv4Address, std::uint32_t> holders_;
  std::size_t sights_ = 0;
};

TEST(Crash, EveryAckThatAClientSawIsThereAfterKill) {
  const StoreFolder folder;
  History history;
  std::mt19937 random(5);
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t victim = fork();
    ASSERT_GE(victim, 0);
    if (victim == 0) {
      close(ends[0]);
      Victim(folder.database(), ends[1], static_cast<unsigned>(round)).run();
    }
    close(ends[1]);
    // Once it serves, at any moment of a commit; now and then right at its start.
    Sight sight;
    const bool at_its_start = round % 16 == 15;
    if (!at_its_start) {
      ASSERT_EQ(read(ends[0], &sight, sizeof sight), ssize_t{sizeof sight}) << "it never served";
      history.add(sight);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30000));
    kill(victim, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(victim, &status, 0), victim);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
    while (read(ends[0], &sight, sizeof sight) == ssize_t{sizeof sight}) history.add(sight);
    close(ends[0]);

    auto store = LeaseStore::open(folder.database(), machine_clock([] { return Instant{} + 1s; }));
    ASSERT_TRUE(store) << store.error();
    const auto stored = store->load();
    ASSERT_TRUE(stored) << stored.error();
    history.check(*stored);
    if (HasFailure()) FAIL() << "in round " << round;
  }
  EXPECT_GT(history.sights(), std::size_t(rounds));
  RecordProperty("acks_and_releases", std::to_string(history.sights()));
}

}  // namespace
}  // namespace reveille::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 3 && std::string(argv[1]) == "--rounds") reveille::test::rounds = std::atoi(argv[2]);
  return RUN_ALL_TESTS();
}
