#include "worker/steering.h"

#include <cassert>
#include <new>

namespace reveille {

void Steering::hand_over(unsigned owner, rte_mbuf* frame, const Request& request, Instant at) {
  assert(frame->priv_size >= sizeof(FrameNote));
  new (&note_of(*frame)) FrameNote{request, at};
  Batch& batch = batches_[owner];
  batch.frames[batch.count++] = frame;
}

unsigned Steering::flush() {
  unsigned refused = 0;
  for (unsigned owner = 0; owner < share_.count; ++owner) {
    Batch& batch = batches_[owner];
    if (batch.count == 0) continue;
    const std::span<rte_mbuf*> frames = std::span(batch.frames).first(batch.count);
    const unsigned taken = rings_.between(share_.index, owner).frames.put(frames);
    rings_.doorbell_of(owner).ring();
    rte_pktmbuf_free_bulk(frames.data() + taken, batch.count - taken);
    refused += batch.count - taken;
    batch.count = 0;
  }
  return refused;
}

bool Steering::tell(unsigned to, const ClientFacts& client) {
  const bool taken = rings_.between(share_.index, to).clients.put({&client, 1}) == 1;
  if (taken) rings_.doorbell_of(to).ring();
  return taken;
}

std::size_t Steering::send(Outbox& outbox) {
  const std::span<const PeerMessage> messages = outbox.all();
  std::size_t sent = 0;
  while (sent < messages.size()) {
    const unsigned to = messages[sent].to;
    if (rings_.between(share_.index, to).messages.put(messages.subspan(sent, 1)) == 0) break;
    rings_.doorbell_of(to).ring();
    ++sent;
  }
  outbox.sent(sent);
  return sent;
}

}  // namespace reveille
