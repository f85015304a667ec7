// What each kind of DPDK port can and cannot do, beyond what it says of itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rte_ethdev.h>

#include <reveille/config.h>

namespace reveille {

struct PortProfile {
  // Frames of several segments, some in external buffers, leave correctly.
  bool gathers = false;
  // The device reads memory by itself: image memory must be mapped for it before it gathers.
  bool maps_memory = false;
  // A core reads every octet of a frame when it leaves, and not just where it lies.
  bool copies = false;
  // Frames may come with a UDP checksum left to hardware that is not there.
  bool partial_checksums = false;
  // RTE_MBUF_F_RX_*_CKSUM_GOOD can be asked for and trusted.
  bool receive_checksums = false;
  // Frames may wait in it from before it was ours, some of them of other interfaces.
  bool stale_at_start = false;
  // Longest packet inside a frame; the kernel's or the device's MTU may be smaller.
  std::uint16_t mtu_max = kMtuDefault;
  // ethdev can tell the device its MTU, and the device means it. Virtual ones have the kernel's,
  // or none.
  bool mtu_is_told = false;
};

// `arguments`: those of a virtual device; nullptr for a physical one.
[[nodiscard]] PortProfile profile_of(std::string_view driver, const std::string* arguments,
                                     const rte_eth_dev_info& info);

}  // namespace reveille
