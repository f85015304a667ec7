// How long a thread that polls sleeps when it finds nothing.
#pragma once

#include <algorithm>

#include <reveille/instant.h>

namespace reveille {

constexpr Nanoseconds kLongestNap = 8ms;

// After `idle` without work: a quarter of it, so that what comes next waits for at most a quarter
// of the pause before it. At most a millisecond, and more than that only where it is a 256th of
// the pause: rings that fill within the longest nap would lose the beginning of a rush. A wake-up
// costs 10 to 60 us where the core had gone to sleep.
constexpr Nanoseconds nap_after(Nanoseconds idle) {
  constexpr Nanoseconds kUsual = 1ms;
  return std::min(idle / 4, std::clamp(idle / 256, kUsual, kLongestNap));
}

}  // namespace reveille
