// Which two relays bring the same requests: what an operator needs to see, or to turn off.
#pragma once

#include <cstdint>

#include <reveille/address.h>

#include "packet/share.h"
#include "relay/copy_table.h"
#include "table/flat_table.h"

namespace reveille {

// Copies counted by the pair (who was first, who brought the copy). Bounded: pairs beyond
// kPairsMax are counted together. Owner: one worker.
class RelayPairs {
 public:
  static constexpr std::size_t kPairsMax = 256;
  struct Pair {
    Ipv4Address first;  // zero: the client's own broadcast
    Ipv4Address second;

    bool operator==(const Pair&) const = default;
  };

  RelayPairs() : counts_(kPairsMax) {}

  // The routers of two paths: their giaddrs, or where these are the same the addresses that
  // they send from.
  [[nodiscard]] static Pair pair_of(const RelayPath& first, const RelayPath& second) {
    if (first.giaddr != second.giaddr) return {first.giaddr, second.giaddr};
    return {first.source, second.source};
  }

  // Returns how many copies the pair has brought by now.
  std::uint64_t count(const Pair& pair);

  // visit(const Pair&, std::uint64_t copies)
  template <class Visit>
  void for_each(Visit&& visit) const {
    counts_.for_each([&](std::uint64_t key, std::uint64_t copies) {
      visit(Pair{{static_cast<std::uint32_t>(key >> 32)}, {static_cast<std::uint32_t>(key)}},
            copies);
    });
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  // Of these, by pairs that found no room.
  [[nodiscard]] std::uint64_t others() const { return others_; }

 private:
  struct Hash {
    std::uint64_t operator()(std::uint64_t key) const { return mix(key); }
  };
  FlatTable<std::uint64_t, std::uint64_t, Hash> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t others_ = 0;
};

}  // namespace reveille
