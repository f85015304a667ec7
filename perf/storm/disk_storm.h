// Many machines that use disks by ATA over Ethernet: frames and time in, frames out, every byte
// compared. No port, no clock.
#pragma once

#include <random>
#include <string>
#include <vector>

#include <reveille/address.h>
#include <reveille/wire/aoe.h>
#include <reveille/wire/ata.h>

#include "storm/disk_contents.h"
#include "storm/network.h"
#include "storm/statistics.h"

namespace reveille::storm {

struct DiskCounters {
  // While it was measured.
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t bytes = 0;    // of both
  std::uint64_t replays = 0;  // of the trace, to its end
  // All the time.
  std::uint64_t compared = 0;  // bytes that were read and looked at
  std::uint64_t repeated = 0;  // requests that went out again
  std::uint64_t wrong = 0;     // reads whose bytes are not what they should be
  std::uint64_t refused = 0;   // answers that say error
  std::uint64_t stray = 0;     // frames that nobody waits for
  std::uint64_t silent = 0;    // machines that gave up: no answer
};

// Owner: one thread. The storm begins at Instant{}.
//
// The first machine asks who has the disk. All identify it, then keep `depth` requests each under
// way until the time is over, then read back what they wrote.
class DiskStorm {
 public:
  // `image`: the disk as it is before the storm; outlives this object.
  DiskStorm(const DiskStormConfig& config, Bytes image, Outlet& outlet);

  void receive(Bytes frame, Instant now);
  void prefetch(Bytes frame) const;
  // What the frame's octets are to be compared with.
  void prefetch_further(Bytes frame) const;
  // At least once a millisecond.
  void tick(Instant now);

  [[nodiscard]] bool finished() const { return phase_ == Phase::over; }
  // Not empty when the storm could not be run.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  [[nodiscard]] const DiskCounters& counters() const { return counters_; }
  [[nodiscard]] const Latencies& read_time() const { return read_time_; }
  [[nodiscard]] const Latencies& write_time() const { return write_time_; }
  // How long was measured.
  [[nodiscard]] Nanoseconds measured() const { return measured_; }
  // Machines that identified the disk.
  [[nodiscard]] std::uint32_t machines() const { return identified_; }
  [[nodiscard]] std::uint8_t sectors() const { return sectors_; }

 private:
  enum class Phase : std::uint8_t { finding, identifying, measuring, checking, over };
  enum class Kind : std::uint8_t { none, identify, read, write };

  struct Request {
    std::uint64_t lba = 0;
    std::uint32_t tag = 0;
    Kind kind = Kind::none;
    std::uint8_t sectors = 0;
    std::uint8_t tries = 0;
    Instant sent{};  // first
    Instant deadline{};
  };
  struct Client {
    std::uint64_t cursor = 0;  // sequential reads, and what is read back at the end
    std::size_t step = 0;      // of the trace; the cursor is how far its sectors were asked for
    std::uint32_t count = 0;   // of requests, for tags
    std::uint32_t out = 0;
    bool gone = false;
  };

  [[nodiscard]] Request* requests_of(std::uint32_t number) {
    return &requests_[std::size_t{number} * config_.depth];
  }
  void find(Instant now);
  void found(const wire::AoeView& packet, const MacAddress& target, Instant now);
  void begin_measuring(Instant now);
  void begin_checking(Instant now);
  void answered(std::uint32_t number, Request& request, const wire::AoeView& packet, Instant now);
  void read_answered(std::uint32_t number, const Request& request, Bytes data, Instant now);
  [[nodiscard]] bool is_whole(Bytes identity) const;
  // New requests while there is room.
  void fill(std::uint32_t number, Instant now);
  [[nodiscard]] bool choose(std::uint32_t number, Request& request);
  [[nodiscard]] bool choose_read(std::uint32_t number, Request& request);
  [[nodiscard]] bool choose_traced(std::uint32_t number, Request& request);
  [[nodiscard]] bool choose_write(std::uint32_t number, Request& request);
  [[nodiscard]] bool choose_check(std::uint32_t number, Request& request);
  [[nodiscard]] bool is_free(std::uint32_t number, std::uint64_t lba, bool write) const;
  void start(std::uint32_t number, Request& request, Instant now);
  void transmit(std::uint32_t number, const Request& request, bool again);
  void sweep(Instant now);
  void give_up(std::uint32_t number);
  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }
  [[nodiscard]] std::uint8_t* begin_frame(std::uint32_t number, const MacAddress& to,
                                          wire::AoeCommand command, std::uint32_t tag,
                                          bool everywhere = false);

  const DiskStormConfig config_;
  DiskContents contents_;
  Outlet& outlet_;
  MutableBytes room_;
  std::mt19937_64 random_;
  std::vector<Client> clients_;
  std::vector<Request> requests_;  // `depth` of each client
  MacAddress target_;
  std::uint8_t sectors_;
  Phase phase_ = Phase::finding;
  std::uint32_t identified_ = 0;
  std::uint32_t busy_ = 0;  // clients that have requests out
  unsigned finds_ = 0;
  Instant next_find_{};
  Instant next_sweep_{};
  Instant began_{};  // the phase
  Nanoseconds measured_{};
  DiskCounters counters_;
  Latencies read_time_;
  Latencies write_time_;
  std::string complaint_;
};

}  // namespace reveille::storm
