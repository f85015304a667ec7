#include "policy/rule_terms.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace reveille {
namespace {

using Literals = std::vector<RuleLiteral>;

auto key_of(const ValueRange& range) {
  return std::tie(range.first, range.last);
}

// In order and merged where they touch.
std::vector<ValueRange> normalized(std::vector<ValueRange> ranges) {
  std::ranges::sort(ranges, [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  std::vector<ValueRange> merged;
  for (const ValueRange& range : ranges) {
    constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
    const bool touches =
        !merged.empty() && (merged.back().last == kLast || range.first <= merged.back().last + 1);
    if (touches) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

template <class T>
std::vector<T> once_each(std::vector<T> values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// Builds the tree of a rule and gives its leaves their atoms.
class AtomNumbers {
 public:
  explicit AtomNumbers(std::vector<RuleAtom>& atoms) : atoms_(atoms) {}

  RuleNode tree(const Condition& condition) {
    RuleNode node{condition.kind, 0, {}};
    if (condition.kind == Condition::Kind::leaf) {
      node.atom = number(condition);
      return node;
    }
    for (const Condition& part : condition.parts) node.parts.push_back(tree(part));
    return node;
  }

 private:
  std::uint32_t number(const Condition& leaf) {
    RuleAtom atom{leaf.field, leaf.number, normalized(leaf.values), once_each(leaf.uuids),
                  once_each(leaf.patterns)};
    const auto [found, is_new] =
        numbers_.emplace(std::move(atom), static_cast<std::uint32_t>(atoms_.size()));
    if (is_new) atoms_.push_back(found->first);
    return found->second;
  }

  std::vector<RuleAtom>& atoms_;
  std::map<RuleAtom, std::uint32_t> numbers_;
};

// The disjunctive normal form of a tree, or of its negation; nullopt when there are too many
// terms.
class Expansion {
 public:
  std::optional<std::vector<Literals>> of(const RuleNode& node, bool negated) {
    switch (node.kind) {
      case Condition::Kind::leaf:
        return std::vector<Literals>{{RuleLiteral{node.atom, !negated}}};
      case Condition::Kind::all:
        return negated ? any_of(node, true) : all_of(node, false);
      case Condition::Kind::any:
        return negated ? all_of(node, true) : any_of(node, false);
      case Condition::Kind::none:
        return negated ? any_of(node, false) : all_of(node, true);
    }
    return std::nullopt;
  }

 private:
  std::optional<std::vector<Literals>> any_of(const RuleNode& node, bool negated) {
    std::vector<Literals> sum;
    for (const RuleNode& part : node.parts) {
      auto terms = of(part, negated);
      if (!terms || sum.size() + terms->size() > RuleTerms::kTermsOfRuleMax) return std::nullopt;
      std::ranges::move(*terms, std::back_inserter(sum));
    }
    return sum;
  }

  std::optional<std::vector<Literals>> all_of(const RuleNode& node, bool negated) {
    std::vector<Literals> product{{}};
    for (const RuleNode& part : node.parts) {
      const auto terms = of(part, negated);
      if (!terms) return std::nullopt;
      std::vector<Literals> next;
      for (const Literals& left : product) {
        for (const Literals& right : *terms) {
          if (next.size() == RuleTerms::kTermsOfRuleMax) return std::nullopt;
          if (auto both = joined(left, right)) next.push_back(std::move(*both));
        }
      }
      product = std::move(next);
    }
    return product;
  }

  // nullopt: an atom would have to hold and not to hold.
  static std::optional<Literals> joined(const Literals& left, const Literals& right) {
    Literals both;
    std::ranges::set_union(left, right, std::back_inserter(both));
    const auto clash = std::ranges::adjacent_find(both, {}, &RuleLiteral::atom);
    if (clash != both.end()) return std::nullopt;
    return both;
  }
};

}  // namespace

auto RuleAtom::operator<=>(const RuleAtom& other) const {
  const auto compare = [](const ValueRange& a, const ValueRange& b) {
    return key_of(a) <=> key_of(b);
  };
  if (const auto order = std::tie(field, number) <=> std::tie(other.field, other.number);
      order != 0) {
    return order;
  }
  if (const auto order = std::lexicographical_compare_three_way(
          values.begin(), values.end(), other.values.begin(), other.values.end(), compare);
      order != 0) {
    return order;
  }
  return std::tie(uuids, patterns) <=> std::tie(other.uuids, other.patterns);
}

bool RuleAtom::operator==(const RuleAtom& other) const {
  return (*this <=> other) == 0;
}

RuleTerms::RuleTerms(std::span<const RuleConfig> rules) {
  AtomNumbers numbers(atoms_);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    trees_.push_back(numbers.tree(rules[i].when));
    auto terms = Expansion().of(trees_.back(), false);
    if (!terms) {
      problems_.push_back({i, "`any` inside `all` multiply to more than " +
                                  std::to_string(kTermsOfRuleMax) +
                                  " combinations; make several rules of it"});
      continue;
    }
    for (Literals& literals : *terms) {
      terms_.push_back({static_cast<std::uint32_t>(i), std::move(literals)});
    }
  }
}

bool implies(const RuleAtom& inner, const RuleAtom& outer) {
  if (inner.field != outer.field || inner.number != outer.number) return false;
  const auto is_inside = [&outer](const ValueRange& range) {
    auto above = std::ranges::upper_bound(outer.values, range.first, {}, &ValueRange::first);
    return above != outer.values.begin() && range.last <= std::prev(above)->last;
  };
  return std::ranges::all_of(inner.values, is_inside) &&
         std::ranges::includes(outer.uuids, inner.uuids) &&
         std::ranges::includes(outer.patterns, inner.patterns);
}

bool exclude(const RuleAtom& one, const RuleAtom& other) {
  if (one.field != other.field || !one.patterns.empty() || !other.patterns.empty()) return false;
  std::vector<Uuid> common;
  std::ranges::set_intersection(one.uuids, other.uuids, std::back_inserter(common));
  if (!common.empty()) return false;
  auto left = one.values.begin();
  auto right = other.values.begin();
  while (left != one.values.end() && right != other.values.end()) {
    if (left->first <= right->last && right->first <= left->last) return false;
    if (left->last < right->last) {
      ++left;
    } else {
      ++right;
    }
  }
  return true;
}

}  // namespace reveille
