#include <algorithm>

#include "control/config/config_check.h"

namespace reveille {
namespace {

void check_disk(const DiskConfig& disk, const std::string& path, const Origins& origins,
                Problems& problems) {
  const Origin origin = origins.of(path);
  if (!disk.address && !origins.has(path + ".address")) {
    problems.error(origin, "the [[disk]] has no `address`, such as \"e0.1\"");
  }
  if (disk.file.empty()) problems.error(origin, "the [[disk]] has no `file`");
  const bool overlays = disk.mode == DiskMode::shared;
  if (overlays && disk.overlay == OverlayPlace::file && disk.overlay_folder.empty()) {
    problems.error(origins.of(path + ".overlay"),
                   "overlays in files want an `overlay_folder` to be in");
  }
  if (!overlays && origins.has(path + ".overlay")) {
    problems.error(origins.of(path + ".overlay"),
                   "only shared disks have overlays; writes to a private one go to its file");
  }
  if (disk.mode == DiskMode::exclusive && disk.clients.empty()) {
    problems.error(origins.of(path + ".mode"),
                   "a private disk wants `clients`: else it belongs to whoever reads it first");
  }
  if (disk.mode == DiskMode::exclusive && disk.format == DiskFileFormat::as_it_looks) {
    problems.error(origins.of(path + ".format"),
                   "how a private disk looks is what its client writes: say \"raw\" or \"vhd\"");
  }
  if (overlays && disk.keep && disk.overlay == OverlayPlace::memory) {
    problems.warning(origins.of(path + ".keep"),
                     "overlays in memory are kept until reveille ends, no longer");
  }
}

// Calls `same` for each two disks, in the order of the file, that have the same key.
template <class Key, class Same>
void find_same(const std::vector<DiskConfig>& disks, Key&& key, Same&& same) {
  std::vector<std::size_t> order(disks.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return key(disks[i]); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (key(disks[order[i - 1]]) == key(disks[order[i]])) same(order[i - 1], order[i]);
  }
}

int number_of(const DiskConfig& disk) {
  return disk.address ? disk.address->shelf << 8 | disk.address->slot : -1;
}

}  // namespace

void check_disks(const Config& config, const Origins& origins, Problems& problems) {
  const std::vector<DiskConfig>& disks = config.disks;
  for (std::size_t i = 0; i < disks.size(); ++i) {
    check_disk(disks[i], element("disk", i), origins, problems);
  }
  find_same(disks, number_of, [&](std::size_t, std::size_t second) {
    if (!disks[second].address) return;
    problems.error(
        origins.of(element("disk", second) + ".address"),
        "address " + disks[second].address->text() + " belongs to another [[disk]] already");
  });
  find_same(
      disks, [](const DiskConfig& disk) { return disk.file; },
      [&](std::size_t first, std::size_t second) {
        if (disks[first].file.empty() || (disks[first].mode != DiskMode::exclusive &&
                                          disks[second].mode != DiskMode::exclusive)) {
          return;
        }
        problems.error(
            origins.of(element("disk", second) + ".file"),
            in_quotes(disks[second].file) + " is the file of two disks, and one is private");
      });
}

}  // namespace reveille
