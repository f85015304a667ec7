// An ioctl(2) about an interface of the kernel: see netdevice(7).
#pragma once

#include <net/if.h>
#include <string>

namespace reveille {

// Names that are too long name no interface, and are cut.
inline ifreq interface_request(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

}  // namespace reveille
