#include "store/store_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace reveille {

Stored<StoreLock> StoreLock::take(const std::string& database) {
  const std::string path = database + ".lock";
  StoreLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.fd_ < 0) {
    return tl::unexpected("its lock " + path + " cannot be opened: " + std::strerror(errno));
  }
  // Whoever can open it can hold it, merely for reading, too. One that is not ours stays as it is.
  if (fchmod(lock.fd_, 0600) != 0 && errno != EPERM) {
    return tl::unexpected("its lock " + path +
                          " cannot be closed to others: " + std::strerror(errno));
  }
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    char holder[16] = {};
    const bool is_named = pread(lock.fd_, holder, sizeof holder - 1, 0) > 0;
    return tl::unexpected(std::string("another reveille uses it") +
                          (is_named ? " (process " + std::string(holder) + ")" : ""));
  }
  const std::string self = std::to_string(getpid());
  const bool is_written = ftruncate(lock.fd_, 0) == 0 &&
                          pwrite(lock.fd_, self.data(), self.size(), 0) == ssize_t(self.size());
  if (!is_written) {
    return tl::unexpected("its lock " + path + " cannot be written: " + std::strerror(errno));
  }
  return lock;
}

StoreLock::StoreLock(StoreLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

StoreLock::~StoreLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace reveille
