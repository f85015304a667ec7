#include "policy/decisions.h"

#include "packet/mac_number.h"

namespace reveille {

Decisions::Decisions(unsigned worker, std::uint64_t seed)
    : worker_(worker), fresh_(seed), entries_(kRemembered) {}

BootPlan Decisions::plan(const BootPolicy& policy, const Facts& facts) {
  const Key key{policy.identity(), raw_number(facts.mac), policy.fingerprint(facts, fresh_)};
  Entry& first = entries_[key.fingerprint % kRemembered];
  if (first.key == key) {
    ++hits_;
    return policy.plan_of(first.decision);
  }
  Entry& second = entries_[(key.fingerprint >> 32) % kRemembered];
  if (second.key == key) {
    ++hits_;
    return policy.plan_of(second.decision);
  }
  const bool keep = first.key.policy == key.policy && second.key.policy != key.policy;
  return decided(policy, facts, key, keep ? second : first);
}

// Out of the way of what is remembered.
[[gnu::noinline]] BootPlan Decisions::decided(const BootPolicy& policy, const Facts& facts,
                                              const Key& key, Entry& entry) {
  ++misses_;
  entry = {key, policy.decide(facts, worker_)};
  return policy.plan_of(entry.decision);
}

}  // namespace reveille
