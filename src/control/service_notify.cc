#include "control/service_notify.h"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace reveille {
namespace {

std::optional<std::int64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text + std::strlen(text);
  const auto [after, error] = std::from_chars(text, end, number);
  if (error != std::errc{} || after != end) return std::nullopt;
  return number;
}

}  // namespace

ServiceNotify::ServiceNotify() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  // A path, or '@' and the name of an abstract socket.
  const bool usable = path != nullptr && (path[0] == '/' || path[0] == '@') &&
                      std::strlen(path) < sizeof address.sun_path;
  if (!usable) return;
  path_ = path;
  fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto pid = number_in("WATCHDOG_PID");
  const auto allowed_us = number_in("WATCHDOG_USEC");
  const bool ours = !pid || *pid == getpid();
  if (ours && allowed_us && *allowed_us > 0) {
    watchdog_ = std::chrono::microseconds{*allowed_us / 2};
  }
}

ServiceNotify::~ServiceNotify() {
  if (fd_ >= 0) close(fd_);
}

void ServiceNotify::ready(std::string_view status) {
  send("READY=1\nSTATUS=" + std::string(status));
}

void ServiceNotify::stopping() {
  send("STOPPING=1");
}

void ServiceNotify::alive() {
  send("WATCHDOG=1");
}

// A manager that does not listen is no reason to stop serving.
void ServiceNotify::send(std::string_view message) {
  if (fd_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  if (path_[0] == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  [[maybe_unused]] const ssize_t sent =
      sendto(fd_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace reveille
