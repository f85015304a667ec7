// What a storm of disk clients is to be, as plain values.
#pragma once

#include <cstdint>

#include <reveille/instant.h>

#include "storm/disk_trace.h"

namespace reveille::storm {

enum class Order : std::uint8_t { sequential, random, trace };

struct DiskStormConfig {
  static constexpr std::uint32_t kDepthMax = 64;
  static constexpr std::uint32_t kWriteSectorsMax = 1 << 20;

  std::uint32_t machines = 1;
  std::uint32_t first_machine = 0;  // number in its MAC address
  std::uint16_t shelf = 0;
  std::uint8_t slot = 1;
  std::uint32_t depth = 8;   // requests of one machine that are out at a time
  std::uint8_t sectors = 2;  // of a request
  Order order = Order::random;
  DiskTrace trace;  // of Order::trace: what each machine reads, from its begin, again and again
  std::uint8_t write_percent = 0;
  // Where one machine may write: its own part of the disk's beginning, so that a target whose
  // clients share every write can be measured as well.
  std::uint32_t write_sectors = 2048;
  // The image is one of disk_pattern.h: what it holds is computed, not read from it.
  bool pattern = false;
  // What others wrote must not be seen: reads go into their parts too, and find the image.
  bool isolated = false;
  Nanoseconds duration = 10s;
  std::uint64_t seed = 1;
};

}  // namespace reveille::storm
