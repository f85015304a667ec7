// Naps of a thread that polls, which what it waits for may end.
#pragma once

#include <poll.h>
#include <vector>

#include <reveille/instant.h>

#include "idle/doorbell.h"

namespace reveille {

// For the calling thread: sleeps end when asked, not up to 50 us later (the kernel's default).
void sharpen_sleep();
void sleep_for(Nanoseconds time);

// Owner: one thread, the one whose doorbell it is.
class Sleeper {
 public:
  // A shorter nap is over before a wake-up would help, and who sends pays for waking us.
  static constexpr Nanoseconds kWorthWaking = 500us;

  // `doorbell`: nullptr when nobody rings. `sockets`: of AF_PACKET or AF_XDP. All outlive it.
  explicit Sleeper(Doorbell* doorbell, const std::vector<int>& sockets = {});

  // Whether to sleep for so long now. Before a long nap the first answer is false: the doorbell is
  // heard from then on, and what was put before that is found by one more look.
  [[nodiscard]] bool may_sleep(Nanoseconds time);
  // Until the time has passed, or somebody rings or something arrives at a socket meanwhile.
  void sleep(Nanoseconds time);

 private:
  void take_wake_ups();

  Doorbell* doorbell_;
  bool listens_ = false;
  std::vector<pollfd> waits_for_;  // the doorbell first, then the sockets
  bool socket_woke_ = false;       // the last one, before its time
};

}  // namespace reveille
