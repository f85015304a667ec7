// What systemd wants to hear from a service of Type=notify: sd_notify(3), which is one datagram
// and so needs no library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <reveille/instant.h>

namespace reveille {

class ServiceNotify {
 public:
  // Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. Does nothing when systemd did not
  // start us.
  ServiceNotify();
  ~ServiceNotify();
  ServiceNotify(const ServiceNotify&) = delete;
  ServiceNotify& operator=(const ServiceNotify&) = delete;

  void ready(std::string_view status);
  void stopping();
  void alive();  // feeds the watchdog

  // How often alive() is wanted: half of what systemd allows. nullopt: there is no watchdog.
  [[nodiscard]] std::optional<Nanoseconds> watchdog() const { return watchdog_; }

 private:
  void send(std::string_view message);

  int fd_ = -1;
  std::string path_;
  std::optional<Nanoseconds> watchdog_;
};

}  // namespace reveille
