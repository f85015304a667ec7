// The poll loop. Read run(), turn() and serve(): they are the architecture.
#include "worker/loop.h"

#include <algorithm>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_prefetch.h>

#include "packet/classify.h"

namespace reveille {
namespace {

// Of the first segment.
Bytes octets_of(const rte_mbuf& frame) {
  return {rte_pktmbuf_mtod(&frame, const std::uint8_t*), frame.data_len};
}

// What the frame asks, into a fresh request, or the outcome in which it ends here.
std::optional<Outcome> read(rte_mbuf* frame, std::uint16_t port, const Snapshot& snapshot,
                            Request& request) {
  // Buffers hold any frame that the port's MTU allows; no codec reads across segments.
  if (frame->nb_segs > 1) return Outcome::frame_too_long;
  // Some devices take the tag out of the frame unasked; put back, it is read like any other.
  if ((frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0 && rte_vlan_insert(&frame) != 0) {
    return Outcome::frame_truncated;
  }
  const FrameInfo info{.port = port,
                       .ipv4_checksum_good = (frame->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) ==
                                             RTE_MBUF_F_RX_IP_CKSUM_GOOD,
                       .udp_checksum_good = (frame->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) ==
                                            RTE_MBUF_F_RX_L4_CKSUM_GOOD};
  return classify(octets_of(*frame), info, snapshot, request);
}

}  // namespace

void Worker::run() {
  sharpen_sleep();
  snapshots_.join(share_.index);
  last_turn_ = tsc_.now();
  while (!stopping_.load(std::memory_order_relaxed)) {
    const bool worked = turn();
    snapshots_.quiescent(share_.index);
    if (!worked) rest();
  }
  snapshots_.leave(share_.index);
}

// One look at everything that can bring work, and the answers to it. True if there was any.
bool Worker::turn() {
  const Instant started = tsc_.now();
  const Snapshot& snapshot = snapshots_.read();
  Context context{clock_.now(), snapshot,     transmit_.replies(),
                  events_,      outbox_,      links_,
                  &clients_,    share_.index, durable_leases_ ? &journal_ : nullptr};

  // What was lost goes first: in a queue that a slow port keeps full, whoever comes last is
  // dropped, and would be each time.
  if (started - last_turn_ > 2 * kTick) more_waits_ = true;  // we were away: look before
  std::size_t work = release(context);                       // ACKs whose leases are on disk by now
  work += tick(context);                                     // what is due without a frame
  const std::size_t received = receive(context);             // frames from our ports
  work += received;
  work += receive_steered(context);    // frames for us from others' ports
  work += hear_peers(context);         // what others' engines tell ours
  work += collect(context);            // what the disks have done for us
  tell_store();                        // changes of leases, before anybody hears of them
  transmit_.flush(snapshot.stations);  // replies leave together
  work += transmit_.forward();         // others' replies, through our queues
  work += tell_peers();
  tell_control();
  account(started, received, work);
  return work != 0;
}

std::size_t Worker::receive(Context& context) {
  more_waits_ = false;
  if (!receiving_.load(std::memory_order_relaxed)) return 0;
  std::array<rte_mbuf*, kBurst> frames;
  std::size_t received = 0;
  for (const ReceiveQueue& queue : queues_) {
    const Taken taken = take(queue, frames);
    received += taken.received;
    more_waits_ |= taken.more_waits;
    if (taken.kept == 0) continue;
    context.now = clock_.at(*frames[0]);
    serve(Frames(frames).first(taken.kept), queue.port, context);
  }
  statistics_.frames_received += received;
  // On a frame clock one frame is all that a look finds.
  admission_.looked(static_cast<std::uint32_t>(received), more_waits_ && !clock_.follows_frames(),
                    statistics_.outcomes);
  if (admission_.whole() == sheds_.load(std::memory_order_relaxed)) {
    sheds_.store(!admission_.whole(), std::memory_order_relaxed);
  }
  return received;
}

// What a queue has, less the DISCOVERs that give way. When most of them do, a look leaves few, and
// several looks make one burst: requests are served for less when there are more of them, since
// what they read in the tables is on its way at the same time.
Worker::Taken Worker::take(const ReceiveQueue& queue, Frames room) {
  // Vector drivers give so many at a time, and less than they were asked for otherwise.
  constexpr unsigned kTogether = 8;
  Taken taken;
  for (unsigned look = 0; look < kLooksMax; ++look) {
    const unsigned left = burst_max_ - taken.kept;
    const auto asked =
        static_cast<std::uint16_t>(left - (left < burst_max_ ? left % kTogether : 0));
    const Frames rest = room.subspan(taken.kept, asked);
    const Frames found = rest.first(rte_eth_rx_burst(queue.port, queue.queue, rest.data(), asked));
    taken.received += static_cast<unsigned>(found.size());
    taken.kept += admission_.whole() ? static_cast<unsigned>(found.size()) : let_give_way(found);
    taken.more_waits = found.size() == asked;
    if (!taken.more_waits || taken.kept > burst_max_ / 2U) break;
  }
  return taken;
}

// How many stay, in front.
unsigned Worker::let_give_way(Frames frames) {
  for (const rte_mbuf* frame : frames) {
    rte_prefetch0(rte_pktmbuf_mtod(frame, const void*));
    rte_prefetch0(rte_pktmbuf_mtod_offset(frame, const void*, Admission::kGlance - 4));
  }
  std::array<rte_mbuf*, kBurst> left_out;
  unsigned left_out_count = 0;
  unsigned kept = 0;
  for (rte_mbuf* const frame : frames) {
    if (admission_.gives_way(octets_of(*frame))) {
      left_out[left_out_count++] = frame;
    } else {
      frames[kept++] = frame;
    }
  }
  statistics_.outcomes.add(Outcome::dhcp_gave_way, left_out_count);
  rte_pktmbuf_free_bulk(left_out.data(), left_out_count);
  return kept;
}

// Classify, steer, handle: each frame ends in one outcome, here or at its owner.
void Worker::serve(Frames frames, std::uint16_t port, Context& context) {
  for (const rte_mbuf* frame : frames) rte_prefetch0(rte_pktmbuf_mtod(frame, const void*));
  unsigned ours_count = 0;
  unsigned kept = 0;  // frames that end here
  for (rte_mbuf* const frame : frames) {
    Request& request = ours_[ours_count];
    request = Request{};
    if (const auto refusal = read(frame, port, context.snapshot, request)) {
      statistics_.outcomes.add(*refusal);
    } else if (const unsigned owner = owner_of(request, share_.count, share_.index);
               owner != share_.index) {
      steering_.hand_over(owner, frame, request, context.now);
      continue;
    } else {
      responder_.prefetch(request, context.snapshot);
      ++ours_count;
    }
    frames[kept++] = frame;
  }
  for (unsigned i = 0; i < ours_count; ++i) responder_.prefetch_further(ours_[i], context.snapshot);
  handle_all(
      ours_count, [this](unsigned i) -> const Request& { return ours_[i]; }, context);
  rte_pktmbuf_free_bulk(frames.data(), kept);

  const unsigned steered = static_cast<unsigned>(frames.size()) - kept;
  if (steered == 0) return;
  const unsigned refused = steering_.flush();
  statistics_.outcomes.add(Outcome::steering_ring_full, refused);
  statistics_.frames_steered += steered - refused;
}

// Each request of a burst, in turn. What the tables know of the grains that they read and write is
// fetched for all, the bytes themselves a few requests ahead: those of a burst are more lines than
// a core has on their way at a time, and the engines' own reads would wait behind them.
template <class At>
inline void Worker::handle_all(unsigned count, At&& request, const Context& context) {
  constexpr unsigned kAhead = 4;
  const unsigned fetched = responder_.has_grains() ? count : 0;
  for (unsigned i = 0; i < fetched; ++i) responder_.prefetch_grain(request(i));
  for (unsigned i = 0; i < std::min(kAhead, fetched); ++i) {
    responder_.prefetch_grain_bytes(request(i));
  }
  for (unsigned i = 0; i < count; ++i) {
    if (i + kAhead < fetched) responder_.prefetch_grain_bytes(request(i + kAhead));
    statistics_.outcomes.add(handle(request(i), context));
  }
}

inline Outcome Worker::handle(const Request& request, const Context& context) {
  transmit_.make_room(context.snapshot.stations);
  if (durable_leases_) make_room_in_journal();
  return responder_.handle(request, context);
}

std::size_t Worker::receive_steered(Context& context) {
  std::array<rte_mbuf*, kBurst> frames;
  std::size_t received = 0;
  for (unsigned from = 0; from < share_.count; ++from) {
    if (from == share_.index) continue;
    const unsigned count = steering_.receive(from, std::span(frames).first(burst_max_));
    if (count == 0) continue;
    context.now = clock_.at(note_of(*frames[0]).at);
    more_waits_ |= count == burst_max_;
    for (unsigned i = 0; i < count; ++i) {
      responder_.prefetch(note_of(*frames[i]).request, context.snapshot);
    }
    for (unsigned i = 0; i < count; ++i) {
      responder_.prefetch_further(note_of(*frames[i]).request, context.snapshot);
    }
    handle_all(
        count, [&frames](unsigned i) -> const Request& { return note_of(*frames[i]).request; },
        context);
    rte_pktmbuf_free_bulk(frames.data(), count);
    received += count;
  }
  return received;
}

}  // namespace reveille
