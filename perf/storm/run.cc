#include "storm/run.h"

#include <ctime>

#include <rte_cycles.h>

namespace reveille::storm {
namespace {

constexpr Nanoseconds kProgressEvery = 100ms;
constexpr Nanoseconds kSpin = 200us;  // without work before the first nap
constexpr Nanoseconds kNap = 50us;    // leaves a shared core to the server

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

void nap() {
  const timespec time{.tv_sec = 0, .tv_nsec = kNap.count()};
  nanosleep(&time, nullptr);
}

Bytes bytes_of(const rte_mbuf* frame) {
  return {rte_pktmbuf_mtod(frame, const std::uint8_t*), frame->data_len};
}

}  // namespace

LoopFigures run(Swarm& swarm, Port& port, const std::atomic<bool>& stop,
                const std::function<void(Nanoseconds)>& progress) {
  const Clock clock;
  LoopFigures figures;
  Instant last{};
  Instant last_work{};
  Instant next_progress{};
  std::uint64_t sent = port.sent();
  while (!swarm.finished()) {
    if (stop.load(std::memory_order_relaxed)) {
      figures.interrupted = true;
      break;
    }
    const Instant now = clock.now();
    figures.longest_turn = std::max(figures.longest_turn, now - last);
    last = now;
    const auto frames = port.receive(now);
    for (const rte_mbuf* frame : frames) rte_prefetch0(rte_pktmbuf_mtod(frame, const void*));
    for (const rte_mbuf* frame : frames) swarm.prefetch(bytes_of(frame));
    for (const rte_mbuf* frame : frames) swarm.receive(bytes_of(frame), now);
    swarm.tick(now);
    port.flush(now);
    if (now >= next_progress) {
      next_progress = now + kProgressEvery;
      swarm.statistics().sample(now - Instant{});
      progress(now - Instant{});
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
  swarm.statistics().sample(figures.elapsed);
  return figures;
}

void run_ideal(IdealResponder& responder, Port& port, const std::atomic<bool>& stop) {
  const Clock clock;
  Instant last_work{};
  while (!stop.load(std::memory_order_relaxed)) {
    const Instant now = clock.now();
    const auto frames = port.receive(now);
    for (const rte_mbuf* frame : frames) responder.receive(bytes_of(frame));
    port.flush(now);
    if (!frames.empty()) {
      last_work = now;
    } else if (now - last_work > kSpin) {
      nap();
    }
  }
}

}  // namespace reveille::storm
