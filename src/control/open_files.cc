#include "control/open_files.h"

#include <algorithm>
#include <limits>
#include <sys/resource.h>

#include "disk/overlay_file.h"

namespace reveille {
namespace {

// How many machines can have an overlay of the disk: those that are named, if whole addresses do.
std::uint64_t machines_of(const DiskConfig& disk) {
  const auto is_one = [](const MacPattern& pattern) { return pattern.octets == 6; };
  if (disk.clients.empty() || !std::ranges::all_of(disk.clients, is_one)) {
    return std::numeric_limits<std::uint32_t>::max();
  }
  return disk.clients.size();
}

// Overlays in files that are open at once, at most.
std::uint64_t overlays_of(const Config& config) {
  std::uint64_t machines = 0;
  for (const DiskConfig& disk : config.disks) {
    if (disk.mode != DiskMode::shared || disk.overlay != OverlayPlace::file) continue;
    machines += machines_of(disk);
  }
  return std::min<std::uint64_t>(machines, config.disk_limits.clients_max);
}

}  // namespace

std::uint64_t raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit wanted{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : limit.rlim_cur;
}

std::optional<std::string> open_files_warning(const Config& config, std::uint64_t limit) {
  const std::uint64_t overlays = overlays_of(config);
  if (overlays == 0) return std::nullopt;
  // A disk has one file, and a second one while its version changes.
  const std::uint64_t needed = overlays + 2 * config.disks.size() + kDescriptorsKept;
  if (needed <= limit) return std::nullopt;
  return "up to " + std::to_string(overlays) +
         " machines with overlays in files need a descriptor each, in all " +
         std::to_string(needed) + ", and this process may have " + std::to_string(limit) +
         ": raise LimitNOFILE (ulimit -Hn), or lower clients_max of [disks]; machines beyond that "
         "get disk errors";
}

}  // namespace reveille
