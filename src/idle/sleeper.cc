#include "idle/sleeper.h"

#include <ctime>
#include <span>
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

Sleeper::Sleeper(Doorbell* doorbell, const std::vector<int>& sockets) : doorbell_(doorbell) {
  const int bell = doorbell == nullptr ? -1 : doorbell->descriptor();
  waits_for_.push_back({.fd = bell, .events = POLLIN, .revents = 0});
  for (const int socket : sockets) {
    waits_for_.push_back({.fd = socket, .events = POLLIN, .revents = 0});
  }
}

bool Sleeper::may_sleep(Nanoseconds time) {
  if (doorbell_ == nullptr || time < kWorthWaking || listens_) return true;
  doorbell_->listen();
  listens_ = true;
  return false;
}

// A socket may be ready and still have nothing that the driver takes: no two naps in a row are cut
// short by one. What was worth waking for makes the next nap a brief one anyway.
void Sleeper::sleep(Nanoseconds time) {
  const bool hears_sockets = !std::exchange(socket_woke_, false);
  if (time < kWorthWaking) {
    sleep_for(time);
  } else {
    const timespec span = timespec_of(time);
    const nfds_t count = hears_sockets ? waits_for_.size() : 1;
    if (ppoll(waits_for_.data(), count, &span, nullptr) > 0) take_wake_ups();
  }
  if (std::exchange(listens_, false)) doorbell_->stop_listening();
}

void Sleeper::take_wake_ups() {
  if (std::exchange(waits_for_[0].revents, 0) != 0) doorbell_->take_ring();
  for (pollfd& socket : std::span(waits_for_).subspan(1)) {
    const int events = std::exchange(socket.revents, 0);
    socket_woke_ |= (events & POLLIN) != 0;
    if ((events & ~POLLIN) != 0 && !take_error(socket.fd)) socket.fd = -1;
  }
}

}  // namespace reveille
