// The one thing that control builds and workers read: everything that answers depend on.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "dhcp/subnets.h"
#include "image/catalogue.h"
#include "packet/snapshot.h"
#include "policy/rules.h"

namespace reveille {

// The rules of the configuration, for all of its workers; nullptr when it has none. With
// thousands of patterns this takes seconds. The error names the rule and says what to change.
[[nodiscard]] tl::expected<std::shared_ptr<const Rules>, std::string> compile_rules(
    const Config& config);

// Builds the first snapshot and the next ones. Subnets, rules, name rules and templates follow
// from the configuration alone and are shared by all of them; the boot policy also depends on which
// files there are.
class SnapshotBuilder {
 public:
  // `stored`: see Subnets.
  SnapshotBuilder(std::shared_ptr<const Config> config, std::vector<Station> stations,
                  std::span<const LeaseChange> stored = {});
  // Of a reload: `subnets` came after those of the builder that this one follows.
  SnapshotBuilder(std::shared_ptr<const Config> config, std::vector<Station> stations,
                  std::shared_ptr<const Subnets> subnets);

  // Rules, name rules and templates; build() does it if nobody has. May take seconds, in any
  // thread.
  tl::expected<void, std::string> compile();
  // Versions count from 1, or from the last one of the builder that this one follows. Does not
  // fail once it is compiled. A template hides the file of its name.
  [[nodiscard]] tl::expected<std::unique_ptr<const Snapshot>, std::string> build(
      std::shared_ptr<const Catalogue> catalogue, std::shared_ptr<const Disks> disks);
  void follow(const SnapshotBuilder& before) { version_ = before.version_; }
  [[nodiscard]] const std::vector<Station>& stations() const { return stations_; }
  [[nodiscard]] const std::shared_ptr<const Subnets>& subnets() const { return subnets_; }

 private:
  std::shared_ptr<const Config> config_;
  std::shared_ptr<const Subnets> subnets_;
  std::vector<Station> stations_;
  std::shared_ptr<const NameRules> names_;
  std::vector<std::shared_ptr<const Image>> templates_;
  std::shared_ptr<const Rules> rules_;
  std::uint64_t version_ = 0;
};

}  // namespace reveille
