// A shared disk of a hundred sectors, and what holds wherever its overlays are.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "aoe/target.h"

namespace reveille::test {

inline constexpr std::uint64_t kSectors = 100;  // ends inside a grain

class Shared : public testing::Test {
 protected:
  explicit Shared(OverlayPlace overlay = OverlayPlace::memory, bool keep = false,
                  std::uint64_t memory = std::uint64_t{64} << 20)
      : bytes(pattern(kSectors * 512)), config_(make_config(overlay, keep, memory)) {
    start();
  }
  Config make_config(OverlayPlace overlay, bool keep, std::uint64_t memory) {
    DiskConfig disk = shared_disk(folder.write("disk", bytes));
    disk.overlay = overlay;
    disk.overlay_folder = folder.path();
    disk.overlay_max_bytes = 6 * 4096;
    disk.keep = keep;
    Config config = config_of({disk});
    config.disk_limits.memory_max_bytes = memory;
    return config;
  }
  void start() { target = std::make_unique<Target>(config_); }
  void restart() {
    target.reset();
    start();
  }
  Octets part(std::uint64_t lba, std::size_t sectors) const {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(lba * 512),
            bytes.begin() + static_cast<std::ptrdiff_t>((lba + sectors) * 512)};
  }
  // Writes across grains, at the odd end, twice to the same place; then everything is as written.
  void check_contents(Machine& machine) {
    Octets expected = bytes;
    const auto store = [&](std::uint64_t lba, std::size_t sectors, std::uint32_t seed) {
      const Octets data = pattern(sectors * 512, seed);
      machine.stores(lba, data);
      std::ranges::copy(data, expected.begin() + static_cast<std::ptrdiff_t>(lba * 512));
    };
    store(0, 1, 11);
    store(15, 2, 12);
    store(16, 2, 13);
    store(kSectors - 1, 1, 14);
    store(0, 2, 15);
    for (std::uint64_t lba = 0; lba < kSectors; lba += 2) {
      const Octets found = machine.holds(lba, 2);
      ASSERT_TRUE(std::ranges::equal(
          found, std::span(expected).subspan(static_cast<std::size_t>(lba) * 512, 1024)))
          << "sector " << lba;
    }
    EXPECT_EQ(machine.holds(7, 2), Octets(expected.begin() + 7 * 512, expected.begin() + 9 * 512));
  }
  void fill_overlay(Machine& machine) {
    for (std::uint64_t grain = 0; grain < 6; ++grain) {
      machine.stores(grain * 8, pattern(512, 20 + static_cast<std::uint32_t>(grain)));
    }
  }
  void check_full(Machine& machine) {
    fill_overlay(machine);
    EXPECT_EQ(machine.writes(80, pattern(512)), Outcome::aoe_overlay_full);
    EXPECT_EQ(machine.hears().error(), wire::kAtaAborted);
    EXPECT_EQ(machine.writes(47, pattern(1024)), Outcome::aoe_overlay_full) << "half of it fits";
    machine.hears();
    EXPECT_EQ(machine.holds(47, 2), part(47, 2)) << "and nothing of it was written";
    machine.stores(40, pattern(512, 99));
    EXPECT_EQ(machine.holds(40), pattern(512, 99)) << "what is there may change";
    EXPECT_EQ(target->told(EventKind::disk_full).size(), 1U);
    Machine other(*target, 2);
    other.stores(80, pattern(512, 5));
    EXPECT_EQ(other.holds(80), pattern(512, 5)) << "nobody else notices";
  }

  DiskFolder folder;
  Octets bytes;
  Config config_;
  std::unique_ptr<Target> target;
};

class InFile : public Shared {
 protected:
  explicit InFile(bool keep = false, std::uint64_t memory = std::uint64_t{64} << 20)
      : Shared(OverlayPlace::file, keep, memory) {}
  // The first frame of a client may come before its overlay is open.
  void open(Machine& machine) {
    machine.identifies();
    target->settle();
    target->sent.clear();
  }
};

}  // namespace reveille::test
