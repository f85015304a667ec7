#include "worker/transmit.h"

#include <algorithm>
#include <cstring>

#include <rte_ethdev.h>
#include <rte_pause.h>

#include "worker/image_access.h"

namespace reveille {
namespace {

// How often a full transmit queue is offered the same frames. A device at line rate frees some
// within these; one that is stuck shall not hold up the requests behind.
constexpr unsigned kTriesMax = 16;

// IEEE 802.3 without FCS. NICs pad by themselves, virtual ports do not, and some receivers drop
// what is shorter.
constexpr std::uint16_t kFrameMin = 60;

constexpr std::size_t kCacheLine = RTE_CACHE_LINE_SIZE;

// More octets than are missing, if there is room: to clear a number that the compiler knows takes
// two stores.
void pad(rte_mbuf* frame) {
  const auto missing = static_cast<std::uint16_t>(kFrameMin - frame->pkt_len);
  const bool has_room = rte_pktmbuf_tailroom(frame) >= kFrameMin;
  char* const end = rte_pktmbuf_append(frame, missing);
  if (end == nullptr) return;
  if (has_room) {
    std::memset(end, 0, kFrameMin);
  } else {
    std::memset(end, 0, missing);
  }
}

// Ahead of its copy, which would wait for one line after the other: images are far larger than
// caches. Into the second level: those of a batch are more than the first one holds.
void prefetch(const Payload& payload) {
  const std::uint8_t* const last = payload.bytes + payload.length;
  for (const std::uint8_t* at = payload.bytes; at < last; at += kCacheLine) {
    __builtin_prefetch(at, 0, 2);
  }
}

// As the pool gives them: each whole, alone and referenced once. All, or none.
bool take_from(rte_mempool* pool, std::span<rte_mbuf*> room) {
  auto** const to = reinterpret_cast<void**>(room.data());
  return rte_mempool_get_bulk(pool, to, static_cast<unsigned>(room.size())) == 0;
}

}  // namespace

Transmit::Transmit(Share share, rte_mempool* heads, rte_mempool* payloads,
                   const std::vector<Lane>& lanes, const Rings& rings, WorkerStatistics& statistics,
                   std::size_t held_max)
    : replies_({}),
      statistics_(statistics),
      head_pool_(heads),
      payload_pool_(payloads),
      batches_(lanes.size()),
      share_(share),
      rings_(rings),
      held_(held_max) {
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    batches_[i].lane = lanes[i];
    copies_ |= lanes[i].copies || !lanes[i].gathers;
    lane_of_port_[lanes[i].port] = static_cast<std::uint8_t>(i);
  }
  replace_heads(0);
}

Transmit::~Transmit() {
  while (!held_.empty()) rte_pktmbuf_free(held_.pop().frame);
  rte_pktmbuf_free_bulk(heads_.data(), static_cast<unsigned>(backed_));
  for (; segments_left_ > 0; --segments_left_) rte_mbuf_raw_free(segments_[segments_left_ - 1]);
}

// Of the fields that a pool leaves as they were, sets those that a port reads. The lengths follow
// in build(), and the others count only beside a flag in ol_flags.
void Transmit::set_head(std::size_t slot, rte_mbuf* head) {
  head->data_off = RTE_PKTMBUF_HEADROOM;
  head->ol_flags = 0;
  head->tx_offload = 0;
  heads_[slot] = head;
  slots_[slot].head = rte_pktmbuf_mtod(head, std::uint8_t*);
  slots_[slot].capacity = static_cast<std::uint16_t>(head->buf_len - RTE_PKTMBUF_HEADROOM);
}

// The first `used` slots gave their mbufs away; puts fresh ones behind them and behind those that
// an earlier shortage left bare.
void Transmit::replace_heads(std::size_t used) {
  if (backed_ < kReplySlots || !take_from(head_pool_, std::span(heads_).first(used))) [[unlikely]] {
    return share_out_heads(used);
  }
  for (std::size_t slot = 0; slot < used; ++slot) set_head(slot, heads_[slot]);
  replies_.clear();
}

