#include "control/reload/prepare.h"

#include "control/config/machine_check.h"
#include "control/reload/fixed_parts.h"

namespace reveille {

tl::expected<PreparedConfig, std::string> prepare(const Config& running,
                                                  std::vector<Station> stations,
                                                  std::shared_ptr<const Subnets> subnets,
                                                  ParsedConfig parsed,
                                                  std::span<const Ipv4Address> recorded) {
  if (!parsed.problems.any_error()) {
    check_machine(parsed.config, parsed.origins, Purpose::reload, parsed.problems);
  }
  if (parsed.problems.any_error()) return tl::unexpected(parsed.problems.text());
  std::vector<std::string> need_restart =
      keep_fixed_parts(running, parsed.config, subnets, recorded);
  std::vector<std::string> warnings;
  for (const Problem& problem : parsed.problems.sorted()) {
    warnings.push_back(problem.line_of_text());
  }
  const auto config = std::make_shared<const Config>(std::move(parsed.config));
  SnapshotBuilder snapshots(config, std::move(stations), std::move(subnets));
  if (auto compiled = snapshots.compile(); !compiled) return tl::unexpected(compiled.error());
  return PreparedConfig{config, std::move(snapshots), std::move(need_restart), std::move(warnings)};
}

}  // namespace reveille
