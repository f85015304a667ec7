// More new machines than any server can take, at a steady rate.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <reveille/instant.h>
#include <reveille/wire/dhcp.h>

#include "storm/dhcp_request.h"
#include "storm/network.h"
#include "storm/statistics.h"

namespace reveille::storm {

struct FloodConfig {
  double rate = 100'000;      // machines that send their first DISCOVER, a second
  Nanoseconds duration = 5s;  // so long machines come
  Nanoseconds patience = 1s;  // a machine waits for its lease: iPXE asks again after that
  std::uint32_t first_machine = 0;
};

// In all, as each has a number.
inline constexpr double kFloodMachinesMax = 1e9;

struct FloodCounters {
  std::uint64_t discovers = 0;  // that were due
  std::uint64_t dropped = 0;    // frames of both kinds that the port had no room for
  std::uint64_t offers = 0;     // in time; each is answered with a REQUEST
  std::uint64_t leases = 0;     // ACKs in time, one a machine, while machines come
  std::uint64_t after = 0;      // and when no more come
  std::uint64_t late = 0;       // answers that came when the machine had lost patience
};

// Machines of which hardly anything is kept: each sends one DISCOVER, answers an OFFER with a
// REQUEST, and is counted when its ACK comes in time. When it asked stands in its xid. Nobody asks
// again: in the place of who would comes somebody new. So a machine costs hardly more than its
// frames, and one core offers what is ten times the work of a fast server.
//
// Where more is due than the port takes, each frame has the same chance, as in the queue of a
// device that is full: a DISCOVER as well as the REQUEST of who has got an offer.
//
// Owner: one thread. Runs in run_loop(), from Instant{} on.
class Flood {
 public:
  Flood(const FloodConfig& config, Outlet& outlet);

  [[nodiscard]] bool finished() const {
    return now_ - Instant{} >= config_.duration + config_.patience;
  }
  void prefetch(Bytes /*frame*/) const {}
  void receive(Bytes frame, Instant now);
  void tick(Instant now);

  [[nodiscard]] const FloodCounters& counters() const { return counters_; }
  // First DISCOVER to ACK, of those in time.
  [[nodiscard]] const Latencies& lease_time() const { return lease_time_; }

 private:
  void send_discover();
  void send_request(const DhcpRequest& request);

  const FloodConfig config_;
  Outlet& outlet_;
  Network network_;
  std::vector<std::uint8_t> discover_;  // the frame, of a machine without MAC address and xid
  std::uint64_t discover_sum_ = 0;      // of what its UDP checksum covers
  std::vector<bool> leased_;            // by machine
  std::vector<DhcpRequest> requests_;   // to be sent in this turn
  std::minstd_rand random_;
  Instant now_{};
  FloodCounters counters_;
  Latencies lease_time_;
};

}  // namespace reveille::storm
