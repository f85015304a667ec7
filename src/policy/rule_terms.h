// Conditions taken apart: each rule as a choice of terms, each term as conditions that must or
// must not hold together. What is common to rules is looked at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <reveille/rules.h>

namespace reveille {

// One leaf condition, however many rules have it. Its number is its place in RuleTerms::atoms().
struct RuleAtom {
  RuleField field{};
  std::uint8_t number = 0;
  std::vector<ValueRange> values;     // in order, disjoint, not adjacent
  std::vector<Uuid> uuids;            // in order, each once
  std::vector<std::string> patterns;  // in order, each once

  auto operator<=>(const RuleAtom& other) const;
  bool operator==(const RuleAtom& other) const;
};

// An atom that must hold, or must not.
struct RuleLiteral {
  std::uint32_t atom = 0;
  bool holds = true;

  auto operator<=>(const RuleLiteral&) const = default;
};

// Holds when all its literals do; without literals always.
struct RuleTerm {
  std::uint32_t rule = 0;
  std::vector<RuleLiteral> literals;  // in order, each once; no atom both ways
};

// A rule that cannot be compiled, and what to change.
struct RuleProblem {
  std::size_t rule = 0;
  std::string text;
};

// The condition tree with atoms in place of leaves, for explaining.
struct RuleNode {
  Condition::Kind kind = Condition::Kind::all;
  std::uint32_t atom = 0;
  std::vector<RuleNode> parts;
};

class RuleTerms {
 public:
  // `any` inside `all` inside `any` multiplies; nobody needs that many.
  static constexpr std::size_t kTermsOfRuleMax = 1024;

  explicit RuleTerms(std::span<const RuleConfig> rules);

  [[nodiscard]] const std::vector<RuleAtom>& atoms() const { return atoms_; }
  // In the order of the rules.
  [[nodiscard]] const std::vector<RuleTerm>& terms() const { return terms_; }
  [[nodiscard]] const std::vector<RuleNode>& trees() const { return trees_; }
  [[nodiscard]] const std::vector<RuleProblem>& problems() const { return problems_; }

 private:
  std::vector<RuleAtom> atoms_;
  std::vector<RuleTerm> terms_;
  std::vector<RuleNode> trees_;
  std::vector<RuleProblem> problems_;
};

// `inner` holds only where `outer` holds too, as far as their values tell: ranges inside ranges,
// patterns that are the same.
[[nodiscard]] bool implies(const RuleAtom& inner, const RuleAtom& outer);
// They never hold together.
[[nodiscard]] bool exclude(const RuleAtom& one, const RuleAtom& other);

// Rules that can never decide, since an earlier one holds wherever they hold.
struct CoveredRule {
  std::size_t rule = 0;
  std::size_t by = 0;     // the last of the earlier rules that it takes; itself: its conditions
                          // exclude each other
  bool by_alone = false;  // `by` does it alone
};
[[nodiscard]] std::vector<CoveredRule> covered_rules(const RuleTerms& terms);

}  // namespace reveille
