// The packet path of one worker without a port: the objects that serve, and an operator who asks
// what they would answer.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>
#include <reveille/outcome.h>
#include <reveille/wire/checked.h>

#include "control/build_snapshot.h"
#include "dhcp/engine.h"
#include "image/library.h"
#include "packet/context.h"
#include "packet/link_state.h"
#include "worker/responder.h"

namespace reveille {

// One thread. Leases begin empty and are kept from one request to the next.
class Rehearsal {
 public:
  // Reads the image folder and compiles the rules, as a server does at its start. The error is one
  // sentence. `stations`: who we are; Station::port is the index of the interface.
  static tl::expected<std::unique_ptr<Rehearsal>, std::string> start(
      std::shared_ptr<const Config> config, std::vector<Station> stations);

  // What a frame from `port` asks, or the outcome in which it ends.
  [[nodiscard]] wire::Checked<Request> read(Bytes frame, std::uint16_t port = 0) const;

  // Before answer(): what it will be decided on. nullopt: it is no DHCP message, or ends before
  // anything is decided. `message` receives the parsed body, which the facts borrow.
  [[nodiscard]] std::optional<DhcpEngine::Considered> consider(const Request& request,
                                                               wire::DhcpView& message);

  struct Answer {
    Outcome outcome{};
    std::vector<std::vector<std::uint8_t>> frames;  // whole, from Ethernet on
  };
  // `now` never goes back.
  [[nodiscard]] Answer answer(const Request& request, Instant now);

  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }

 private:
  Rehearsal(std::shared_ptr<const Config> config, std::vector<Station> stations);

  [[nodiscard]] Context context(Replies& replies, Events& events, Outbox& outbox);

  std::shared_ptr<const Config> config_;
  ImageLibrary images_;
  SnapshotBuilder snapshots_;
  std::unique_ptr<const Snapshot> snapshot_;
  std::unique_ptr<Responder> responder_;
  LinkState links_;
  Instant now_{};
  std::vector<std::uint8_t> room_;
  std::array<Reply, kRepliesPerRequest> slots_{};
  std::array<Event, 64> events_{};
};

}  // namespace reveille
