// The machines that were seen booting within the last minute, by MAC address: who gets a
// router advertisement of nothing (link/engine.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <reveille/address.h>
#include <reveille/instant.h>

#include "table/recent_table.h"

namespace reveille {

// Remembers `capacity` machines, at least one; the one not seen for longest makes room for a new
// one. Owner: one worker. All memory is taken at construction; every call is constant in time.
class BootingClients {
 public:
  static constexpr Nanoseconds kMemory = std::chrono::seconds{60};

  // `seed` keeps strangers from choosing MAC addresses that collide.
  BootingClients(std::size_t capacity, std::uint64_t seed) : seen_(capacity, seed) {}

  // Start the memory accesses of a later saw(), in two steps with some time between them.
  void prefetch(const MacAddress& client) const { seen_.prefetch(client.number()); }
  void prefetch_entry(const MacAddress& client) const { seen_.prefetch_entry(client.number()); }
  // `now` never goes back from one call to the next.
  void saw(const MacAddress& client, Instant now) { seen_.renew(client.number(), now); }
  [[nodiscard]] bool is_booting(const MacAddress& client, Instant now) const {
    const Instant* const seen = seen_.find(client.number());
    return seen != nullptr && now - *seen < kMemory;
  }
  // When, if it is still remembered.
  [[nodiscard]] std::optional<Instant> last_seen(const MacAddress& client) const {
    const Instant* const seen = seen_.find(client.number());
    return seen == nullptr ? std::nullopt : std::optional<Instant>(*seen);
  }
  [[nodiscard]] std::size_t capacity() const { return seen_.capacity(); }

 private:
  RecentTable<Instant> seen_;
};

}  // namespace reveille
