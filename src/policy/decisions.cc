#include "policy/decisions.h"

namespace reveille {

Decisions::Decisions(unsigned worker, std::uint64_t seed)
    : worker_(worker), seed_(seed), fresh_(seed), entries_(kRemembered) {}

BootPlan Decisions::plan(const BootPolicy& policy, const Facts& facts) {
  const Key key{policy.identity(), raw_number(facts.mac), policy.fingerprint(facts, fresh_)};
  Entry* const set = &entries_[set_of(key.client)];
  for (const Entry* entry : {set, set + 1}) {
    if (entry->key != key) continue;
    ++hits_;
    return policy.plan_of(entry->decision);
  }
  set[1] = set[0];
  return decided(policy, facts, key, set[0]);
}

// Out of the way of what is remembered.
[[gnu::noinline]] BootPlan Decisions::decided(const BootPolicy& policy, const Facts& facts,
                                              const Key& key, Entry& entry) {
  ++misses_;
  entry = {key, policy.decide(facts, worker_)};
  return policy.plan_of(entry.decision);
}

}  // namespace reveille
