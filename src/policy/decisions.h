// What one worker has decided for the machines that it saw last.
#pragma once

#include <cstdint>

#include "policy/boot_policy.h"
#include "policy/facts.h"
#include "policy/facts_hash.h"
#include "table/huge_vector.h"

namespace reveille {

// A machine asks four times in one boot, with the same facts: it is decided once. A decision holds
// while the policy and the facts are the same; what is not remembered is decided again, with the
// same result.
//
// Owner: one worker. A fixed table, 1 MiB; a newcomer takes the place of one of two older ones.
class Decisions {
 public:
  static constexpr std::size_t kRemembered = 16384;

  // `worker` below the number that the policy's rules were compiled for. `seed` is the worker's
  // secret.
  Decisions(unsigned worker, std::uint64_t seed);

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

  BootPlan decided(const BootPolicy& policy, const Facts& facts, const Key& key, Entry& entry);

  unsigned worker_;
  FactsHash fresh_;
  HugeVector<Entry> entries_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace reveille
