#include "policy/decisions.h"

namespace reveille {

Decisions::Decisions(unsigned worker, std::uint64_t seed)
    : worker_(worker), seed_(seed), entries_(kRemembered) {}

BootPlan Decisions::plan(const BootPolicy& policy, const Facts& facts) {
  const std::uint64_t fingerprint = policy.fingerprint(facts, seed_);
  const std::uint64_t client = facts.mac.number();
  const auto is_it = [&](const Entry& entry) {
    return entry.fingerprint == fingerprint && entry.client == client &&
           entry.policy == policy.identity();
  };
  Entry* entry = &entries_[fingerprint % kRemembered];
  if (!is_it(*entry)) {
    Entry* const other = &entries_[(fingerprint >> 32) % kRemembered];
    if (is_it(*other)) {
      entry = other;
    } else {
      ++misses_;
      const bool keep = entry->policy == policy.identity() && other->policy != policy.identity();
      if (keep) entry = other;
      *entry = {policy.identity(), client, fingerprint, policy.decide(facts, worker_)};
      return policy.plan_of(entry->decision);
    }
  }
  ++hits_;
  return policy.plan_of(entry->decision);
}

}  // namespace reveille
