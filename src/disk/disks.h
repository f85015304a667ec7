// The disks that a snapshot has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <reveille/config.h>

#include "disk/disk_base.h"
#include "disk/disk_io.h"
#include "disk/disk_state.h"
#include "image/image.h"

namespace reveille {

// One disk in its newest version.
struct Disk {
  DiskAddress address;
  std::shared_ptr<const Image> image;  // its storage is `base`
  const DiskBase* base = nullptr;
  std::shared_ptr<DiskState> state;  // the same object in every snapshot
  std::vector<MacPattern> clients;   // empty: any

  // As it was at the start; who may use the disk is `clients`.
  [[nodiscard]] const DiskConfig& config() const { return base->config(); }
  // By the configuration and by the mask list.
  [[nodiscard]] bool allows(const MacAddress& mac) const {
    const auto matches = [&mac](const MacPattern& pattern) { return pattern.matches(mac); };
    return (clients.empty() || std::ranges::any_of(clients, matches)) && !state->masked(mac);
  }
};

// A disk of the configuration that cannot be served as things are.
struct UnservedDisk {
  DiskConfig config;
  std::string problem;  // a sentence
};

// Immutable. Made by control (disk/disk_library.h), read by workers.
struct Disks {
  std::vector<Disk> all;               // in the order of the configuration
  std::vector<UnservedDisk> unserved;  // the others
  bool overlays_in_files = false;      // of any disk, served or not
  DisksConfig limits;
  std::shared_ptr<DiskIo> io;  // the same object in every snapshot; none: all is in memory

  // By address; who asks for what is not there costs little.
  [[nodiscard]] const Disk* find(DiskAddress address) const {
    const auto found = std::ranges::lower_bound(by_address_, number(address), {},
                                                [](const auto& entry) { return entry.first; });
    if (found == by_address_.end() || found->first != number(address)) return nullptr;
    return &all[found->second];
  }
  // Once `all` is complete.
  void index() {
    by_address_.clear();
    for (std::size_t i = 0; i < all.size(); ++i)
      by_address_.emplace_back(number(all[i].address), i);
    std::ranges::sort(by_address_);
  }

 private:
  [[nodiscard]] static std::uint32_t number(DiskAddress address) {
    return static_cast<std::uint32_t>(address.shelf << 8 | address.slot);
  }
  std::vector<std::pair<std::uint32_t, std::size_t>> by_address_;
};

}  // namespace reveille
