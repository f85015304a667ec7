// What a worker does when nothing arrives: spins for a moment, then naps, longer and longer.
#pragma once

#include <algorithm>

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

}  // namespace reveille
