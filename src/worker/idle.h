// What a worker does when nothing arrives: spins for a moment, then naps, longer and longer.
#pragma once

#include <algorithm>

#include <reveille/config.h>
#include <reveille/instant.h>

namespace reveille {

// Owner: one worker. Decides; the loop sleeps.
//
// A nap lasts a quarter of the time that has been idle so far, so it delays the next frame by at
// most a quarter of the pause before it: a client that answers after 100 us is not slowed by a
// millisecond. At the longest nap a thousand wake-ups a second cost 1 to 2 % of a core.
class Backoff {
 public:
  static constexpr Nanoseconds kSpin = 20us;
  static constexpr Nanoseconds kLongestNap = 1ms;

  explicit Backoff(Idle idle) : busy_(idle == Idle::busy) {}

  // Something arrived or left at `now`.
  void worked(Instant now) { last_work_ = now; }

  // How long to sleep at `now`; zero: look again at once. Never past `deadline`.
  [[nodiscard]] Nanoseconds nap(Instant now, Instant deadline) const {
    const Nanoseconds idle = now - last_work_;
    if (busy_ || idle < kSpin) return Nanoseconds::zero();
    return std::clamp(deadline - now, Nanoseconds::zero(), std::min(idle / 4, kLongestNap));
  }

 private:
  bool busy_;
  Instant last_work_{};
};

// For the calling thread: sleeps end when asked, not up to 50 us later (the kernel's default).
void sharpen_sleep();
void sleep_for(Nanoseconds time);

}  // namespace reveille
