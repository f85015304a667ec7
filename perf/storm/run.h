// A storm over a port: the loop that the swarm runs in.
#pragma once

#include <atomic>
#include <functional>

#include "storm/ideal_responder.h"
#include "storm/port.h"
#include "storm/swarm.h"

namespace reveille::storm {

struct LoopFigures {
  Nanoseconds elapsed{};
  Nanoseconds longest_turn{};  // between two looks at the port
  bool interrupted = false;
};

// Runs until the swarm has finished or `stop` is set. `progress` is called every 100 ms.
LoopFigures run(Swarm& swarm, Port& port, const std::atomic<bool>& stop,
                const std::function<void(Nanoseconds)>& progress);

// Answers until `stop` is set.
void run_ideal(IdealResponder& responder, Port& port, const std::atomic<bool>& stop);

}  // namespace reveille::storm
