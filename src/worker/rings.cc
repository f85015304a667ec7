#include "worker/rings.h"

#include <algorithm>

#include "port/pools.h"

namespace reveille {

Rings::Rings(unsigned workers, bool queues_shared)
    : workers_(workers), pairs_(workers * workers), doorbells_(new Doorbell[workers]) {
  if (workers == 1) return;
  // All rings to one worker together hold what the pools have set aside for it.
  const unsigned frames_max = std::clamp(kSteeredMax / (workers - 1), 2 * kBurst, 1024u) - 1;
  const unsigned outgoing_max = queues_shared ? frames_max : 1;
  for (unsigned from = 0; from < workers; ++from) {
    for (unsigned to = 0; to < workers; ++to) {
      if (from == to) continue;
      pairs_[from * workers + to] = std::make_unique<RingPair>(frames_max, outgoing_max);
    }
  }
}

}  // namespace reveille
