// The one thing that control builds and workers read: everything that answers depend on.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <reveille/config.h>

#include "image/catalogue.h"
#include "packet/snapshot.h"

namespace reveille {

// Builds the first snapshot and the next ones. Subnets follow from the configuration alone and
// are shared by all of them; the boot policy also depends on which files there are.
class SnapshotBuilder {
 public:
  SnapshotBuilder(std::shared_ptr<const Config> config, std::vector<Station> stations);

  // Versions count from 1.
  [[nodiscard]] std::unique_ptr<const Snapshot> build(std::shared_ptr<const Catalogue> catalogue);

 private:
  std::shared_ptr<const Config> config_;
  std::shared_ptr<const Subnets> subnets_;
  std::vector<Station> stations_;
  std::uint64_t version_ = 0;
};

}  // namespace reveille