// When the pool runs dry the backed slots close ranks.
void Transmit::share_out_heads(std::size_t used) {
  std::array<rte_mbuf*, kReplySlots> fresh;
  const std::size_t wanted = used + (kReplySlots - backed_);
  std::size_t got = 0;
  for (std::size_t ask = wanted; ask > 0 && got < wanted; ask = std::min(ask, wanted - got)) {
    if (take_from(head_pool_, std::span(fresh).subspan(got, ask))) {
      got += ask;
    } else {
      ask /= 2;
    }
  }
  for (std::size_t slot = 0; slot < used; ++slot) {
    if (got > 0) {
      set_head(slot, fresh[--got]);
    } else if (backed_ > used) {
      set_head(slot, heads_[--backed_]);
    } else {
      backed_ = slot;
      break;
    }
  }
  while (got > 0) set_head(backed_++, fresh[--got]);
  replies_ = Replies(std::span(slots_).first(backed_));
}

void Transmit::flush(const Stations& stations) {
  const std::span<const Reply> replies = replies_.all();
  if (replies.empty() && backed_ == kReplySlots) return;
  Batch* to = nullptr;
  std::uint32_t station = ~std::uint32_t{0};
  rte_mbuf** head = heads_.data();
  for (std::size_t slot = 0; slot < replies.size(); ++slot) {
    const Reply& reply = replies[slot];
    if (copies_ && slot % kBatch == 0) prefetch_batch(slot);
    if (copies_) prefetch(reply.payload);  // again: a core drops some when many are on their way
    if (reply.station != station) {        // those of a burst mostly leave through one
      station = reply.station;
      to = &batch_to(stations[station].port);
    }
    rte_mbuf* const frame = build(reply, *head++, to->lane);
    if (reply.ticket <= durable_) {
      add(*to, frame);
    } else {
      hold(reply, *to, frame);
    }
  }
  send_all();
  replace_heads(replies.size());
}

// Not before all requests are answered: an engine's own reads would wait behind so many lines.
void Transmit::prefetch_batch(std::size_t slot) {
  const std::span<const Reply> rest = replies_.all().subspan(slot);
  for (const Reply& reply : rest.first(std::min<std::size_t>(kBatch, rest.size()))) {
    prefetch(reply.payload);
  }
}

void Transmit::hold(const Reply& reply, const Batch& batch, rte_mbuf* frame) {
  if (frame == nullptr) return;
  const auto lane = static_cast<std::size_t>(&batch - batches_.data());
  const HeldReply held{reply.ticket, frame, lane, now_, reply.outcome};
  if (held_.full()) return drop(held, Outcome::lease_store_full);
  held_.push(held);
}

// What the request ended in was said too early.
void Transmit::drop(const HeldReply& held, Outcome why) {
  rte_pktmbuf_free(held.frame);
  statistics_.outcomes.change(held.outcome, why);
}

std::size_t Transmit::release(std::uint64_t durable, Instant now) {
  durable_ = durable;
  now_ = now;
  if (held_.empty()) return 0;
  const std::size_t before = held_.count();
  while (!held_.empty() && held_.front().ticket <= durable) {
    const HeldReply held = held_.pop();
    add(batches_[held.lane], held.frame);
  }
  const bool any = held_.count() < before;
  while (!held_.empty() && now - held_.front().since > kHeldFor) {
    drop(held_.pop(), Outcome::lease_store_late);
  }
  if (any) send_all();
  return before - held_.count();
}

// The finished frame, or nullptr when it cannot be sent on this lane; `head` is consumed.
inline rte_mbuf* Transmit::build(const Reply& reply, rte_mbuf* head, const Lane& lane) {
  head->data_len = reply.length;
  head->pkt_len = reply.length;
  const Payload& payload = reply.payload;
  if (payload.length == 0) {
    if (head->pkt_len < kFrameMin) pad(head);
    return head;
  }
  if (rte_mbuf* const segment = image_segment(payload, lane); segment != nullptr) {
    head->next = segment;
    head->nb_segs = 2;
    head->pkt_len += payload.length;
    ++statistics_.payloads_gathered;
    return head;
  }
  return copy_behind(head, payload);
}

