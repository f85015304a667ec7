// Which machine is told to boot from which disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reveille/config.h>

#include "policy/boot_plan.h"
#include "policy/facts.h"

namespace reveille {

// Made by control from the configuration; immutable.
class DiskPaths {
 public:
  explicit DiskPaths(const std::vector<DiskConfig>& disks);

  // The first disk that names this machine, else the first that is for all; kNoDisk if there is
  // none.
  [[nodiscard]] std::uint16_t disk_of(const MacAddress& client) const;
  // "aoe:e0.1", the root path that iPXE understands; empty for kNoDisk.
  [[nodiscard]] std::string_view root_path(std::uint16_t disk) const {
    return disk == kNoDisk ? std::string_view{} : std::string_view{paths_[disk].text};
  }

  // The plan of a machine that boots, with its disk: option 17 for all; and iPXE gets no file
  // beside it that would be booted instead, unless that was chosen (`file_chosen`) and not merely
  // found. A root path that the plan has already stays.
  [[nodiscard]] std::optional<BootPlan> with_disk(std::optional<BootPlan> plan, const Facts& facts,
                                                  bool file_chosen) const;

 private:
  void take(BootPlan& plan, std::uint16_t disk) const;

  struct Path {
    std::vector<MacPattern> clients;
    std::string text;
  };
  std::vector<Path> paths_;
};

}  // namespace reveille
