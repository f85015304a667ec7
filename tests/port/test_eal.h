// The one EAL of a test process: ordinary pages, no devices, four workers.
#pragma once

#include <cstdlib>
#include <iostream>
#include <optional>

#include <gtest/gtest.h>

#include "port/eal.h"

namespace reveille {

// Started at the first call; ended after the last test.
inline Eal& test_eal() {
  static std::optional<Eal> eal;
  if (eal) return *eal;
  auto started =
      Eal::start({.workers = 4, .memory_bytes = std::size_t{384} << 20, .hugepages = false});
  if (!started) {
    std::cerr << started.error() << '\n';
    std::exit(1);
  }
  eal.emplace(std::move(*started));
  return *eal;
}

}  // namespace reveille
