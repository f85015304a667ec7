// How many packets strangers get out of us.
#pragma once

#include <algorithm>
#include <cstdint>

#include <reveille/instant.h>

namespace reveille {

// A token bucket that holds one second's worth. Owner: one worker.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_second) : per_second_(per_second) { refill(); }

  // Takes one packet out of the budget, if there is one.
  bool allow(Instant now) {
    if (now - refilled_at_ >= kSecond) {
      refill();
      refilled_at_ = now;
    } else {
      credit_ns_ = std::min(credit_ns_ + (now - refilled_at_).count() * per_second_,
                            kSecond.count() * per_second_);
      refilled_at_ = now;
    }
    if (credit_ns_ < kSecond.count()) return false;
    credit_ns_ -= kSecond.count();
    return true;
  }

 private:
  static constexpr Nanoseconds kSecond = std::chrono::seconds{1};

  void refill() { credit_ns_ = kSecond.count() * per_second_; }

  std::int64_t per_second_;
  std::int64_t credit_ns_ = 0;  // a packet costs 10^9
  Instant refilled_at_{};
};

}  // namespace reveille
