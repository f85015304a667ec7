// What operators bring of other servers while this one runs: piece by piece to the workers, and
// what lies in no pool to the store.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/instant.h>

#include "dhcp/lease_import.h"
#include "store/committer.h"

namespace reveille {

// Thread: control.
class LeaseImports {
 public:
  // What became of each lease that was asked for, in that order.
  enum class Fate : std::uint8_t {
    taken,
    known,      // this server has a record of the address already
    held,       // another client has it or is offered it, or it is set aside
    elsewhere,  // the client has another address in that subnet
    unsettled,  // kept moving from one worker to another: nothing has changed
  };
  // All that was taken over is on disk. Else a sentence says that nothing has changed, or, when a
  // worker or the disk hangs, that nobody knows.
  using Result = tl::expected<std::vector<Fate>, std::string>;
  using Done = std::function<void(const Result&)>;

  // The way to the workers and to the store, see Workers and Committer: one piece at a time.
  struct Way {
    unsigned workers = 0;
    std::function<void(LeaseImport&)> import;
    std::function<bool()> imported;
    std::function<void(Committer::Addition&)> add;
    std::function<bool()> added;
    // Which addresses the workers have follows from this number; absent while a reload may be
    // changing it.
    std::function<std::optional<std::uint64_t>()> plan;
  };
  explicit LeaseImports(Way way) : way_(std::move(way)) {}

  static constexpr std::size_t kWaitingMax = 8;
  static constexpr std::size_t kOutsideMax = std::size_t{1} << 20;
  static constexpr Nanoseconds kPatience = 5s;
  static constexpr Nanoseconds kReloadPatience = 60s;  // with reloads that do not end

  // At most LeaseImport::kLeasesMax of them, one of each address.
  void ask(std::vector<LeaseChange> leases, Done done);
  // Sends and gathers; calls Done for what has come to its end. To be called often while is_busy().
  void turn(Instant now);
  [[nodiscard]] bool is_busy() const { return !waiting_.empty(); }
  // Addresses in no pool that the store has, or may have, a record of by now: no reload may lend
  // them, since no worker knows of their leases.
  [[nodiscard]] const std::vector<Ipv4Address>& outside() const { return outside_; }
  // Taken over so far.
  [[nodiscard]] std::uint64_t count() const { return taken_; }

 private:
  // An address that is on its way between two workers is nobody's for a moment.
  static constexpr unsigned kTriesMax = 4;
  static constexpr unsigned kMovesMax = 16;
  static constexpr Nanoseconds kPause = 1ms;

  struct Waiting {
    std::vector<LeaseChange> leases;
    Done done;
  };
  void begin(Instant now);
  void send(Instant now);
  void hear(Instant now);
  void settle(std::size_t lease, LeaseImport::Answer answer);
  void add_outside();
  void hear_store();
  void finish(const Result& result);
  [[nodiscard]] bool is_out() const { return piece_ || addition_; }

  Way way_;
  std::deque<Waiting> waiting_;  // the first one is under way when `begun_`
  bool begun_ = false;
  bool abandoned_ = false;  // its end was told; a worker or the store still has it
  Instant give_up_at_{};
  Instant end_at_{};  // whatever it waits for
  Instant next_try_{};
  unsigned tries_ = 0;
  std::vector<Fate> fates_;
  std::vector<std::size_t> open_;     // leases that no worker has taken on or refused
  std::vector<bool> moved_;           // by lease: some worker had it
  std::optional<LeaseImport> piece_;  // those of open_, at the workers
  std::optional<Committer::Addition> addition_;
  std::optional<std::uint64_t> plan_;  // when piece_ was sent
  unsigned settled_tries_ = 0;         // so many before it were sent under that plan
  std::vector<Ipv4Address> outside_;
  std::uint64_t taken_ = 0;
};

}  // namespace reveille
