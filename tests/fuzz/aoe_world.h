// The disks of the AoE fuzz target: of each kind one, with files of their own.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <utility>

#include "aoe/target.h"
#include "fuzz/require.h"

namespace reveille::test {

class AoeWorld {
 public:
  static constexpr std::uint64_t kSectors = 100;  // of each disk; ends inside a grain
  static constexpr std::size_t kMachines = 4;
  static constexpr std::uint32_t kClientsMax = 6;
  static constexpr std::uint32_t kTickets = 16;  // few, so that they run out
  // Slots: what is written to disks in memory, read-only, with overlays in files (dropped at boot,
  // and kept over a base that is not in memory), and to a private one.
  static constexpr std::uint8_t kMemory = 1;
  static constexpr std::uint8_t kReadOnly = 2;
  static constexpr std::uint8_t kFile = 3;
  static constexpr std::uint8_t kKept = 4;
  static constexpr std::uint8_t kPrivate = 5;
  static constexpr std::uint8_t kSlots = 5;

  AoeWorld() : bytes(pattern(kSectors * 512)) {
    Config config = config_of({disk(kMemory), disk(kReadOnly), disk(kFile), disk(kPrivate)});
    config.disk_limits.clients_max = kClientsMax;
    config.disk_limits.overlay_memory_max_bytes = 12 * 4096;
    config.disk_limits.overlay_file_max_bytes = 12 * 4096;
    in_memory_ = load(config);
    Config rest = config;
    rest.disks = {disk(kKept)};
    rest.disk_limits.memory_max_bytes = 0;
    not_in_memory_ = load(rest);
    Station plain;
    plain.mac = Target::kMac;
    snapshot.stations = {plain};
    config.disks.push_back(disk(kKept));
    snapshot.config = std::make_shared<const Config>(std::move(config));
  }

  // Each input begins with nobody masked out, nothing reserved and nothing written.
  void reset() {
    auto disks = std::make_shared<Disks>(*in_memory_->disks());
    disks->all.push_back(not_in_memory_->disks()->all[0]);
    for (Disk& disk : disks->all) disk.state = std::make_shared<DiskState>();
    disks->index();
    disks->io = std::make_shared<DiskIo>(1, DiskIo::Work::by_turns, kTickets);
    snapshot.disks = std::move(disks);
    if (std::exchange(wrote_, false)) forget();
  }
  // Somebody writes, perhaps to a file.
  void writes() { wrote_ = true; }

  [[nodiscard]] static MacAddress mac(std::size_t machine) {
    return {{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(machine)}};
  }

  const Octets bytes;  // of every disk
  Snapshot snapshot;

 private:
  [[nodiscard]] DiskConfig disk(std::uint8_t slot) const {
    DiskConfig disk = shared_disk(folder_.write(std::string("disk") + char('0' + slot), bytes));
    disk.address = DiskAddress{0, slot};
    disk.remote_control = true;
    disk.overlay_max_bytes = 5 * 4096;
    if (slot == kReadOnly) disk.mode = DiskMode::read_only;
    if (slot == kPrivate) {
      disk.mode = DiskMode::exclusive;
      disk.clients = {*MacPattern::parse("52:54:00")};
    }
    if (slot == kFile || slot == kKept) {
      disk.overlay = OverlayPlace::file;
      disk.overlay_folder = folder_.path();
    }
    disk.keep = slot == kKept;
    return disk;
  }
  static std::unique_ptr<DiskLibrary> load(const Config& config) {
    auto library = std::make_unique<DiskLibrary>(config, 1);
    require(library->load().has_value());
    require(library->disks()->unserved.empty());
    library->stop();
    return library;
  }
  void forget() const {
    for (const DiskConfig& disk : snapshot.config->disks) {
      if (disk.overlay != OverlayPlace::file) continue;
      for (std::size_t machine = 0; machine < kMachines; ++machine) {
        const std::string overlay = overlay_path(disk, mac(machine));
        unlink(overlay.c_str());
        unlink((overlay + ".old").c_str());
      }
    }
    const Disk* const owned = snapshot.disks->find({0, kPrivate});
    require(owned->base->write(0, bytes) == 0);
  }

  DiskFolder folder_;
  std::unique_ptr<DiskLibrary> in_memory_;
  std::unique_ptr<DiskLibrary> not_in_memory_;
  bool wrote_ = false;
};

}  // namespace reveille::test