rte_mbuf* Transmit::copy_behind(rte_mbuf* head, const Payload& payload) {
  char* const room = rte_pktmbuf_append(head, payload.length);
  if (room == nullptr) {  // longer than a buffer: only a port that gathers could send it
    discard({&head, 1});
    return nullptr;
  }
  std::memcpy(room, payload.bytes, payload.length);
  if (head->pkt_len < kFrameMin) pad(head);
  ++statistics_.payloads_copied;
  return head;
}

// A segment that points into the image, or nullptr when the payload is to be copied.
inline rte_mbuf* Transmit::image_segment(const Payload& payload, const Lane& lane) {
  if (!lane.gathers || payload.length < kGatherMin || payload.image == nullptr) return nullptr;
  TransmitState& state = transmit_state(*payload.image, share_.index);
  if (!state.in_place || (lane.maps_memory && !state.mapped)) return nullptr;
  rte_mbuf* const segment = take_segment();
  if (segment == nullptr) return nullptr;
  // Mapped memory has its virtual address as IO address; no other device asks for one.
  auto* const bytes = const_cast<std::uint8_t*>(payload.bytes);
  rte_pktmbuf_attach_extbuf(segment, bytes, reinterpret_cast<std::uintptr_t>(bytes), payload.length,
                            &state.shared);
  add_reference(state);
  segment->data_len = payload.length;
  segment->pkt_len = payload.length;
  return segment;
}

// The fields that the pool leaves as they were are set where it is attached, or are those of a
// frame's first segment only. nullptr when the pool is dry.
inline rte_mbuf* Transmit::take_segment() {
  if (segments_left_ == 0 && !refill_segments()) [[unlikely]]
    return nullptr;
  return segments_[--segments_left_];
}

bool Transmit::refill_segments() {
  for (const unsigned count : {kBurst, 1U}) {
    if (take_from(payload_pool_, std::span(segments_).first(count))) {
      segments_left_ = count;
      return true;
    }
  }
  return false;
}

inline void Transmit::add(Batch& batch, rte_mbuf* frame) {
  if (frame == nullptr) return;
  batch.frames[batch.count++] = frame;
  if (batch.count == kBatch) send(batch);
}

void Transmit::send_all() {
  for (Batch& batch : batches_) send(batch);
}

void Transmit::send(Batch& batch) {
  if (batch.count == 0) return;
  const std::span<rte_mbuf*> frames = std::span(batch.frames).first(batch.count);
  batch.count = 0;
  const Lane& to = batch.lane;
  if (to.owner == share_.index) {
    transmit(to, frames);
    return;
  }
  for (rte_mbuf* frame : frames) frame->port = to.port;
  const unsigned taken = rings_.between(share_.index, to.owner).outgoing.put(frames);
  rings_.doorbell_of(to.owner).ring();
  statistics_.replies_passed += taken;
  discard(frames.subspan(taken));
}

void Transmit::transmit(const Lane& lane, std::span<rte_mbuf*> frames) {
  for (unsigned tries = 0; tries < kTriesMax && !frames.empty();) {
    const std::uint16_t taken = rte_eth_tx_burst(lane.port, lane.queue, frames.data(),
                                                 static_cast<std::uint16_t>(frames.size()));
    statistics_.frames_sent += taken;
    frames = frames.subspan(taken);
    if (taken == 0) {
      ++tries;
      rte_pause();
    }
  }
  if (!frames.empty()) discard(frames);
}

void Transmit::discard(std::span<rte_mbuf*> frames) {
  statistics_.frames_unsent += frames.size();
  rte_pktmbuf_free_bulk(frames.data(), static_cast<unsigned>(frames.size()));
}

std::size_t Transmit::forward() {
  std::array<rte_mbuf*, kBurst> frames;
  std::size_t forwarded = 0;
  for (unsigned from = 0; from < share_.count; ++from) {
    if (from == share_.index) continue;
    const unsigned count = rings_.between(from, share_.index).outgoing.take(frames);
    for (unsigned i = 0; i < count; ++i) add(batch_to(frames[i]->port), frames[i]);
    forwarded += count;
  }
  if (forwarded > 0) {
    statistics_.replies_forwarded += forwarded;
    send_all();
  }
  return forwarded;
}

}  // namespace reveille
