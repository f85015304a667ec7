#include "fuzz/failing_files.h"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace reveille::test {
namespace {

constexpr std::size_t kSector = 512;

FileFault wanted = FileFault::none;
unsigned calls_left = 0;

// Whether the call at hand is the one.
bool is_due() {
  if (calls_left-- > 0) return false;
  calls_left = 0;
  return true;
}

int fails_with(int error) {
  errno = error;
  return -1;
}

}  // namespace

void fail_file(FileFault fault, unsigned calls) {
  wanted = fault;
  calls_left = calls;
}

}  // namespace reveille::test

// In place of the C library's.
extern "C" ssize_t pwrite(int file, const void* from, size_t count, off_t offset) {
  using namespace reveille::test;
  const bool half = wanted == FileFault::short_write;
  if ((half || wanted == FileFault::write) && is_due()) {
    count = half ? count / 2 / kSector * kSector : 0;
    wanted = count > 0 ? FileFault::write : FileFault::none;
    if (count == 0) return fails_with(ENOSPC);
  }
  return syscall(SYS_pwrite64, file, from, count, offset);
}

extern "C" int fdatasync(int) {
  using namespace reveille::test;
  if (wanted != FileFault::sync || !is_due()) return 0;
  wanted = FileFault::none;
  return fails_with(EIO);
}
