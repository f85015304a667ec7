// What one worker has decided for the machines that it saw last.
#pragma once

#include <cstdint>

#include "packet/mac_number.h"
#include "policy/boot_policy.h"
#include "policy/facts.h"
#include "policy/facts_hash.h"
#include "table/huge_vector.h"
#include "table/mix.h"

namespace reveille {

// A machine asks four times in one boot, with the same facts: it is decided once. A decision holds
// while the policy and the facts are the same; what is not remembered is decided again, with the
// same result.
//
// Owner: one worker. A fixed table, 4 MiB: what a machine's MAC address says is where its decisions
// stand, so that the place can be on its way into the cache before its message is read. There two
// are remembered, of which a newcomer takes the place of the older one.
class Decisions {
 public:
  static constexpr std::size_t kRemembered = 65536;

  // `worker` below the number that the policy's rules were compiled for. `seed` is the worker's
  // secret.
  Decisions(unsigned worker, std::uint64_t seed);

  // Starts the memory access of a later plan() for this client.
  void prefetch(const MacAddress& client) const {
    const Entry* const set = &entries_[set_of(raw_number(client))];
    __builtin_prefetch(set, 1);
    __builtin_prefetch(set + 1, 1);
  }

  [[nodiscard]] BootPlan plan(const BootPolicy& policy, const Facts& facts);

  // How often plan() found what it was asked for, and how often not.
  [[nodiscard]] std::uint64_t hits() const { return hits_; }
  [[nodiscard]] std::uint64_t misses() const { return misses_; }

 private:
  struct Key {
    std::uint64_t policy = 0;  // BootPolicy::identity(); 0: empty
    std::uint64_t client = 0;  // MAC address: a fingerprint never stands for another machine
    std::uint64_t fingerprint = 0;

    bool operator==(const Key&) const = default;
  };
  // A cache line.
  struct alignas(64) Entry {
    Key key;
    Decision decision;
  };
  static_assert(sizeof(Entry) == 64);

  // The first of the two entries of a client.
  [[nodiscard]] std::size_t set_of(std::uint64_t client) const {
    return mix(client ^ seed_) % kRemembered & ~std::size_t{1};
  }
  BootPlan decided(const BootPolicy& policy, const Facts& facts, const Key& key, Entry& entry);

  unsigned worker_;
  std::uint64_t seed_;
  FactsHash fresh_;
  HugeVector<Entry> entries_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace reveille
