#include "storm/run.h"

namespace reveille::storm {

LoopFigures run(Swarm& swarm, Port& port, const std::atomic<bool>& stop,
                const std::function<void(Nanoseconds)>& progress) {
  return run_loop(swarm, port, stop, [&](Nanoseconds elapsed) {
    swarm.statistics().sample(elapsed);
    progress(elapsed);
  });
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
