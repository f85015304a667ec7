// The loop that a storm runs in: frames from a port, time, frames to the port.
#pragma once

#include <algorithm>
#include <atomic>
#include <ctime>

#include <rte_cycles.h>
#include <rte_prefetch.h>

#include "storm/port.h"

namespace reveille::storm {

struct LoopFigures {
  Nanoseconds elapsed{};
  Nanoseconds longest_turn{};  // between two looks at the port
  Nanoseconds silent{};        // at the end, since the last frame came
  bool interrupted = false;
};

class Clock {
 public:
  [[nodiscard]] Instant now() const {
    const auto cycles = static_cast<double>(rte_rdtsc() - start_);
    return Instant{Nanoseconds{static_cast<std::int64_t>(cycles * nanoseconds_per_cycle_)}};
  }

 private:
  std::uint64_t start_ = rte_rdtsc();
  double nanoseconds_per_cycle_ = 1e9 / static_cast<double>(rte_get_tsc_hz());
};

inline constexpr Nanoseconds kSpin = 200us;  // without work before the first nap

// Leaves a shared core to the server.
inline void nap() {
  constexpr Nanoseconds kNap = 50us;
  const timespec time{.tv_sec = 0, .tv_nsec = kNap.count()};
  nanosleep(&time, nullptr);
}

inline Bytes bytes_of(const rte_mbuf* frame) {
  return {rte_pktmbuf_mtod(frame, const std::uint8_t*), frame->data_len};
}

// Runs until the storm has finished or `stop` is set. `each` is called every 100 ms and at the
// end, with the time since the start.
template <class Storm, class Each>
LoopFigures run_loop(Storm& storm, Port& port, const std::atomic<bool>& stop, Each&& each) {
  constexpr Nanoseconds kEach = 100ms;
  const Clock clock;
  const Port::Polling polling(port);
  LoopFigures figures;
  Instant last{};
  Instant last_work{};
  Instant last_frame{};
  Instant next_each{};
  std::uint64_t sent = port.sent();
  while (!storm.finished()) {
    if (stop.load(std::memory_order_relaxed)) {
      figures.interrupted = true;
      break;
    }
    const Instant now = clock.now();
    figures.longest_turn = std::max(figures.longest_turn, now - last);
    last = now;
    const auto frames = port.receive(now);
    for (const rte_mbuf* frame : frames) rte_prefetch0(rte_pktmbuf_mtod(frame, const void*));
    for (const rte_mbuf* frame : frames) storm.prefetch(bytes_of(frame));
    if constexpr (requires { storm.prefetch_further(Bytes{}); }) {
      for (const rte_mbuf* frame : frames) storm.prefetch_further(bytes_of(frame));
    }
    for (const rte_mbuf* frame : frames) storm.receive(bytes_of(frame), now);
    if (!frames.empty()) last_frame = now;
    storm.tick(now);
    port.flush(now);
    if (now >= next_each) {
      next_each = now + kEach;
      each(now - Instant{});
    }
    if (!frames.empty() || port.sent() != sent) {
      sent = port.sent();
      last_work = now;
    } else if (now - last_work > kSpin) {
      nap();
      last = clock.now();
    }
  }
  figures.elapsed = clock.now() - Instant{};
  figures.silent = clock.now() - last_frame;
  each(figures.elapsed);
  return figures;
}

}  // namespace reveille::storm
