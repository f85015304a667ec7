// AF_XDP: frames of an interface taken in its driver, before the kernel's network stack sees them.
#pragma once

#include <cstdint>

#include <reveille/config.h>

#include "port/kernel_use.h"

namespace reveille {

// How many queues of an interface DPDK's driver can take.
[[nodiscard]] unsigned af_xdp_queues_max(const KernelUse& use);

// Whether `automatic` may take the interface: one that is known to gain by it, that nobody else
// uses (all of its frames would be missing there), and whose every frame comes as it was sent.
[[nodiscard]] bool af_xdp_suits(const InterfaceConfig& config, const KernelUse& use,
                                std::uint16_t kernel_mtu, unsigned workers);

// The libraries that load programs into the kernel keep their remarks to themselves from here on:
// standard error is the log's.
void silence_af_xdp();

}  // namespace reveille
