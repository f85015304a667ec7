// A configuration made ready beside the running one: read, checked, compiled.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "control/build_snapshot.h"
#include "control/config/config_file.h"

namespace reveille {

// Nothing of it has taken effect yet.
struct PreparedConfig {
  std::shared_ptr<const Config> config;  // what can take effect now
  SnapshotBuilder snapshots;
  std::vector<std::string> need_restart;  // phrases; see keep_fixed_parts()
  std::vector<std::string> warnings;      // lines, as `reveille check` writes them
};

// May take as long as it likes: any thread, beside the running workers. The error has a line for
// each problem. `subnets`: of the running configuration. `recorded`: see Subnets::after().
[[nodiscard]] tl::expected<PreparedConfig, std::string> prepare(
    const Config& running, std::vector<Station> stations, std::shared_ptr<const Subnets> subnets,
    ParsedConfig parsed, std::span<const Ipv4Address> recorded = {});

}  // namespace reveille
