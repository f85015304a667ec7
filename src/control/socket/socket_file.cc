#include "control/socket/socket_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "control/config/problem.h"
#include "control/socket/unix_address.h"

namespace reveille {
namespace {

constexpr int kBacklog = 16;

std::string failure(const std::string& path, const std::string& why) {
  return "the control socket " + in_quotes(path) + " cannot be made: " + why;
}

FileDescriptor stream_socket() {
  return FileDescriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// While it is held no other start looks at the socket, removes it or makes one. The file stays: its
// removal would let two starts hold a lock each.
tl::expected<FileDescriptor, std::string> lock_name(const std::string& path) {
  const std::string name = path + ".lock";
  FileDescriptor lock(open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return tl::unexpected(failure(path, name + ": " + std::strerror(errno)));
  if (flock(lock.number(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return tl::unexpected(failure(path, std::strerror(errno)));
  return tl::unexpected("another reveille is starting with the control socket " + in_quotes(path) +
                        "; give this one its own with --control");
}

// "process 1234"; empty when nobody listens, and that is certain.
tl::expected<std::string, std::string> listener_at(const std::string& path,
                                                   const sockaddr_un& address) {
  const auto unknown = [&path] {
    const std::string why = std::strerror(errno);
    return tl::unexpected(failure(path, "who listens there cannot be found out: " + why));
  };
  const FileDescriptor caller = stream_socket();
  if (!caller) return unknown();
  if (connect(caller.number(), generic(address), sizeof address) != 0) {
    if (errno == ECONNREFUSED || errno == ENOENT) return std::string();
    // A full backlog has somebody behind it.
    if (errno == EAGAIN) return std::string("another process");
    return unknown();
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(caller.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return unknown();
  return "process " + std::to_string(peer.pid);
}

// Why the name is not free, or empty once it is.
std::string make_way(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return failure(path, "there is a file that is no socket");
  const auto other = listener_at(path, address);
  if (!other) return other.error();
  if (!other->empty()) {
    return "another reveille (" + *other + ") has the control socket " + in_quotes(path) +
           "; give this one its own with --control";
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return failure(path, std::strerror(errno));
  return {};
}

// /run/reveille is gone after a restart of the machine; systemd makes it, a shell does not.
void make_folder(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) mkdir(folder.c_str(), 0755);
}

// Nobody else may connect, not even between bind and chmod.
bool bind_private(const FileDescriptor& listener, const sockaddr_un& address) {
  const mode_t before = umask(0117);
  const bool bound = bind(listener.number(), generic(address), sizeof address) == 0;
  const int why = errno;
  umask(before);
  errno = why;
  return bound;
}

}  // namespace

tl::expected<FileDescriptor, std::string> listen_at(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) {
    return tl::unexpected(failure(
        path, "the path of a socket has 1 to " + std::to_string(kSocketPathMax) + " bytes"));
  }
  make_folder(path);
  const auto lock = lock_name(path);
  if (!lock) return tl::unexpected(lock.error());
  if (std::string why = make_way(path, *address); !why.empty()) return tl::unexpected(why);
  FileDescriptor listener = stream_socket();
  if (!listener || !bind_private(listener, *address) ||
      ::listen(listener.number(), kBacklog) != 0) {
    return tl::unexpected(failure(path, std::strerror(errno)));
  }
  return listener;
}

}  // namespace reveille
