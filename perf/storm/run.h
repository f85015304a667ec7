// A storm over a port.
#pragma once

#include <functional>

#include "storm/ideal_responder.h"
#include "storm/loop.h"
#include "storm/swarm.h"

namespace reveille::storm {

// Runs until the swarm has finished or `stop` is set. `progress` is called every 100 ms.
LoopFigures run(Swarm& swarm, Port& port, const std::atomic<bool>& stop,
                const std::function<void(Nanoseconds)>& progress);

// Answers until `stop` is set.
void run_ideal(IdealResponder& responder, Port& port, const std::atomic<bool>& stop);

}  // namespace reveille::storm
