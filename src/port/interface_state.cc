#include "port/interface_state.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/interface_request.h"

namespace reveille {

std::string_view name(InterfaceState state) {
  switch (state) {
    case InterfaceState::up:
      return "up";
    case InterfaceState::no_carrier:
      return "no carrier";
    case InterfaceState::down:
      return "down";
    case InterfaceState::gone:
      return "gone";
  }
  return "";
}

InterfaceState interface_state(const std::string& name, unsigned index) {
  if (if_nametoindex(name.c_str()) != index) return InterfaceState::gone;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return InterfaceState::up;
  ifreq request = interface_request(name);
  const bool is_known = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  close(fd);
  if (!is_known) return InterfaceState::up;
  if ((request.ifr_flags & IFF_UP) == 0) return InterfaceState::down;
  return (request.ifr_flags & IFF_RUNNING) == 0 ? InterfaceState::no_carrier : InterfaceState::up;
}

}  // namespace reveille
