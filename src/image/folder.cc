#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <optional>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <climits>

#include "image/reason.h"
#include "image/tree.h"

namespace reveille {

namespace {

// The path of an open file, as the kernel knows it now.
std::optional<std::string> path_of(int descriptor) {
  std::array<char, PATH_MAX> path;
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = readlink(link.c_str(), path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) return std::nullopt;
  return std::string{path.data(), static_cast<std::size_t>(length)};
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileIdentity identity_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size_bytes = static_cast<std::uint64_t>(status.st_size),
          .modified_ns = nanoseconds(status.st_mtim),
          .changed_ns = nanoseconds(status.st_ctim)};
}

tl::expected<ImageFolder, std::string> ImageFolder::open(const std::string& path) {
  ImageFolder folder;
  folder.descriptor_ = FileDescriptor{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  struct stat status {};
  if (!folder.descriptor_ || fstat(folder.descriptor_.number(), &status) != 0) {
    return tl::unexpected("the image folder cannot be opened: " + reason(errno));
  }
  folder.identity_ = identity_of(status);
  const auto real_path = path_of(folder.descriptor_.number());
  if (!real_path) return tl::unexpected<std::string>("/proc is not there to look up links");
  folder.real_path_ = *real_path == "/" ? "" : *real_path;
  return folder;
}

FileDescriptor ImageFolder::open_below(const std::string& path, int flags) const {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const char* const where = path.empty() ? "." : path.c_str();
  return FileDescriptor{
      static_cast<int>(syscall(SYS_openat2, descriptor_.number(), where, &how, sizeof how))};
}

tl::expected<std::string, std::string> ImageFolder::resolve(const std::string& path) const {
  const FileDescriptor target{openat(descriptor_.number(), path.c_str(), O_PATH | O_CLOEXEC)};
  if (!target) {
    if (errno == ENOENT) return tl::unexpected<std::string>("symbolic link to nothing");
    if (errno == ELOOP) return tl::unexpected<std::string>("symbolic links in a circle");
    return tl::unexpected("symbolic link that cannot be followed: " + reason(errno));
  }
  const auto real_path = path_of(target.number());
  if (!real_path) return tl::unexpected<std::string>("symbolic link to a path that is too long");
  if (*real_path == real_path_) return std::string{};
  if (!real_path->starts_with(real_path_ + "/")) {
    return tl::unexpected("symbolic link that leaves the image folder, to " + *real_path);
  }
  return real_path->substr(real_path_.size() + 1);
}

}  // namespace reveille
