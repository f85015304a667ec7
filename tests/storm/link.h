// A swarm and an ideal server on one wire, on a virtual clock.
#pragma once

#include <deque>
#include <functional>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "storm/ideal_responder.h"
#include "storm/impairment.h"
#include "storm/swarm.h"

namespace reveille::storm::test {

using Octets = std::vector<std::uint8_t>;

class Collector : public Outlet {
 public:
  explicit Collector(std::function<void(Octets)> take) : take_(std::move(take)) {}
  MutableBytes room() override { return room_; }
  void send(std::size_t length) override { take_(Octets(room_.begin(), room_.begin() + length)); }

 private:
  std::array<std::uint8_t, kJumboRoom> room_{};
  std::function<void(Octets)> take_;
};

class Link {
 public:
  explicit Link(StormConfig config, std::size_t file_length = 100'000,
                ImpairmentConfig impairment = {})
      : bytes(file_length), impairment_(impairment, 7) {
    std::mt19937 random(3);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    config.unix_time = 1'700'000'000;
    files.expect("ideal", Bytes{bytes});
    swarm.emplace(config, files, to_server_);
    server.emplace(MacAddress{{2, 0, 0, 0, 0, 1}}, Ipv4Address::of(10, 77, 0, 1), Bytes{bytes},
                   to_swarm_);
  }

  // Frames of the swarm since the last call, with their times.
  struct Sent {
    Nanoseconds at;
    Octets frame;
  };
  std::vector<Sent> sent;

  // Whether the server sees a frame; all of them unless a test says otherwise.
  std::function<bool(const Octets&)> reaches_server = [](const Octets&) { return true; };
  // Sees every frame of the swarm that arrives, and may answer() it: other servers on the wire.
  std::function<void(const Octets&)> others = [](const Octets&) {};
  void answer(Octets frame) { put(towards_swarm_, std::move(frame)); }
  // Changes to what servers say.
  std::function<void(Octets&)> tamper = [](Octets&) {};

  void run_until(Nanoseconds end) {
    for (; now - Instant{} <= end && !swarm->finished(); now += 1ms) {
      swarm->tick(now);
      // Each turn of the loop is a tenth of the millisecond.
      for (int turn = 0; turn < 10; ++turn) {
        deliver(towards_server_, [this](const Octets& frame) {
          others(frame);
          if (reaches_server(frame)) server->receive(frame);
        });
        deliver(towards_swarm_, [this](Octets frame) {
          tamper(frame);
          swarm->receive(frame, now);
        });
      }
    }
  }

  [[nodiscard]] const Counters& counters() { return swarm->statistics().counters; }
  [[nodiscard]] std::uint64_t failed(Failure why) {
    return counters().failed[static_cast<std::size_t>(why)];
  }

  Octets bytes;
  Files files;
  std::optional<Swarm> swarm;
  std::optional<IdealResponder> server;
  Instant now{};

 private:
  void put(HoldQueue<Octets>& queue, Octets frame) {
    const auto fate = impairment_.next();
    for (std::uint8_t copy = 0; copy < fate.copies; ++copy) {
      queue.hold(frame, now + fate.wait[copy]);
    }
  }
  template <class Deliver>
  void deliver(HoldQueue<Octets>& queue, Deliver&& deliver) {
    // Only what was there before: an answer travels in the next turn.
    for (std::size_t left = queue.size(); left > 0 && queue.due(now); --left) {
      deliver(queue.take());
    }
  }

  Impairment impairment_;
  HoldQueue<Octets> towards_server_;
  HoldQueue<Octets> towards_swarm_;
  Collector to_server_{[this](Octets frame) {
    sent.push_back({now - Instant{}, frame});
    put(towards_server_, std::move(frame));
  }};
  Collector to_swarm_{[this](Octets frame) { put(towards_swarm_, std::move(frame)); }};
};

}  // namespace reveille::storm::test
