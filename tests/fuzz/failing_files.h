// pwrite() and fdatasync() of this program, which fail when a fuzz target wants them to and sync
// nothing at all.
#pragma once

#include <cstdint>

namespace reveille::test {

enum class FileFault : std::uint8_t {
  none,
  write,        // nothing is written: ENOSPC
  short_write,  // the first half is, in whole sectors; what follows is ENOSPC
  sync,         // EIO
};

// After `calls` further calls that succeed, one fails. Instead of what was wanted before.
void fail_file(FileFault fault, unsigned calls = 0);

}  // namespace reveille::test
