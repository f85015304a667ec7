// Time as the engines see it: a value that is passed in, never read.
#pragma once

#include <chrono>
#include <cstdint>

namespace reveille {

// A clock that only moves forward; its zero is the start of the process. It has no now():
// a worker reads the TSC once a burst, a test or the simulator invents the time.
struct MonotonicClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

using Nanoseconds = std::chrono::nanoseconds;
using Instant = MonotonicClock::time_point;

using namespace std::chrono_literals;

}  // namespace reveille
