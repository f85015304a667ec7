// The state that all workers share and none may change: published by control through RCU,
// read once a burst, retired when every worker has moved on.
#pragma once

#include <cstdint>
#include <memory>

#include <reveille/config.h>

#include "packet/stations.h"

namespace reveille {

class Catalogue;   // image/catalogue.h: names to images
class BootPolicy;  // policy/boot_policy.h: facts to a boot plan
class NameRules;   // names/name_rules.h: names asked for to names of images
struct Disks;      // disk/disks.h: what clients use by ATA over Ethernet
class Subnets;     // dhcp/subnets.h: config subnets, pools and reservations, indexed

struct Snapshot {
  std::uint64_t version = 0;
  Stations stations;
  std::shared_ptr<const Config> config;
  std::shared_ptr<const Subnets> subnets;
  std::shared_ptr<const BootPolicy> policy;
  std::shared_ptr<const Catalogue> catalogue;
  std::shared_ptr<const NameRules> names;  // nullptr: there are none
  std::shared_ptr<const Disks> disks;      // none: no disks are served
};

}  // namespace reveille
