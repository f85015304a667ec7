#include "port/af_xdp.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

namespace reveille {

unsigned af_xdp_queues_max(const KernelUse& use) {
  return std::max(1U, use.combined_queues);
}

bool af_xdp_suits(const InterfaceConfig& config, const KernelUse& use, std::uint16_t kernel_mtu,
                  unsigned workers) {
  // A frame keeps its VLAN tag beside it in the kernel, where AF_XDP does not look.
  if (!config.vlans.empty()) return false;
  // One page holds a frame.
  if (config.mtu > kMtuDefault || kernel_mtu > kMtuDefault) return false;
  // Measured there. A NIC is reset when its program changes, and spreads frames over its queues.
  if (use.driver != "veth") return false;
  if (!use.ipv4_addresses.empty() || !use.ipv6_addresses.empty()) return false;
  if (use.stacked || use.foreign_program) return false;
  // Each queue has its worker; af_packet spreads one queue over several.
  return use.receive_queues == workers && workers <= af_xdp_queues_max(use);
}

void silence_af_xdp() {
  libbpf_set_print(nullptr);
  libxdp_set_print(nullptr);
}

}  // namespace reveille
