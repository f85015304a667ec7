// The state that all workers share and none may change: published by control through RCU,
// read once a burst, retired when every worker has moved on.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <reveille/address.h>
#include <reveille/config.h>

namespace reveille {

class Catalogue;   // image/catalogue.h: names to images
class BootPolicy;  // policy/boot_policy.h: facts to a boot plan
class Subnets;     // dhcp/subnets.h: config subnets, pools and reservations, indexed

// Us, on one port and VLAN. Index 0 to n-1 in Snapshot::stations; Request::station names one.
struct Station {
  std::uint16_t port = 0;  // DPDK port index
  std::uint16_t vlan = 0;  // 0 = untagged
  MacAddress mac;
  Ipv4Prefix address;      // our address, with the link's prefix length
  Ipv6Address link_local;
  std::uint16_t mtu = 1500;
  // Virtual ports deliver frames whose UDP checksum was left to hardware that does not exist:
  // the field then holds the pseudo-header's sum. Accepted where this is set.
  bool partial_checksums = false;
};

struct Snapshot {
  std::uint64_t version = 0;
  std::vector<Station> stations;
  std::shared_ptr<const Config> config;
  std::shared_ptr<const Subnets> subnets;
  std::shared_ptr<const BootPolicy> policy;
  std::shared_ptr<const Catalogue> catalogue;
};

}  // namespace reveille
