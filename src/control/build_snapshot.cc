#include "control/build_snapshot.h"

#include "dhcp/subnets.h"
#include "policy/boot_policy.h"

namespace reveille {

SnapshotBuilder::SnapshotBuilder(std::shared_ptr<const Config> config,
                                 std::vector<Station> stations)
    : config_(std::move(config)),
      subnets_(std::make_shared<const Subnets>(*config_)),
      stations_(std::move(stations)) {}

std::unique_ptr<const Snapshot> SnapshotBuilder::build(std::shared_ptr<const Catalogue> catalogue) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->version = ++version_;
  snapshot->stations = stations_;
  snapshot->config = config_;
  snapshot->subnets = subnets_;
  snapshot->policy = std::make_shared<const BootPolicy>(*config_, *catalogue);
  snapshot->catalogue = std::move(catalogue);
  return snapshot;
}

}  // namespace reveille
