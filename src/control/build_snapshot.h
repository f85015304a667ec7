// The one thing that control builds and workers read: everything that answers depend on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "image/catalogue.h"
#include "packet/snapshot.h"
#include "policy/rules.h"

namespace reveille {

// The rules of the configuration, for all of its workers; nullptr when it has none. With
// thousands of patterns this takes seconds. The error names the rule and says what to change.
[[nodiscard]] tl::expected<std::shared_ptr<const Rules>, std::string> compile_rules(
    const Config& config);

// Builds the first snapshot and the next ones. Subnets follow from the configuration alone and
// are shared by all of them, and so are
// name rules and templates; the boot policy also depends on which files there are.
class SnapshotBuilder {
 public:
  // `rules` are compile_rules() of the configuration; they too are shared by all snapshots.
  SnapshotBuilder(std::shared_ptr<const Config> config, std::vector<Station> stations,
                  std::shared_ptr<const Rules> rules);

  // Versions count from 1. Name rules and templates are compiled the first time;
  // later calls do not fail. A template hides the file of its name.
  [[nodiscard]] tl::expected<std::unique_ptr<const Snapshot>, std::string> build(
      std::shared_ptr<const Catalogue> catalogue);

 private:
  tl::expected<void, std::string> compile();

  std::shared_ptr<const Config> config_;
  std::shared_ptr<const Subnets> subnets_;
  std::vector<Station> stations_;
  std::shared_ptr<const NameRules> names_;
  std::vector<std::shared_ptr<const Image>> templates_;
  std::shared_ptr<const Rules> rules_;
  std::uint64_t version_ = 0;
};

}  // namespace reveille
