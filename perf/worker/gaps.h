// How long a loop was away between two looks at its port.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <rte_cycles.h>

namespace reveille::bench {

// Owner: the thread of the loop.
class Gaps {
 public:
  static constexpr std::array<unsigned, 3> kLimits{20, 50, 100};  // us

  void look(std::uint64_t now_cycles) {
    if (last_ == 0) {
      first_ = now_cycles;
    } else {
      const std::uint64_t gap = now_cycles - last_;
      longest_ = std::max(longest_, gap);
      for (std::size_t i = 0; i < kLimits.size() && gap > kLimits[i] * microsecond_; ++i) {
        ++longer_[i];
      }
    }
    last_ = now_cycles;
  }

  [[nodiscard]] double longest_us() const { return double(longest_) / double(microsecond_); }
  [[nodiscard]] double seconds() const {
    return double(last_ - first_) / double(microsecond_) / 1e6;
  }
  // How many were longer than kLimits[limit].
  [[nodiscard]] std::uint64_t longer(std::size_t limit) const { return longer_[limit]; }

 private:
  std::uint64_t microsecond_ = rte_get_tsc_hz() / 1'000'000;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t longest_ = 0;
  std::array<std::uint64_t, kLimits.size()> longer_{};
};

}  // namespace reveille::bench
