#include "worker/idle.h"

#include <ctime>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <utility>

namespace reveille {
namespace {

timespec timespec_of(Nanoseconds time) {
  constexpr Nanoseconds kSecond = std::chrono::seconds{1};
  return {.tv_sec = time / kSecond, .tv_nsec = (time % kSecond).count()};
}

// Takes the error off a socket, that of an interface which was down; a poll would end at once for
// as long as it stands. False when there is none to take: the socket is of no use.
bool take_error(int socket) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0;
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

// A socket may be ready and still have nothing that the driver takes: no two in a row are cut
// short. What was worth waking for makes the next nap a brief one anyway.
void Sleeper::sleep(Nanoseconds time) {
  const bool was_woken = std::exchange(woken_, false);
  if (sockets_.empty() || time < kWorthWaking || was_woken) return sleep_for(time);
  const timespec span = timespec_of(time);
  if (ppoll(sockets_.data(), sockets_.size(), &span, nullptr) <= 0) return;
  for (pollfd& socket : sockets_) {
    woken_ |= (socket.revents & POLLIN) != 0;
    if ((socket.revents & ~POLLIN) != 0 && !take_error(socket.fd)) socket.fd = -1;
  }
}

}  // namespace reveille
