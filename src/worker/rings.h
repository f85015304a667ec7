// The rings between workers: one for each ordered pair and kind, so that each has one writer and
// one reader and a slow worker holds up nobody but itself; and the doorbells of those who nap.
#pragma once

#include <memory>
#include <vector>

#include "idle/doorbell.h"
#include "packet/client_facts.h"
#include "packet/peer_message.h"
#include "worker/spsc_ring.h"

struct rte_mbuf;

namespace reveille {

struct RingPair {
  explicit RingPair(unsigned frames_max, unsigned outgoing_max)
      : frames(frames_max), outgoing(outgoing_max), messages(kMessagesMax), clients(kClientsMax) {}

  static constexpr unsigned kMessagesMax = 255;
  static constexpr unsigned kClientsMax = 255;

  SpscRing<rte_mbuf*> frames;    // received, classified, owned by the other worker's client
  SpscRing<rte_mbuf*> outgoing;  // finished replies for a transmit queue of the other worker
  SpscRing<PeerMessage> messages;
  SpscRing<ClientFacts> clients;  // what DHCP learned; losing some is allowed
};

class Rings {
 public:
  // `queues_shared`: some port has fewer transmit queues than there are workers.
  Rings(unsigned workers, bool queues_shared);

  [[nodiscard]] unsigned workers() const { return workers_; }
  // From != to.
  [[nodiscard]] RingPair& between(unsigned from, unsigned to) const {
    return *pairs_[from * workers_ + to];
  }
  // Of a worker. Whoever has put something into a ring to it, or has other news for it, rings.
  [[nodiscard]] Doorbell& doorbell_of(unsigned worker) const { return doorbells_[worker]; }

 private:
  unsigned workers_;
  std::vector<std::unique_ptr<RingPair>> pairs_;
  std::unique_ptr<Doorbell[]> doorbells_;
};

}  // namespace reveille
