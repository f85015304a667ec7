// A network namespace of the test program's own, with its own view of /sys.
#pragma once

#include <cstdlib>
#include <sched.h>
#include <sys/mount.h>

namespace reveille::test {

// Whether there is one. Before main(), while the process has one thread.
inline const bool own_network = [] {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0;
}();

inline bool run(const char* command) {
  return std::system(command) == 0;
}

}  // namespace reveille::test
