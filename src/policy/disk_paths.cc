#include "policy/disk_paths.h"

#include <algorithm>

namespace reveille {

DiskPaths::DiskPaths(const std::vector<DiskConfig>& disks) {
  for (const DiskConfig& disk : disks) {
    if (!disk.boot || !disk.address) continue;
    std::string text = "aoe:";
    text += disk.address->text();
    paths_.push_back({disk.clients, std::move(text)});
  }
}

std::uint16_t DiskPaths::disk_of(const MacAddress& client) const {
  const auto matches = [&client](const MacPattern& pattern) { return pattern.matches(client); };
  std::uint16_t for_all = kNoDisk;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const auto place = static_cast<std::uint16_t>(i);
    if (paths_[i].clients.empty()) {
      if (for_all == kNoDisk) for_all = place;
    } else if (std::ranges::any_of(paths_[i].clients, matches)) {
      return place;
    }
  }
  return for_all;
}

void DiskPaths::take(BootPlan& plan, std::uint16_t disk) const {
  plan.disk = disk;
  plan.root_path = root_path(disk);
}

std::optional<BootPlan> DiskPaths::with_disk(std::optional<BootPlan> plan, const Facts& facts,
                                             bool file_chosen) const {
  if (paths_.empty() || !facts.boots() || (plan && !plan->root_path.empty())) return plan;
  const std::uint16_t disk = disk_of(facts.mac);
  if (disk == kNoDisk) return plan;
  // Only iPXE can boot a disk; all others get their file, which is iPXE, first.
  if (!facts.ipxe) {
    if (plan) take(*plan, disk);
    return plan;
  }
  if (!plan) plan.emplace();
  if (!file_chosen) {
    plan->file = {};
    plan->image = nullptr;
    plan->script = false;
  }
  take(*plan, disk);
  return plan;
}

}  // namespace reveille
