// What operators want of single addresses while the server runs: one word after the other goes to
// all workers, and the one that owns the address acts.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include <reveille/address.h>
#include <reveille/instant.h>

#include "dhcp/lease_order.h"

namespace reveille {

// Thread: control.
class LeaseOrders {
 public:
  // The change is on disk. Else a sentence says why nothing has changed, or, when a worker or the
  // disk hangs, that nobody knows whether it has.
  using Result = tl::expected<void, std::string>;
  using Done = std::function<void(const Result&)>;

  // The way to the workers, see Workers: one order at a time for all, and what each says.
  struct Way {
    unsigned workers = 0;
    std::function<void(const LeaseOrder&)> order;
    std::function<void(const std::function<void(const LeaseOrderAnswer&)>&)> answers;
  };
  explicit LeaseOrders(Way way) : way_(std::move(way)) {}

  static constexpr std::size_t kWaitingMax = 64;
  static constexpr Nanoseconds kPatience = 5s;
  // No worker begins so shortly before patience ends that its answer could come too late, unless
  // the disk hangs.
  static constexpr Nanoseconds kTimeToAnswer = 1s;

  void ask(LeaseOrder::Kind kind, Ipv4Address address, Done done);
  // Sends and gathers; calls Done for what has come to its end.
  void turn(Instant now);

 private:
  // An address that is on its way between two workers is nobody's for a moment.
  static constexpr unsigned kTriesMax = 4;

  struct Waiting {
    LeaseOrder order;
    Done done;
  };
  void send(Instant now);
  void hear(const LeaseOrderAnswer& answer);
  [[nodiscard]] bool all_answered() const { return answers_ == way_.workers; }
  void conclude();
  void give_up();
  void finish(const Result& result);

  Way way_;
  std::deque<Waiting> waiting_;  // the first one is under way when `sent_`
  bool sent_ = false;
  Instant give_up_at_{};
  std::uint32_t number_ = 0;
  bool begun_ = false;    // it has been sent, at least once
  unsigned nobodys_ = 0;  // in so many rounds in a row it was nobody's
  unsigned answers_ = 0;
  LeaseOrderAnswer::Kind answer_ = LeaseOrderAnswer::Kind::not_mine;
};

}  // namespace reveille
