// Events on a virtual clock, and links that lose, copy and reorder. Everything is drawn from
// one seed: the same seed is the same run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <vector>

#include <reveille/instant.h>

namespace reveille::sim {

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] Instant now() const { return now_; }
  void at(Instant when, std::function<void()> action) {
    queue_.push({when, next_order_++, std::move(action)});
  }
  void after(Nanoseconds delay, std::function<void()> action) {
    at(now_ + delay, std::move(action));
  }
  // Until `done` says so or nothing is left to happen, but not beyond `limit`.
  void run(Instant limit, const std::function<bool()>& done) {
    while (!queue_.empty() && queue_.top().when <= limit && !done()) {
      now_ = queue_.top().when;
      const auto action = std::move(queue_.top().action);
      queue_.pop();
      action();
    }
  }

  // 0 to below `bound`.
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool chance(double probability) {
    return static_cast<double>(random_() >> 11) * 0x1.0p-53 < probability;
  }

 private:
  struct Event {
    Instant when;
    std::uint64_t order;  // what is due at one time happens in the order it was asked for
    mutable std::function<void()> action;
    bool operator<(const Event& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  Instant now_ = Instant{} + std::chrono::seconds{1};
  std::uint64_t next_order_ = 0;
  std::priority_queue<Event> queue_;
  std::mt19937_64 random_;
};

struct LinkQuality {
  double loss = 0;
  double copies = 0;
  double late = 0;  // frames that are overtaken by others
  Nanoseconds delay = std::chrono::microseconds{100};
  Nanoseconds jitter = std::chrono::microseconds{50};
  Nanoseconds lateness = std::chrono::milliseconds{3};
};

// One direction of a link.
class Link {
 public:
  Link(Simulation& simulation, LinkQuality quality) : simulation_(simulation), quality_(quality) {}

  void carry(std::function<void()> arrival) {
    if (simulation_.chance(quality_.copies)) deliver(arrival);
    deliver(std::move(arrival));
  }

 private:
  void deliver(std::function<void()> arrival) {
    if (simulation_.chance(quality_.loss)) return;
    Instant when = simulation_.now() + quality_.delay + drawn(quality_.jitter);
    if (simulation_.chance(quality_.late)) {
      when += drawn(quality_.lateness);
    } else {
      // Otherwise first in, first out.
      last_ = std::max(last_, when);
      when = last_;
    }
    simulation_.at(when, std::move(arrival));
  }
  Nanoseconds drawn(Nanoseconds bound) {
    return Nanoseconds{static_cast<std::int64_t>(
        simulation_.below(static_cast<std::uint64_t>(bound.count()) + 1))};
  }

  Simulation& simulation_;
  LinkQuality quality_;
  Instant last_{};
};

}  // namespace reveille::sim
