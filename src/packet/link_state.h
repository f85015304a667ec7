// The little that workers tell each other about a link without a message: is a real IPv6
// router there? One relaxed store or load, no read-modify-write.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <reveille/instant.h>

namespace reveille {

inline constexpr std::size_t kStationsMax = 256;

class LinkState {
 public:
  void heard_router(std::uint16_t station, Instant until) {
    until_[station].store(until.time_since_epoch().count(), std::memory_order_relaxed);
  }
  [[nodiscard]] bool has_router(std::uint16_t station, Instant now) const {
    return now.time_since_epoch().count() < until_[station].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::int64_t>, kStationsMax> until_{};
};

}  // namespace reveille
