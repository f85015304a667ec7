// What the swarm counts: totals, latencies, and how both grew over time.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include <reveille/instant.h>

#include "storm/machine.h"

namespace reveille::storm {

// How often each latency occurred, to 1/16 of its size. Zero to 18 minutes.
class Latencies {
 public:
  void add(Nanoseconds latency) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++counts_[bucket_of(value)];
    ++count_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // The latency that `share` (0 to 1) of all do not exceed; zero without any.
  [[nodiscard]] Nanoseconds at(double share) const;

 private:
  static constexpr unsigned kFine = 4;  // bits below the highest one
  static constexpr std::size_t kBuckets = (40 - kFine + 1) << kFine;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < (1U << kFine)) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kFine - 1;
    const std::size_t bucket = ((shift + 1ULL) << kFine) + ((value >> shift) & ((1U << kFine) - 1));
    return std::min(bucket, kBuckets - 1);
  }
  // The largest value that belongs to a bucket.
  static std::uint64_t end_of(std::size_t bucket) {
    if (bucket < (1U << kFine)) return bucket;
    const std::size_t shift = (bucket >> kFine) - 1;
    const std::uint64_t top = (1ULL << kFine) + (bucket & ((1U << kFine) - 1));
    return ((top + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
};

// Requests sent, and how many of them were repeats.
struct Sent {
  std::uint64_t all = 0;
  std::uint64_t repeated = 0;
  void count(bool repeat) {
    ++all;
    repeated += repeat ? 1 : 0;
  }
};

struct Counters {
  std::uint64_t powered_on = 0;
  std::uint64_t booted = 0;
  std::array<std::uint64_t, kFailureCount> failed{};
  std::uint64_t leases = 0;  // DORA exchanges that ended in an ACK
  std::uint64_t naks = 0;
  std::uint64_t files = 0;
  std::uint64_t blocks = 0;      // received in order, each once
  std::uint64_t bytes = 0;       // in these blocks
  std::uint64_t unverified = 0;  // of these bytes, those of files that the swarm does not have

  Sent discovers;
  Sent requests;
  Sent boot_server_requests;
  Sent read_requests;
  Sent acks;
  Sent arps;

  std::uint64_t repeated_blocks = 0;  // arrived again, or out of their turn
  std::uint64_t answered_twice = 0;   // DHCP replies beyond one a request, from one server
  std::uint64_t foreign = 0;          // TFTP packets of a transfer that the machine does not have
  std::uint64_t not_ours = 0;         // frames of other protocols or for other stations
  std::uint64_t bad_checksum = 0;
  std::uint64_t malformed = 0;

  [[nodiscard]] std::uint64_t failed_all() const;
  [[nodiscard]] std::uint64_t repeats() const {
    return discovers.repeated + requests.repeated + boot_server_requests.repeated +
           read_requests.repeated + acks.repeated + arps.repeated;
  }
};

// Totals at a moment.
struct Sample {
  double seconds = 0;
  std::uint64_t booted = 0;
  std::uint64_t failed = 0;
  std::uint64_t leases = 0;
  std::uint64_t bytes = 0;
};

struct Statistics {
  Counters counters;
  Latencies lease_time;  // first DISCOVER to ACK
  Latencies reply_time;  // a DHCP request that was sent once to its first reply
  Latencies block_time;  // an ACK to the next DATA block, where nothing was repeated
  std::vector<Sample> samples;

  void sample(Nanoseconds elapsed);
};

}  // namespace reveille::storm
