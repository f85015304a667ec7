// What a whole worker costs, seen from its port: cycles from the frames of one receive burst in
// its hands until it asks for the next ones, the time inside the bench itself left out.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "port/pools.h"
#include "worker/gaps.h"
#include "worker/source.h"

namespace reveille::bench {

// One receive queue. Owner: the thread of the worker that polls it; read when that has stopped.
class alignas(64) Meter {
 public:
  static constexpr std::size_t kTurnsMax = 1 << 18;  // of a phase

  explicit Meter(Source& source) : source_(source) {
    for (Phase& phase : phases_) {  // touched: no page is to be found while it counts
      phase.turns.resize(kTurnsMax);
      phase.turns.clear();
    }
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t begin = rte_rdtsc_precise();
      overhead_ = std::min(overhead_, rte_rdtsc_precise() - begin);
    }
  }

  // DPDK's callbacks on the queue: the burst that the null port made is filled with frames.
  static std::uint16_t on_receive(std::uint16_t, std::uint16_t, rte_mbuf** frames,
                                  std::uint16_t count, std::uint16_t, void* meter) {
    return static_cast<Meter*>(meter)->receive({frames, count});
  }
  static std::uint16_t on_transmit(std::uint16_t, std::uint16_t, rte_mbuf** frames,
                                   std::uint16_t count, void* meter) {
    static_cast<Meter*>(meter)->transmit({frames, count});
    return count;
  }

  // Cycles a frame, of turns with a full burst. The median: what else runs on the machine does
  // not count.
  [[nodiscard]] double cycles_per_frame(unsigned phase = 0) const {
    std::vector<float> turns = phases_[phase].turns;
    if (turns.empty()) return 0;
    const auto middle = turns.begin() + static_cast<std::ptrdiff_t>(turns.size() / 2);
    std::nth_element(turns.begin(), middle, turns.end());
    return double{*middle} / kBurst;
  }
  // Between its looks at the queue, from the first one on: the opening of transfers included.
  [[nodiscard]] const Gaps& gaps() const { return gaps_; }
  // Any thread: the source has asked all it wanted.
  [[nodiscard]] bool done() const { return done_.load(std::memory_order_acquire); }
  // From the first burst of the phase to the last, everything included, the bench as well.
  [[nodiscard]] double frames_per_second(unsigned phase = 0) const {
    const Phase& of = phases_[phase];
    const auto hz = static_cast<double>(rte_get_tsc_hz());
    return of.last > of.first ? double(of.frames) * hz / double(of.last - of.first) : 0;
  }

 private:
  struct Phase {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t frames = 0;
    std::vector<float> turns;
  };

  std::uint16_t receive(std::span<rte_mbuf*> room) {
    const std::uint64_t now = rte_rdtsc_precise();
    if (!source_.done()) gaps_.look(now);
    if (held_ != Source::kWarmUp && count_ == kBurst && phases_[held_].turns.size() < kTurnsMax) {
      phases_[held_].turns.push_back(static_cast<float>(now - left_ - inside_ - overhead_));
    }
    held_ = source_.phase();
    count_ = source_.fill(room, now);
    if (count_ < room.size()) {
      rte_pktmbuf_free_bulk(&room[count_], static_cast<unsigned>(room.size() - count_));
    }
    if (held_ != Source::kWarmUp && count_ > 0) {
      Phase& phase = phases_[held_];
      if (phase.first == 0) phase.first = now;
      phase.last = now;
      phase.frames += count_;
    }
    if (count_ == 0 && source_.done()) done_.store(true, std::memory_order_release);
    inside_ = 0;
    left_ = rte_rdtsc_precise();
    return static_cast<std::uint16_t>(count_);
  }
  void transmit(std::span<rte_mbuf*> frames) {
    const std::uint64_t begin = rte_rdtsc_precise();
    source_.sent(frames, begin);
    inside_ += rte_rdtsc_precise() - begin;
  }

  Source& source_;
  std::uint64_t overhead_ = ~std::uint64_t{0};
  std::uint64_t left_ = 0;    // when the worker got what it holds
  std::uint64_t inside_ = 0;  // of the turn, spent in sent()
  unsigned held_ = Source::kWarmUp;
  unsigned count_ = 0;
  std::array<Phase, Source::kPhases> phases_;
  Gaps gaps_;
  std::atomic<bool> done_{false};
};

}  // namespace reveille::bench
