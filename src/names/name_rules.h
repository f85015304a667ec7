// From the name that a client asks for to the image that it gets: the rules of [[tftp.rewrite]].
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "image/catalogue.h"
#include "names/capture_pattern.h"
#include "names/name_patterns.h"
#include "packet/client_facts.h"
#include "text/template.h"

namespace reveille {

// Built by control; immutable but for memory of which each worker has its own.
//
// Patterns see a name as the catalogue keeps it: '/' between folders and none in front. The
// rules that match are tried in the order of the configuration; the first whose result the
// catalogue has decides. A rule that names something which is not known of the client, or whose
// result is too long for a name, has no result. After a rule with `fallback = false` nothing
// else is tried; after all others comes the name as it was asked for. Whatever comes out is
// looked up like any name, so nothing outside the folder can be named.
class NameRules {
 public:
  // Of the rules that match one name, the first so many are tried.
  static constexpr std::size_t kTriesMax = 8;

  // What is wrong with a rule, and with which of its values.
  struct Problem {
    enum class In : std::uint8_t { match, to };
    In in{};
    TextProblem problem;
  };
  [[nodiscard]] static std::optional<Problem> problem_of(const NameRuleConfig& rule,
                                                         bool ignore_case);

  // For workers 0 to `workers` - 1. `rules` have no problem and are at least one.
  [[nodiscard]] static tl::expected<std::shared_ptr<const NameRules>, std::string> build(
      const std::vector<NameRuleConfig>& rules, bool ignore_case, unsigned workers);

  // nullptr: there is none. No allocation, bounded in time. One call at a time for each worker.
  [[nodiscard]] const Image* find(std::string_view name, const ClientFacts& client,
                                  const Catalogue& catalogue, unsigned worker) const;

 private:
  struct Rule {
    Template to;
    std::optional<CapturePattern> captures;  // only where `to` has some
    bool fallback = true;
  };
  NameRules(NamePatterns patterns, std::vector<Rule> rules)
      : patterns_(std::move(patterns)), rules_(std::move(rules)) {}

  [[nodiscard]] const Image* result_of(const Rule& rule, std::string_view name,
                                       const ClientFacts& client, const Catalogue& catalogue,
                                       unsigned worker) const;

  NamePatterns patterns_;
  std::vector<Rule> rules_;
  mutable std::vector<CaptureMemory> memories_;  // by worker; none where no rule captures
};

}  // namespace reveille
