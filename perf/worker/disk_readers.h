// Machines that read a disk by ATA over Ethernet, all through one queue: a burst of requests a
// turn, of machines in turn, each for a place of its own choice.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <reveille/address.h>

#include "packet/stations.h"
#include "worker/source.h"

namespace reveille::bench {

class DiskReaders : public Source {
 public:
  struct Shape {
    std::uint32_t machines = 1;
    std::uint64_t disk_sectors = 0;
    std::uint64_t requests = 1'000'000;  // to be measured
    bool random = true;                  // else each goes on where it was
    bool write = false;                  // to the first grains of its overlay
  };

  DiskReaders(const Shape& shape, const Station& station);

  unsigned fill(std::span<rte_mbuf*> room, std::uint64_t now_cycles) override;
  void sent(std::span<rte_mbuf*> frames, std::uint64_t now_cycles) override;
  [[nodiscard]] unsigned phase() const override { return is_open() ? 0 : kWarmUp; }
  [[nodiscard]] bool done() const override { return asked_ >= shape_.requests; }

 private:
  static constexpr std::size_t kSectors = 2;
  static constexpr std::size_t kReadFrame = 60;

  [[nodiscard]] bool is_open() const { return identified_ >= shape_.machines; }
  std::uint8_t* write_request(std::uint8_t* to, std::uint32_t machine, bool identify,
                              std::uint64_t lba) const;

  Shape shape_;
  Station station_;
  std::minstd_rand random_{2};
  std::vector<std::uint64_t> cursors_;
  std::uint32_t opened_ = 0;
  std::uint32_t identified_ = 0;
  std::uint32_t next_ = 0;
  std::uint64_t asked_ = 0;
};

}  // namespace reveille::bench
