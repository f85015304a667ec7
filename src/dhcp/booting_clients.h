// The machines that were seen booting within the last minute, by MAC address: who gets a
// router advertisement of nothing (link/neighbour). Owned by one worker.
#pragma once

#include <reveille/address.h>
#include <reveille/instant.h>

#include "packet/share.h"
#include "table/flat_table.h"

namespace reveille {

class BootingClients {
 public:
  explicit BootingClients(std::size_t capacity) : seen_(capacity) {}

  void saw(const MacAddress& client, Instant now);
  [[nodiscard]] bool is_booting(const MacAddress& client, Instant now) const;

 private:
  struct Hash {
    std::uint64_t operator()(const MacAddress& mac) const { return mix(mac.number()); }
  };
  FlatTable<MacAddress, Instant, Hash> seen_;
};

}  // namespace reveille
