// How an interface is going to be opened: settled before there are buffers, since some drivers want
// more of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "port/kernel_interface.h"

namespace reveille {

// DPDK's name and arguments of a virtual device.
struct VirtualDevice {
  std::string name;
  std::string arguments;
};

struct PortPlan {
  InterfaceConfig config;
  unsigned workers = 1;
  VirtualDevice device;                   // its name is empty for a NIC
  std::optional<KernelInterface> kernel;  // claimed, where it is one of the kernel
  // Another way, should `device` fail after all.
  std::optional<VirtualDevice> instead;
  std::vector<std::string> warnings;  // of what will work, but perhaps not as expected

  // Queues whose driver lets the kernel fill our receive buffers (AF_XDP), and sends from there.
  [[nodiscard]] unsigned umem_queues() const;

  // Claims a kernel interface and chooses its driver. `buffers_suit`: see below. The error is a
  // sentence.
  static tl::expected<PortPlan, std::string> make(const InterfaceConfig& config, unsigned workers,
                                                  bool buffers_suit = true);
};

// All ports receive into one pool: whether AF_XDP could, whose buffers are no longer than a page
// and lie side by side, which those that a NIC writes to do not.
[[nodiscard]] bool buffers_suit_af_xdp(const std::vector<InterfaceConfig>& interfaces);

// The most that umem_queues() of a plan may be, before anything is claimed.
[[nodiscard]] unsigned umem_queues_max(const InterfaceConfig& config, unsigned workers);

}  // namespace reveille
