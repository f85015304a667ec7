// The machines that were seen booting within the last minute, by MAC address: who gets a
// router advertisement of nothing (link/engine.h).
#pragma once

#include <cstdint>
#include <vector>

#include <reveille/address.h>
#include <reveille/instant.h>

#include "packet/share.h"
#include "table/index_lists.h"
#include "table/index_table.h"

namespace reveille {

// Remembers `capacity` machines, at least one; the one not seen for longest makes room for a new
// one. Owner: one worker. All memory is taken at construction; every call is constant in time.
class BootingClients {
 public:
  static constexpr Nanoseconds kMemory = std::chrono::seconds{60};

  // `seed` keeps strangers from choosing MAC addresses that collide.
  BootingClients(std::size_t capacity, std::uint64_t seed);

  // Starts the memory access of a later saw().
  void prefetch(const MacAddress& client) const { by_mac_.prefetch(hash(client)); }
  // `now` never goes back from one call to the next.
  void saw(const MacAddress& client, Instant now);
  [[nodiscard]] bool is_booting(const MacAddress& client, Instant now) const;
  [[nodiscard]] std::size_t capacity() const { return clients_.size(); }

 private:
  struct Client {
    MacAddress mac;
    Instant seen;
  };
  [[nodiscard]] std::uint64_t hash(const MacAddress& mac) const {
    return mix(mac.number() ^ seed_);
  }
  [[nodiscard]] std::uint32_t find(const MacAddress& mac) const;
  [[nodiscard]] std::uint32_t place_for(const MacAddress& mac);

  std::uint64_t seed_;
  std::vector<Client> clients_;
  std::uint32_t used_ = 0;  // of clients_, from the start
  IndexTable by_mac_;
  IndexLists by_age_;  // one list, the one not seen for longest first
};

}  // namespace reveille
