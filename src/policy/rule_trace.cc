// Why a rule did or did not match: the tree is followed, not the compiled terms.
#include <algorithm>

#include "policy/rules.h"

namespace reveille {
namespace {

using Failed = std::vector<RuleLiteral>;

// What would have to be otherwise for `node` to come out as `wanted`; empty: nothing. `any` has at
// least one part (rule_table.cc).
template <class Holds>
Failed failed_of(const RuleNode& node, bool wanted, const Holds& holds) {
  if (node.kind == Condition::Kind::leaf) {
    if (holds(node.atom) == wanted) return {};
    return {RuleLiteral{node.atom, wanted}};
  }
  const bool of_parts = node.kind == Condition::Kind::none ? !wanted : wanted;
  const bool every = node.kind == Condition::Kind::any ? !wanted : wanted;
  // Every part must come out so: all failures. One is enough: those of the nearest one.
  Failed sum;
  std::optional<Failed> nearest;
  for (const RuleNode& part : node.parts) {
    Failed failed = failed_of(part, of_parts, holds);
    if (!nearest || failed.size() < nearest->size()) nearest = failed;
    sum.insert(sum.end(), failed.begin(), failed.end());
  }
  if (every) return sum;
  return nearest.value_or(Failed{});
}

}  // namespace

std::vector<RuleTrace> Rules::trace(const Facts& facts, unsigned worker) const {
  Room& room = rooms_[worker];
  look(facts, room);
  std::vector<RuleTrace> traces;
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    const auto holds = [&room](std::uint32_t atom) { return room.holds(atom); };
    traces.push_back({rule, failed_of(terms_.trees()[rule], true, holds)});
  }
  clear(room);
  return traces;
}

}  // namespace reveille
