// Replies to frames: mbufs behind the engines' reply slots, and their way out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <rte_mbuf.h>

#include "packet/reply.h"
#include "packet/share.h"
#include "packet/snapshot.h"
#include "port/pools.h"
#include "worker/held_replies.h"
#include "worker/rings.h"
#include "worker/statistics.h"

namespace reveille {

// How one worker reaches one port.
struct Lane {
  std::uint16_t port = 0;   // DPDK port index
  std::uint16_t queue = 0;  // of the port
  unsigned owner = 0;       // the worker that may use the queue; others hand their frames to it
  bool gathers = false;     // see PortProfile
  bool maps_memory = false;
  bool copies = false;
};

// Owner: one worker.
//
// Each slot of replies() has an mbuf behind it, so that engines write heads where the port reads
// them. Payloads stay in the image as a second segment where the port gathers; elsewhere, and
// when short, they are copied behind the head.
//
// A reply with a ticket that is not durable yet is held back, for kHeldFor at most: then its
// client has asked again, or will.
class Transmit {
 public:
  static constexpr Nanoseconds kHeldFor = std::chrono::seconds{1};
  // Below this a copy is cheaper than a second segment.
  static constexpr std::uint16_t kGatherMin = 512;

  Transmit(Share share, rte_mempool* heads, rte_mempool* payloads, const std::vector<Lane>& lanes,
           const Rings& rings, WorkerStatistics& statistics, std::size_t held_max = 0);
  ~Transmit();
  Transmit(const Transmit&) = delete;
  Transmit& operator=(const Transmit&) = delete;

  [[nodiscard]] Replies& replies() { return replies_; }

  // Before each request: at least kRepliesPerRequest replies are free, unless buffers ran out.
  void make_room(const Stations& stations) {
    if (replies_.free() < kRepliesPerRequest) flush(stations);
  }
  // Sends all replies. What a full port does not take after a few tries is freed and counted.
  void flush(const Stations& stations);
  // Sends the held replies whose records are on disk, those up to `durable`, and drops those that
  // have waited too long. Returns how many there were of both.
  std::size_t release(std::uint64_t durable, Instant now);
  [[nodiscard]] std::size_t held() const { return held_.count(); }
  // Sends what other workers finished for our transmit queues. Returns how many frames.
  std::size_t forward();

 private:
  static constexpr std::uint16_t kBatch = 64;
  // A lane, and the frames that are about to leave through it.
  struct Batch {
    Lane lane;
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kBatch> frames;
  };

  void prefetch_batch(std::size_t slot);
  rte_mbuf* build(const Reply& reply, rte_mbuf* head, const Lane& lane);
  rte_mbuf* copy_behind(rte_mbuf* head, const Payload& payload);
  rte_mbuf* image_segment(const Payload& payload, const Lane& lane);
  rte_mbuf* take_segment();
  bool refill_segments();
  void hold(const Reply& reply, const Batch& batch, rte_mbuf* frame);
  void drop(const HeldReply& held, Outcome why);
  [[nodiscard]] Batch& batch_to(std::uint16_t port) { return batches_[lane_of_port_[port]]; }
  void add(Batch& batch, rte_mbuf* frame);
  void send(Batch& batch);
  void send_all();
  void transmit(const Lane& lane, std::span<rte_mbuf*> frames);
  void discard(std::span<rte_mbuf*> frames);
  void replace_heads(std::size_t used);
  void share_out_heads(std::size_t used);
  void set_head(std::size_t slot, rte_mbuf* head);

  // Hot first.
  Replies replies_;
  std::array<Reply, kReplySlots> slots_{};
  std::array<rte_mbuf*, kReplySlots> heads_{};  // behind the first backed_ slots
  std::size_t backed_ = 0;
  std::array<rte_mbuf*, kBurst> segments_{};  // of payload_pool_, for the next payloads
  unsigned segments_left_ = 0;
  WorkerStatistics& statistics_;
  rte_mempool* head_pool_;
  rte_mempool* payload_pool_;
  std::vector<Batch> batches_;
  std::array<std::uint8_t, RTE_MAX_ETHPORTS> lane_of_port_{};  // an index of batches_
  Share share_;
  bool copies_ = false;  // some driver does, or we do
  const Rings& rings_;
  HeldReplies held_;
  std::uint64_t durable_ = 0;
  Instant now_{};
};

}  // namespace reveille
