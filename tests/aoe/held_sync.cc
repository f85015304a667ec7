#include "aoe/held_sync.h"

#include <atomic>
#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<bool> held{false};
std::atomic<int> failure{0};
std::atomic<unsigned> count{0};

}  // namespace

// In place of the C library's.
extern "C" int fdatasync(int file) {
  ++count;
  held.wait(true);
  if (const int error = failure.exchange(0); error != 0) {
    errno = error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

namespace reveille::test {

HeldSync::HeldSync() {
  count = 0;
}
HeldSync::~HeldSync() {
  failure = 0;
  release();
}
void HeldSync::hold() {
  held = true;
}
void HeldSync::release() {
  held = false;
  held.notify_all();
}
void HeldSync::fail_next(int error) {
  failure = error;
}
unsigned HeldSync::calls() const {
  return count;
}

}  // namespace reveille::test
