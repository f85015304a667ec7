// Signals as something to wait for, in the control loop and nowhere else.
#pragma once

#include <optional>

#include <reveille/instant.h>

namespace reveille {

// Blocks SIGINT, SIGTERM and SIGHUP for this thread and for those that it starts later: make it
// before DPDK starts its own. What comes then waits here. Unblocks them at the end.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal, at once if one is pending; nullopt when none came in time, or before one
  // `also` became readable.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds timeout, int also = -1);

 private:
  int fd_ = -1;
};

}  // namespace reveille
