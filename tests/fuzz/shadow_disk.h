// What a disk may hold, as its clients were told: the model that an engine is held to.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include <reveille/bytes.h>

namespace reveille::test {

// Sectors are known by the number of the write that filled them; 0: what the disk held before all.
using Serial = std::uint16_t;

// The bytes of one sector that a write put there: no two writes, and no two sectors, are alike.
inline void fill_sector(MutableBytes sector, Serial serial, std::uint64_t lba) {
  std::memset(sector.data(), static_cast<std::uint8_t>(serial * 31 + lba), sector.size());
  store_be16(sector.data(), serial);
  store_be16(&sector[sector.size() - 2], static_cast<std::uint16_t>(lba));
}

inline bool is_sector_of(Bytes sector, Serial serial, std::uint64_t lba) {
  std::array<std::uint8_t, 512> expected;
  fill_sector(expected, serial, lba);
  return std::memcmp(sector.data(), expected.data(), expected.size()) == 0;
}

class ShadowDisk {
 public:
  struct Part {
    std::uint64_t lba = 0;
    std::size_t sectors = 0;
  };
  // For each sector of a read, what it may find.
  using Expected = std::vector<std::vector<Serial>>;

  // Requests of one client happen in their order: what it asked for last is there, or its disk has
  // failed. Writes of another one may have failed, or not yet happened.
  [[nodiscard]] Expected expected(Part part, std::size_t client) const {
    Expected all;
    for (std::size_t i = 0; i < part.sectors; ++i) all.push_back(expected_at(part.lba + i, client));
    return all;
  }

  void begin_write(Part part, Serial serial, std::size_t client) {
    for (std::size_t i = 0; i < part.sectors; ++i) {
      sectors_[part.lba + i].under_way.push_back({serial, client});
    }
  }
  void end_write(Part part, Serial serial, bool succeeded) {
    for (std::size_t i = 0; i < part.sectors; ++i) {
      Sector& sector = sectors_[part.lba + i];
      std::erase_if(sector.under_way, [=](const Write& write) { return write.serial == serial; });
      if (succeeded) sector.may_be.clear();
      sector.may_be.push_back(serial);
    }
  }

  [[nodiscard]] bool is_under_way(Part part, Serial serial) const {
    const auto found = sectors_.find(part.lba);
    return found != sectors_.end() &&
           std::ranges::any_of(found->second.under_way,
                               [=](const Write& write) { return write.serial == serial; });
  }

  // All that was written is gone; so are writes that are still under way.
  void drop() {
    sectors_.clear();
    ++generation_;
  }
  // It may be.
  void doubt() {
    for (auto& [lba, sector] : sectors_) sector.may_be.push_back(0);
  }
  // One more after each drop(): the answer to an older write says nothing of what is there.
  [[nodiscard]] unsigned generation() const { return generation_; }

 private:
  struct Write {
    Serial serial = 0;
    std::size_t client = 0;
  };
  struct Sector {
    std::vector<Serial> may_be{0};
    std::vector<Write> under_way;  // in their order
  };

  [[nodiscard]] std::vector<Serial> expected_at(std::uint64_t lba, std::size_t client) const {
    const auto found = sectors_.find(lba);
    if (found == sectors_.end()) return {0};
    const Sector& sector = found->second;
    if (sector.under_way.empty()) return sector.may_be;
    const bool own = std::ranges::all_of(
        sector.under_way, [=](const Write& write) { return write.client == client; });
    if (own) return {sector.under_way.back().serial};
    std::vector<Serial> all = sector.may_be;
    for (const Write& write : sector.under_way) all.push_back(write.serial);
    return all;
  }

  std::map<std::uint64_t, Sector> sectors_;  // that were ever written
  unsigned generation_ = 0;
};

}  // namespace reveille::test
