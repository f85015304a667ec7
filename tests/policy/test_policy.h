// A boot policy with the rules of its configuration, for tests that need not look at them.
#pragma once

#include <stdexcept>

#include "policy/boot_policy.h"

namespace reveille::test {

inline std::shared_ptr<const Rules> compiled(const std::vector<RuleConfig>& rules,
                                             unsigned workers = 1) {
  if (rules.empty()) return nullptr;
  auto made = Rules::compile(rules, workers);
  if (!made) throw std::runtime_error(made.error().text);
  return *made;
}

inline std::shared_ptr<const BootPolicy> test_policy(const Config& config,
                                                     const Catalogue& catalogue,
                                                     unsigned workers = 1) {
  return std::make_shared<const BootPolicy>(config, catalogue, compiled(config.rules, workers));
}

}  // namespace reveille::test
