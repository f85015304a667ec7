#include "port/port_profile.h"

#include <algorithm>
#include <charconv>

namespace reveille {
namespace {

// Read in the drivers of DPDK 22.11.11, since their capability flags do not tell it all.
struct VirtualDriver {
  std::string_view name;
  bool gathers;
  bool copies;
  bool partial_checksums;
  std::uint16_t mtu_max;
};
//  - af_packet gathers by memcpy, and veth peers leave checksums undone; tap gathers by writev;
//  - memif copies segment by segment, though not with zero-copy=yes;
//  - ring passes pointers within the process; null only frees, and does not advertise MULTI_SEGS;
//  - pcap linearises what it writes; captures hold veth's frames as they were;
//  - vhost copies into the guest; the other side of virtio_user maps DPDK's memory only, not our
//    images;
//  - af_xdp takes contiguous buffers only: in copy mode it reads past the first of a chain.
constexpr VirtualDriver kVirtualDrivers[] = {
    {"net_af_packet", true, true, true, kMtuMax},
    {"net_tap", true, true, true, kMtuDefault},
    {"net_memif", true, true, false, kMtuMax},
    {"net_ring", true, false, false, kMtuMax},
    {"net_null", true, false, false, kMtuMax},
    {"net_pcap", true, true, true, kMtuMax},
    {"net_vhost", true, true, true, kMtuDefault},
    {"net_virtio_user", false, true, true, kMtuDefault},
    {"net_af_xdp", false, true, true, kMtuDefault},
};

constexpr unsigned kFrameOverhead = 22;  // Ethernet header, two tags

// The octets of a buffer of the shared ring: `bsize`.
unsigned memif_buffer(std::string_view arguments) {
  constexpr std::string_view kKey = "bsize=";
  constexpr unsigned kDefault = 2048;
  const std::size_t at = arguments.find(kKey);
  if (at == std::string_view::npos) return kDefault;
  unsigned size = kDefault;
  std::from_chars(arguments.data() + at + kKey.size(), arguments.data() + arguments.size(), size);
  return size;
}

}  // namespace

PortProfile profile_of(std::string_view driver, const std::string* arguments,
                       const rte_eth_dev_info& info) {
  PortProfile profile;
  if (arguments == nullptr) {
    constexpr std::uint64_t checksums =
        RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
    profile.gathers = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
    profile.maps_memory = true;
    profile.mtu_max = std::clamp(info.max_mtu, kMtuDefault, kMtuMax);
    profile.mtu_is_told = true;
    profile.receive_checksums = (info.rx_offload_capa & checksums) == checksums;
    return profile;
  }
  const auto* known = std::ranges::find(kVirtualDrivers, driver, &VirtualDriver::name);
  if (known == std::end(kVirtualDrivers)) {
    profile.partial_checksums = true;  // unknown and virtual: copy, and trust no checksum field
    return profile;
  }
  profile.gathers = known->gathers;
  profile.copies = known->copies;
  profile.mtu_max = known->mtu_max;
  profile.partial_checksums = known->partial_checksums;
  // The packet socket sees every interface between its creation and its binding.
  profile.stale_at_start = driver == "net_af_packet";
  // memif hands a longer frame over in pieces, and no codec reads across them.
  if (driver == "net_memif" && memif_buffer(*arguments) < kMtuMax + kFrameOverhead) {
    profile.mtu_max = kMtuDefault;
  }
  // memif without copies reaches DPDK's own memory only.
  if (arguments->find("zero-copy=yes") != std::string::npos) profile.gathers = false;
  return profile;
}

}  // namespace reveille
