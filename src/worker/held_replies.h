// Finished replies that wait for the disk: an ACK leaves when its lease is recorded, not before.
#pragma once

#include <cstdint>
#include <vector>

#include <reveille/instant.h>
#include <reveille/outcome.h>

struct rte_mbuf;

namespace reveille {

struct HeldReply {
  std::uint64_t ticket = 0;  // of the lease journal
  rte_mbuf* frame = nullptr;
  std::size_t lane = 0;
  Instant since{};
  Outcome outcome{};
};

// First in, first out: tickets only grow. All memory is taken at construction. Owner: one worker.
class HeldReplies {
 public:
  explicit HeldReplies(std::size_t held_max) : held_(held_max) {}

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool full() const { return count_ == held_.size(); }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const HeldReply& front() const { return held_[first_]; }
  void push(const HeldReply& reply) { held_[(first_ + count_++) % held_.size()] = reply; }
  HeldReply pop() {
    const HeldReply reply = held_[first_];
    first_ = (first_ + 1) % held_.size();
    --count_;
    return reply;
  }

 private:
  std::vector<HeldReply> held_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace reveille
