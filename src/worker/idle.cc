#include "worker/idle.h"

#include <ctime>
#include <sys/prctl.h>
#include <utility>

namespace reveille {
namespace {

timespec timespec_of(Nanoseconds time) {
  constexpr Nanoseconds kSecond = std::chrono::seconds{1};
  return {.tv_sec = time / kSecond, .tv_nsec = (time % kSecond).count()};
}

}  // namespace

void sharpen_sleep() {
  prctl(PR_SET_TIMERSLACK, 1UL);
}

void sleep_for(Nanoseconds time) {
  const timespec span = timespec_of(time);
  clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr);
}

Sleeper::Sleeper(const std::vector<int>& sockets) {
  for (const int socket : sockets) {
    sockets_.push_back({.fd = socket, .events = POLLIN, .revents = 0});
  }
}

// A socket may be ready and still have nothing for the driver, for as long as an error stands. What
// was worth waking for makes the next nap a short one.
void Sleeper::sleep(Nanoseconds time) {
  const bool was_woken = std::exchange(woken_, false);
  if (sockets_.empty() || time < kWorthWaking || was_woken) return sleep_for(time);
  const timespec span = timespec_of(time);
  woken_ = ppoll(sockets_.data(), sockets_.size(), &span, nullptr) > 0;
}

}  // namespace reveille
