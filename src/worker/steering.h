// One worker's end of the rings to and from the others.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <rte_mbuf.h>

#include <reveille/instant.h>

#include "packet/client_facts.h"
#include "packet/peer_message.h"
#include "packet/request.h"
#include "packet/share.h"
#include "port/pools.h"
#include "worker/rings.h"

namespace reveille {

// What a frame from the pool of received frames carries to another worker.
[[nodiscard]] inline FrameNote& note_of(rte_mbuf& frame) {
  return *static_cast<FrameNote*>(rte_mbuf_to_priv(&frame));
}

// Owner: one worker.
class Steering {
 public:
  Steering(Share share, const Rings& rings) : share_(share), rings_(rings), batches_(share.count) {}

  // Sets a classified frame aside for its owner; flush() puts it on its way. At most kBurst
  // frames between two flushes.
  void hand_over(unsigned owner, rte_mbuf* frame, const Request& request, Instant at);
  // Frees what the rings did not take and returns how many frames that were.
  unsigned flush();
  // The next burst that `from` has handed over to us.
  [[nodiscard]] unsigned receive(unsigned from, std::span<rte_mbuf*> room) {
    return rings_.between(from, share_.index).frames.take(room);
  }

  // Sends what the rings take, in order; the rest stays in the outbox. Returns how many.
  std::size_t send(Outbox& outbox);
  [[nodiscard]] unsigned receive(unsigned from, std::span<PeerMessage> room) {
    return rings_.between(from, share_.index).messages.take(room);
  }

  // Hands what DHCP has learned of a client to `to`; false if the ring did not take it.
  [[nodiscard]] bool tell(unsigned to, const ClientFacts& client);
  [[nodiscard]] unsigned receive(unsigned from, std::span<ClientFacts> room) {
    return rings_.between(from, share_.index).clients.take(room);
  }

 private:
  struct Batch {
    std::array<rte_mbuf*, kBurst> frames;
    unsigned count = 0;
  };

  Share share_;
  const Rings& rings_;
  std::vector<Batch> batches_;  // by owner
};

}  // namespace reveille
