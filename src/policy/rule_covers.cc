// Which rules can never decide. Says nothing that is not so; what regular expressions have in
// common it does not know.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "policy/rule_terms.h"

namespace reveille {
namespace {

// A file of rules that all look alike must not keep `reveille check` busy for minutes.
constexpr std::size_t kComparisonsMax = 20'000'000;

class Covers {
 public:
  explicit Covers(const RuleTerms& terms) : atoms_(terms.atoms()), terms_(terms.terms()) {
    for (std::uint32_t atom = 0; atom < atoms_.size(); ++atom) {
      const RuleAtom& one = atoms_[atom];
      const Field field{one.field, one.number};
      for (const std::string& pattern : one.patterns) by_pattern_[{field, pattern}].push_back(atom);
      for (const Uuid& uuid : one.uuids) by_uuid_[uuid].push_back(atom);
      if (one.values.size() == 1 && one.values[0].first == one.values[0].last) {
        by_number_[{field, one.values[0].first}].push_back(atom);
      } else if (!one.values.empty()) {
        wide_[field].push_back(atom);
      }
    }
  }

  std::vector<CoveredRule> find() {
    std::vector<CoveredRule> covered;
    for (std::size_t first = 0; first < terms_.size() && comparisons_ < kComparisonsMax;) {
      std::size_t last = first;
      while (last < terms_.size() && terms_[last].rule == terms_[first].rule) ++last;
      if (const auto found = cover_of(first, last)) covered.push_back(*found);
      for (std::size_t i = first; i < last; ++i) add(static_cast<std::uint32_t>(i));
      first = last;
    }
    return covered;
  }

 private:
  using Field = std::pair<RuleField, std::uint8_t>;

  // The terms [first, last) are those of one rule.
  std::optional<CoveredRule> cover_of(std::size_t first, std::size_t last) {
    const std::uint32_t rule = terms_[first].rule;
    CoveredRule covered{rule, 0, true};
    std::optional<std::uint32_t> by;
    bool any_alive = false;
    for (std::size_t i = first; i < last; ++i) {
      if (is_impossible(terms_[i])) continue;
      any_alive = true;
      const auto found = cover_of(terms_[i]);
      if (!found) return std::nullopt;
      if (by && *by != *found) covered.by_alone = false;
      by = std::max(by.value_or(0), *found);
    }
    covered.by = any_alive ? *by : rule;
    return covered;
  }

  // The first earlier rule that holds wherever `term` does.
  std::optional<std::uint32_t> cover_of(const RuleTerm& term) {
    std::optional<std::uint32_t> best;
    const auto look_at = [&](const std::vector<std::uint32_t>& candidates) {
      for (const std::uint32_t candidate : candidates) {
        const RuleTerm& earlier = terms_[candidate];
        if (best && earlier.rule >= *best) return;
        if (++comparisons_ > kComparisonsMax) return;
        if (is_implied(earlier, term)) best = earlier.rule;
      }
    };
    look_at(unconditional_);
    for (const RuleLiteral& literal : term.literals) {
      if (!literal.holds) continue;
      for (const std::uint32_t wider : wider_than(literal.atom)) {
        const auto found = by_key_.find(wider);
        if (found != by_key_.end()) look_at(found->second);
      }
    }
    return best;
  }

  // The atoms that hold wherever `atom` does.
  std::vector<std::uint32_t> wider_than(std::uint32_t atom) const {
    const RuleAtom& one = atoms_[atom];
    const Field field{one.field, one.number};
    std::vector<std::uint32_t> candidates;
    const auto add_from = [&candidates](const auto& map, const auto& key) {
      const auto found = map.find(key);
      if (found == map.end()) return;
      candidates.insert(candidates.end(), found->second.begin(), found->second.end());
    };
    if (!one.patterns.empty()) add_from(by_pattern_, std::pair{field, one.patterns[0]});
    if (!one.uuids.empty()) add_from(by_uuid_, one.uuids[0]);
    if (!one.values.empty()) {
      add_from(by_number_, std::pair{field, one.values[0].first});
      add_from(wide_, field);
    }
    std::erase_if(candidates, [&](std::uint32_t other) { return !implies(one, atoms_[other]); });
    return candidates;
  }

  bool is_implied(const RuleTerm& wide, const RuleTerm& narrow) const {
    return std::ranges::all_of(wide.literals, [&](const RuleLiteral& wanted) {
      return std::ranges::any_of(narrow.literals, [&](const RuleLiteral& given) {
        const RuleAtom& inner = atoms_[given.atom];
        const RuleAtom& outer = atoms_[wanted.atom];
        if (given.holds && wanted.holds) return implies(inner, outer);
        if (given.holds) return exclude(inner, outer);
        return !wanted.holds && implies(outer, inner);
      });
    });
  }

  bool is_impossible(const RuleTerm& term) const {
    for (const RuleLiteral& one : term.literals) {
      for (const RuleLiteral& other : term.literals) {
        if (!one.holds) continue;
        const RuleAtom& atom = atoms_[one.atom];
        if (&one != &other && other.holds && exclude(atom, atoms_[other.atom])) return true;
        if (!other.holds && implies(atom, atoms_[other.atom])) return true;
      }
    }
    return false;
  }

  // Terms are found by one atom that must hold; those without any are always looked at.
  void add(std::uint32_t term) {
    const auto& literals = terms_[term].literals;
    const auto key = std::ranges::find(literals, true, &RuleLiteral::holds);
    if (key == literals.end()) {
      unconditional_.push_back(term);
    } else {
      by_key_[key->atom].push_back(term);
    }
  }

  const std::vector<RuleAtom>& atoms_;
  const std::vector<RuleTerm>& terms_;
  std::map<std::pair<Field, std::string>, std::vector<std::uint32_t>> by_pattern_;
  std::map<std::pair<Field, std::uint64_t>, std::vector<std::uint32_t>> by_number_;
  std::map<Uuid, std::vector<std::uint32_t>> by_uuid_;
  std::map<Field, std::vector<std::uint32_t>> wide_;
  std::vector<std::uint32_t> unconditional_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_key_;
  std::size_t comparisons_ = 0;
};

}  // namespace

std::vector<CoveredRule> covered_rules(const RuleTerms& terms) {
  std::vector<CoveredRule> covered = Covers(terms).find();
  // Where an atom would have to hold and not to hold, no term is left.
  std::vector<bool> has_terms(terms.trees().size());
  for (const RuleTerm& term : terms.terms()) has_terms[term.rule] = true;
  for (const RuleProblem& problem : terms.problems()) has_terms[problem.rule] = true;
  for (std::size_t rule = 0; rule < has_terms.size(); ++rule) {
    if (!has_terms[rule]) covered.push_back({rule, rule, true});
  }
  std::ranges::sort(covered, {}, &CoveredRule::rule);
  return covered;
}

}  // namespace reveille
