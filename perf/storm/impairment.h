// A bad network: frames are lost, doubled, late, or out of their order. Seeded.
#pragma once

#include <array>
#include <cstdint>
#include <queue>
#include <random>
#include <vector>

#include <reveille/instant.h>

namespace reveille::storm {

struct ImpairmentConfig {
  double loss = 0;  // shares, 0 to 1
  double duplicate = 0;
  double reorder = 0;
  Nanoseconds delay{};                // of every frame
  Nanoseconds reorder_delay = 500us;  // more, of those that are to be overtaken
  [[nodiscard]] bool any() const {
    return loss > 0 || duplicate > 0 || reorder > 0 || delay.count() > 0;
  }
};

class Impairment {
 public:
  Impairment(const ImpairmentConfig& config, std::uint64_t seed) : config_(config), random_(seed) {}

  // What becomes of the next frame: so many copies, each that late.
  struct Fate {
    std::uint8_t copies = 1;
    std::array<Nanoseconds, 2> wait{};
  };
  [[nodiscard]] Fate next() {
    Fate fate{.copies = 1, .wait = {config_.delay, config_.delay}};
    if (happens(config_.loss)) {
      ++lost_;
      fate.copies = 0;
      return fate;
    }
    if (happens(config_.duplicate)) {
      ++duplicated_;
      fate.copies = 2;
    }
    if (happens(config_.reorder)) {
      ++reordered_;
      fate.wait[0] += config_.reorder_delay;
    }
    return fate;
  }

  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] std::uint64_t duplicated() const { return duplicated_; }
  [[nodiscard]] std::uint64_t reordered() const { return reordered_; }

 private:
  bool happens(double share) {
    return share > 0 && std::uniform_real_distribution<>(0, 1)(random_) < share;
  }

  ImpairmentConfig config_;
  std::mt19937_64 random_;
  std::uint64_t lost_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t reordered_ = 0;
};

// Frames that are late, in the order in which they are due.
template <class Frame>
class HoldQueue {
 public:
  void hold(Frame frame, Instant due) { queue_.push({due, next_++, frame}); }
  [[nodiscard]] bool due(Instant now) const { return !queue_.empty() && queue_.top().due <= now; }
  Frame take() {
    Frame frame = queue_.top().frame;
    queue_.pop();
    return frame;
  }
  [[nodiscard]] std::size_t size() const { return queue_.size(); }

 private:
  struct Held {
    Instant due;
    std::uint64_t order;
    Frame frame;
    bool operator<(const Held& other) const {
      return due != other.due ? due > other.due : order > other.order;
    }
  };
  std::priority_queue<Held> queue_;
  std::uint64_t next_ = 0;
};

}  // namespace reveille::storm
