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
  constexpr std::size_t kAhead = 3;  // a reply takes as long as its bytes take to come
  const Clock clock;
  const Port::Polling polling(port);
  Instant last_work{};
  while (!stop.load(std::memory_order_relaxed)) {
    const Instant now = clock.now();
    const auto frames = port.receive(now);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (i + kAhead < frames.size()) responder.prefetch(bytes_of(frames[i + kAhead]));
      responder.receive(bytes_of(frames[i]));
    }
    port.flush(now);
    if (!frames.empty()) {
      last_work = now;
    } else if (now - last_work > kSpin) {
      nap();
    }
  }
}

}  // namespace reveille::storm
