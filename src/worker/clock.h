// Where a worker's time comes from: the TSC, or the frames of a capture.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <reveille/instant.h>

namespace reveille {

// The TSC as nanoseconds since `start`. All workers share one, so their instants compare.
class TscClock {
  __extension__ using Wide = unsigned __int128;

 public:
  TscClock() : start_(rte_rdtsc()) {
    const std::uint64_t hz = rte_get_tsc_hz();
    scale_ = static_cast<std::uint64_t>((static_cast<Wide>(1'000'000'000) << 32) / hz);
  }

  [[nodiscard]] Instant now() const {
    const auto elapsed = static_cast<Wide>(rte_rdtsc() - start_);
    return Instant{Nanoseconds{static_cast<std::int64_t>((elapsed * scale_) >> 32)}};
  }

 private:
  std::uint64_t start_;
  std::uint64_t scale_;  // nanoseconds a cycle, 32 binary places
};

// A worker's own clock, read once a burst.
class WorkerClock {
 public:
  static WorkerClock live(const TscClock& tsc) { return {&tsc, -1}; }
  // Follows the timestamps that net_pcap puts on frames: microseconds of the epoch, in the
  // dynamic mbuf field at `offset`. Stands still in between and never goes back, whatever the
  // capture says.
  static WorkerClock of_frames(int offset) { return {nullptr, offset}; }

  [[nodiscard]] bool follows_frames() const { return tsc_ == nullptr; }
  [[nodiscard]] Instant now() const { return follows_frames() ? latest_ : tsc_->now(); }

  // The time at which a burst begins to be handled: now, or when its first frame was captured.
  [[nodiscard]] Instant at(const rte_mbuf& first) {
    if (!follows_frames()) return tsc_->now();
    const auto* stamp = RTE_MBUF_DYNFIELD(&first, offset_, const rte_mbuf_timestamp_t*);
    return at(Instant{std::chrono::microseconds{*stamp}});
  }
  // The same for a frame that reached another worker at `captured`.
  [[nodiscard]] Instant at(Instant captured) {
    if (!follows_frames()) return tsc_->now();
    latest_ = std::max(latest_, captured);
    return latest_;
  }

 private:
  WorkerClock(const TscClock* tsc, int offset) : tsc_(tsc), offset_(offset) {}

  const TscClock* tsc_;  // nullptr: follows frames
  int offset_;
  Instant latest_{};
};

}  // namespace reveille
