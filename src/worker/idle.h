// What a worker does when nothing arrives: spins for a moment, then naps, longer and longer.
#pragma once

#include <algorithm>
#include <poll.h>
#include <vector>

#include <reveille/config.h>
#include <reveille/instant.h>

#include "idle/nap.h"

namespace reveille {

// Owner: one worker. Decides; the loop sleeps.
class Backoff {
 public:
  static constexpr Nanoseconds kSpin = 20us;

  explicit Backoff(Idle idle) : busy_(idle == Idle::busy) {}

  // Something arrived or left at `now`.
  void worked(Instant now) { last_work_ = now; }

  // How long to sleep at `now`; zero: look again at once. Never past `deadline`.
  [[nodiscard]] Nanoseconds nap(Instant now, Instant deadline) const {
    const Nanoseconds nap = nap_at(now);
    return nap == Nanoseconds::zero() ? nap : std::clamp(deadline - now, Nanoseconds::zero(), nap);
  }
  // The same if nothing is due before.
  [[nodiscard]] Nanoseconds nap_at(Instant now) const {
    const Nanoseconds idle = now - last_work_;
    return busy_ || idle < kSpin ? Nanoseconds::zero() : nap_after(idle);
  }

 private:
  bool busy_;
  Instant last_work_{};
};

// For the calling thread: sleeps end when asked, not up to 50 us later (the kernel's default).
void sharpen_sleep();
void sleep_for(Nanoseconds time);

// Sleeps until the time has passed, or until something arrives at one of the kernel's sockets that
// the worker's ports read: it answers at once, unless the frame is another worker's. Owner: one
// worker.
class Sleeper {
 public:
  // A shorter one is over before a wake-up would help, and who sends pays for waking us.
  static constexpr Nanoseconds kWorthWaking = 500us;

  // Of AF_PACKET or AF_XDP, or none at all. They outlive it.
  explicit Sleeper(const std::vector<int>& sockets);
  void sleep(Nanoseconds time);

 private:
  std::vector<pollfd> sockets_;
  bool woken_ = false;  // the last one, before its time
};

}  // namespace reveille
