#include "port/port_profile.h"

#include <algorithm>

namespace reveille {
namespace {

// Read in the drivers of DPDK 22.11.11, since their capability flags do not tell it all.
struct VirtualDriver {
  std::string_view name;
  bool gathers;
  bool partial_checksums;
};
constexpr VirtualDriver kVirtualDrivers[] = {
    {"net_af_packet", true, true},     // gathers by memcpy; veth peers leave checksums undone
    {"net_tap", true, true},           // writev
    {"net_memif", true, false},        // copies segment by segment (not with zero-copy=yes)
    {"net_ring", true, false},         // passes pointers within the process
    {"net_null", true, false},         // only frees; does not advertise MULTI_SEGS
    {"net_pcap", true, true},          // rte_pktmbuf_read; captures hold veth's frames as they were
    {"net_vhost", true, true},         // copies into the guest
    {"net_virtio_user", false, true},  // the other side maps DPDK's memory only, not our images
    {"net_af_xdp", false, true},       // takes contiguous buffers only, copy mode over-reads chains
};

}  // namespace

PortProfile profile_of(std::string_view driver, const std::string* arguments,
                       const rte_eth_dev_info& info) {
  PortProfile profile;
  if (arguments == nullptr) {
    constexpr std::uint64_t checksums =
        RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
    profile.gathers = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
    profile.maps_memory = true;
    profile.receive_checksums = (info.rx_offload_capa & checksums) == checksums;
    return profile;
  }
  const auto* known = std::ranges::find(kVirtualDrivers, driver, &VirtualDriver::name);
  if (known == std::end(kVirtualDrivers)) {
    profile.partial_checksums = true;  // unknown and virtual: copy, and trust no checksum field
    return profile;
  }
  profile.gathers = known->gathers;
  profile.partial_checksums = known->partial_checksums;
  // The packet socket sees every interface between its creation and its binding.
  profile.stale_at_start = driver == "net_af_packet";
  // memif without copies reaches DPDK's own memory only.
  if (arguments->find("zero-copy=yes") != std::string::npos) profile.gathers = false;
  return profile;
}

}  // namespace reveille
