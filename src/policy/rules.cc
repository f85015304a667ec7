#include "policy/rules.h"

#include <algorithm>
#include <limits>
#include <map>

namespace reveille {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void Rules::take_first(std::span<const Posting> postings, const Room& room,
                       std::uint32_t& best) const {
  for (const Posting& posting : postings) {
    if (posting.rule >= best) return;  // they are in the order of the rules
    const auto is_so = [&](const RuleLiteral& literal) {
      return room.holds(literal.atom) == literal.holds;
    };
    if (std::all_of(literals_.begin() + posting.first, literals_.begin() + posting.last, is_so)) {
      best = posting.rule;
      return;
    }
  }
}

void Rules::look(const Facts& facts, Room& room) const {
  const auto hold = [&room](std::uint32_t atom) { room.hold(atom); };
  for (const RuleField field : number_fields_) {
    if (const auto number = number_of(facts, field)) {
      numbers_[static_cast<std::size_t>(field)].find(*number, hold);
    }
  }
  if (facts.uuid && !uuids_.empty()) {
    const auto found = std::ranges::lower_bound(uuids_, *facts.uuid);
    if (found != uuids_.end() && *found == *facts.uuid) {
      by_uuid_.find(static_cast<std::uint64_t>(found - uuids_.begin()), hold);
    }
  }
  for (const TextField& text : texts_) {
    const Bytes octets = octets_of(facts, text.field, text.number);
    if (octets.empty()) continue;
    text.patterns.scan(
        octets, room.scratch,
        [](void* to, std::uint32_t atom) { static_cast<Room*>(to)->hold(atom); }, &room);
  }
}

void Rules::clear(Room& room) {
  for (const std::uint32_t atom : room.held) room.bits[atom >> 6] = 0;
  room.held.clear();
}

std::optional<std::uint32_t> Rules::match(const Facts& facts, unsigned worker) const {
  Room& room = rooms_[worker];
  look(facts, room);
  std::uint32_t best = kNone;
  take_first(always_, room, best);
  for (const std::uint32_t atom : room.held) {
    const std::span all(postings_);
    take_first(all.subspan(first_of_[atom], first_of_[atom + 1] - first_of_[atom]), room, best);
  }
  clear(room);
  if (best == kNone) return std::nullopt;
  return best;
}

std::uint64_t Rules::hash_of_texts(const Facts& facts, const FactsHash& fresh) const {
  FactsHash hash = fresh;
  for (const TextField& text : texts_) hash.add(octets_of(facts, text.field, text.number));
  return hash.value();
}

tl::expected<std::shared_ptr<const Rules>, RuleProblem> Rules::compile(
    std::span<const RuleConfig> rules, unsigned workers) {
  const std::shared_ptr<Rules> made(new Rules(rules));
  if (!made->terms_.problems().empty()) return tl::unexpected(made->terms_.problems().front());
  if (auto problem = made->build_numbers()) return tl::unexpected(std::move(*problem));
  if (auto problem = made->build_patterns()) return tl::unexpected(std::move(*problem));
  made->build_postings();
  const std::size_t atoms = made->terms_.atoms().size();
  for (unsigned worker = 0; worker < workers; ++worker) {
    Room& room = made->rooms_.emplace_back();
    room.bits.resize(atoms / 64 + 1);
    room.held.reserve(atoms);
    for (const TextField& text : made->texts_) {
      if (text.patterns.prepare(room.scratch)) continue;
      return tl::unexpected(RuleProblem{0, "no memory to match patterns in"});
    }
  }
  return made;
}

Rules::Rules(std::span<const RuleConfig> rules)
    : rules_(rules.begin(), rules.end()), terms_(rules_) {}

// The first rule that has the atom: where people find what a problem is about.
std::size_t Rules::rule_with(std::uint32_t atom) const {
  for (const RuleTerm& term : terms_.terms()) {
    if (std::ranges::find(term.literals, atom, &RuleLiteral::atom) != term.literals.end()) {
      return term.rule;
    }
  }
  return 0;
}

std::optional<RuleProblem> Rules::build_numbers() {
  std::array<std::vector<NumberIndex::Entry>, kNumberFields> entries;
  std::vector<NumberIndex::Entry> uuids;
  const auto& atoms = terms_.atoms();
  for (const RuleAtom& atom : atoms) {
    uuids_.insert(uuids_.end(), atom.uuids.begin(), atom.uuids.end());
  }
  std::ranges::sort(uuids_);
  uuids_.erase(std::unique(uuids_.begin(), uuids_.end()), uuids_.end());
  for (std::uint32_t i = 0; i < atoms.size(); ++i) {
    for (const ValueRange& range : atoms[i].values) {
      entries[static_cast<std::size_t>(atoms[i].field)].push_back({range, i});
    }
    for (const Uuid& uuid : atoms[i].uuids) {
      const auto place =
          static_cast<std::uint64_t>(std::ranges::lower_bound(uuids_, uuid) - uuids_.begin());
      uuids.push_back({{place, place}, i});
    }
  }
  for (std::size_t field = 0; field < kNumberFields; ++field) {
    if (entries[field].empty()) continue;
    number_fields_.push_back(static_cast<RuleField>(field));
    if (numbers_[field].build(entries[field])) continue;
    return RuleProblem{rule_with(entries[field].back().id),
                       "the ranges of the rules overlap each other too often; make them disjoint"};
  }
  [[maybe_unused]] const bool built = by_uuid_.build(uuids);  // single values always fit
  return std::nullopt;
}

std::optional<RuleProblem> Rules::build_patterns() {
  std::map<std::pair<RuleField, std::uint8_t>, std::vector<PatternSet::Pattern>> by_field;
  const auto& atoms = terms_.atoms();
  for (std::uint32_t i = 0; i < atoms.size(); ++i) {
    for (const std::string& pattern : atoms[i].patterns) {
      by_field[{atoms[i].field, atoms[i].number}].push_back({pattern, i});
    }
  }
  if (by_field.empty()) return std::nullopt;
  if (std::string why = pattern_processor_problem(); !why.empty()) {
    return RuleProblem{rule_with(by_field.begin()->second.front().id), std::move(why)};
  }
  for (const auto& [field, patterns] : by_field) {
    auto set = PatternSet::compile(patterns);
    if (!set) {
      const bool is_one = set.error().pattern < patterns.size();
      const PatternSet::Pattern& bad = patterns[is_one ? set.error().pattern : 0];
      return RuleProblem{
          rule_with(bad.id),
          is_one ? "pattern \"" + bad.text + "\": " + set.error().text : set.error().text};
    }
    texts_.push_back({field.first, field.second, std::move(*set)});
  }
  return std::nullopt;
}

// Each term goes to the rarest of the atoms that must hold in it, so that what all rules have in
// common ("any UEFI machine") makes nobody look at all rules.
void Rules::build_postings() {
  const std::size_t atoms = terms_.atoms().size();
  std::vector<std::uint32_t> uses(atoms);
  for (const RuleTerm& term : terms_.terms()) {
    for (const RuleLiteral& literal : term.literals) uses[literal.atom] += literal.holds ? 1 : 0;
  }
  std::vector<std::vector<Posting>> by_atom(atoms);
  for (const RuleTerm& term : terms_.terms()) {
    std::uint32_t key = kNone;
    for (const RuleLiteral& literal : term.literals) {
      if (literal.holds && (key == kNone || uses[literal.atom] < uses[key])) key = literal.atom;
    }
    Posting posting{term.rule, static_cast<std::uint32_t>(literals_.size()), 0};
    for (const RuleLiteral& literal : term.literals) {
      if (literal.atom != key) literals_.push_back(literal);
    }
    posting.last = static_cast<std::uint32_t>(literals_.size());
    (key == kNone ? always_ : by_atom[key]).push_back(posting);
  }
  for (const auto& postings : by_atom) {
    first_of_.push_back(static_cast<std::uint32_t>(postings_.size()));
    postings_.insert(postings_.end(), postings.begin(), postings.end());
  }
  first_of_.push_back(static_cast<std::uint32_t>(postings_.size()));
}

std::size_t Rules::memory_bytes() const {
  std::size_t total = postings_.size() * sizeof(Posting) + literals_.size() * sizeof(RuleLiteral);
  for (const TextField& text : texts_) total += text.patterns.memory_bytes();
  return total;
}

}  // namespace reveille
