// What an interface of the kernel is, and who else uses it.
#pragma once

#include <string>
#include <vector>

namespace reveille {

struct KernelUse {
  std::string driver;  // "veth", "e1000e"; empty where the kernel does not tell
  // In use, as `ethtool --show-channels` has them: those to receive, and how many of them are also
  // there to send ("combined").
  unsigned receive_queues = 1;
  unsigned combined_queues = 0;
  // The kernel's own on it; of IPv6 those that are valid beyond the link.
  std::vector<std::string> ipv4_addresses;
  std::vector<std::string> ipv6_addresses;
  // Port of a bridge, bond or the like, or carrier of VLAN devices and the like. True also where
  // that cannot be told.
  bool stacked = true;
  // An XDP program is on it that is none of reveille's. True also where that cannot be told.
  bool foreign_program = true;
};

// `index`: of the interface of that name, in the network namespace of this process.
[[nodiscard]] KernelUse kernel_use(const std::string& name, unsigned index);

}  // namespace reveille
