#include "worker/idle.h"

#include <ctime>
#include <sys/prctl.h>

namespace reveille {

void sharpen_sleep() {
  prctl(PR_SET_TIMERSLACK, 1UL);
}

void sleep_for(Nanoseconds time) {
  constexpr Nanoseconds kSecond = std::chrono::seconds{1};
  const timespec span{.tv_sec = time / kSecond, .tv_nsec = (time % kSecond).count()};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr);
}

}  // namespace reveille
