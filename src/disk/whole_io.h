// Reads and writes that go on until they are whole.
#pragma once

#include <cerrno>
#include <cstdint>
#include <unistd.h>

#include <reveille/bytes.h>

namespace reveille {

// 0, or an errno; EIO when the file ends before `to` is full.
[[nodiscard]] inline int read_whole(int file, std::uint64_t offset, MutableBytes to) {
  while (!to.empty()) {
    const ssize_t got = pread(file, to.data(), to.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return EIO;
    to = to.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return 0;
}

// 0, or an errno.
[[nodiscard]] inline int write_whole(int file, std::uint64_t offset, Bytes from) {
  while (!from.empty()) {
    const ssize_t put = pwrite(file, from.data(), from.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    from = from.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return 0;
}

}  // namespace reveille
