#include "storm/statistics.h"

#include <cmath>
#include <numeric>

namespace reveille::storm {

Nanoseconds Latencies::at(double share) const {
  if (count_ == 0) return Nanoseconds{0};
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return Nanoseconds{static_cast<std::int64_t>(end_of(bucket))};
  }
  return Nanoseconds{static_cast<std::int64_t>(end_of(kBuckets - 1))};
}

std::uint64_t Counters::failed_all() const {
  return std::accumulate(failed.begin(), failed.end(), std::uint64_t{0});
}

void Statistics::sample(Nanoseconds elapsed) {
  samples.push_back({std::chrono::duration<double>(elapsed).count(), counters.booted,
                     counters.failed_all(), counters.leases, counters.bytes});
}

}  // namespace reveille::storm
