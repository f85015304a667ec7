// Deadlines of transfers, looked at late.
//
// An ACK only stores a later deadline in its transfer and leaves the wheel alone: re-arming a
// timer for each ACK would cost more than answering it. A slot that comes up before its
// deadline is put back. Only a deadline that moves to an earlier time needs place().
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include <reveille/instant.h>

#include "tftp/slot_lists.h"

namespace reveille {

// Owner: one worker. Times are multiples of 1.05 ms; beyond 4 s a slot comes up early.
class TimerWheel {
 public:
  explicit TimerWheel(unsigned slots) : lists_(slots, kBuckets) {}

  // (Re)places a slot: it comes up at the first due() at or after `when`.
  void place(unsigned slot, Instant when) {
    remove(slot);
    const std::int64_t tick = std::clamp(tick_of(when) + 1, cursor_, cursor_ + kBuckets - 1);
    lists_.append(bucket(tick), slot);
    ++size_;
  }
  void remove(unsigned slot) {
    if (!lists_.listed(slot)) return;
    lists_.remove(slot);
    --size_;
  }

  // A slot that has come up, first come first; it stays up until it is placed or removed.
  std::optional<unsigned> due(Instant now) {
    const std::int64_t last = tick_of(now);
    if (size_ == 0) cursor_ = std::max(cursor_, last);
    // After a long pause everything is due, and one turn finds it.
    cursor_ = std::max(cursor_, last - (kBuckets - 1));
    for (; cursor_ <= last; ++cursor_) {
      if (!lists_.empty(bucket(cursor_))) return lists_.front(bucket(cursor_));
      if (cursor_ == last) break;
    }
    return std::nullopt;
  }

 private:
  static constexpr int kTickShift = 20;
  static constexpr int kBuckets = 4096;

  static std::int64_t tick_of(Instant when) {
    return when.time_since_epoch().count() >> kTickShift;
  }
  static unsigned bucket(std::int64_t tick) { return static_cast<unsigned>(tick) % kBuckets; }

  SlotLists lists_;
  std::int64_t cursor_ = 0;  // no slot stands in an earlier bucket
  std::size_t size_ = 0;
};

}  // namespace reveille
