// The thread between the workers and the disk: takes what changed, writes it, says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <reveille/instant.h>

#include "dhcp/lease.h"
#include "idle/sleeper.h"
#include "store/lease_store.h"

namespace reveille {

// Batches come by themselves: what gathers while one transaction is on its way to the disk is the
// next one. Nothing waits for a batch to fill.
//
// Where this thread takes its time from a worker it had better not commit as often as it can: then
// a commit of more than kRush changes, or that next after one, is followed by a pause, and a longer
// one while a worker leaves clients out.
//
// The first failure ends it: no record counts as durable any more, and failure() says why. The
// store is not written again.
class Committer {
 public:
  // One worker's side. Called by the committer's thread, and by stop()'s when that is over.
  struct Line {
    std::function<std::size_t(std::span<LeaseChange> room)> take;
    std::function<void(std::uint64_t count)> reached_disk;  // so many, since the start
    std::function<bool()> sheds = [] { return false; };     // it has more to do than it can
  };
  // Leases of another server, see LeaseStore::add(). Whoever made it leaves it alone until added().
  struct Addition {
    std::vector<LeaseChange> leases;
    std::vector<bool> added;  // by lease
  };
  struct Counts {
    std::uint64_t changes = 0;
    std::uint64_t commits = 0;
    Nanoseconds longest_commit{};
    std::uint64_t log_bytes = 0;  // of the database, after the last commit
  };

  static constexpr std::size_t kRush = 64;
  // From the begin of one commit to that of the next, at least: more often takes more of a worker's
  // CPU, less often lets clients wait.
  struct Pace {
    Nanoseconds in_rush{};
    Nanoseconds while_shedding{};
  };
  // With a CPU to spare the committer has that.
  static constexpr Pace pace_on(std::size_t cpus, unsigned workers) {
    return cpus > workers ? Pace{} : Pace{.in_rush = 1ms, .while_shedding = 6ms};
  }

  // `doorbell`: of the committer's thread, rung when a line has something; nullptr: nobody does.
  Committer(LeaseStore store, std::vector<Line> lines, Pace pace, Doorbell* doorbell = nullptr);
  Committer(LeaseStore store, std::vector<Line> lines)
      : Committer(std::move(store), std::move(lines), Pace{}) {}
  ~Committer();  // stops
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Control thread.
  void start();
  // Ends the thread and writes what the lines still have: nothing is put into them any more.
  void stop();

  // Control thread, one at a time. When added() says so it is on disk; never, after a failure.
  void add(Addition& addition) { addition_.store(&addition, std::memory_order_release); }
  [[nodiscard]] bool added() const { return addition_.load(std::memory_order_acquire) == nullptr; }

  // Any thread. Nothing is written any more, because of this.
  [[nodiscard]] std::optional<std::string> failure() const;
  [[nodiscard]] Counts counts() const;
  // The last look at the lines was less than that ago, or a commit is under way that began then.
  [[nodiscard]] bool alive(Nanoseconds patience) const;

 private:
  static constexpr std::size_t kBatchMax = 4096;  // changes of one worker in a transaction

  void run();
  // After a commit of so many changes, and one of so many before it.
  [[nodiscard]] Nanoseconds apart(std::size_t changes, std::size_t changes_before) const;
  // How many changes were written.
  std::size_t commit();
  // How many leases were added.
  std::size_t add_leases();
  bool lengthen_log();

  LeaseStore store_;
  std::vector<Line> lines_;
  const Pace pace_;
  Sleeper sleeper_;
  std::vector<std::uint64_t> taken_;  // by line, since the start
  std::vector<LeaseChange> changes_;
  bool log_is_whole_ = false;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> looked_at_{0};
  std::atomic<Addition*> addition_{nullptr};
  mutable std::mutex mutex_;  // of what follows; never taken by a worker
  std::optional<std::string> failure_;
  Counts counts_;
};

}  // namespace reveille
