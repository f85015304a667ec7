// The rules as they decide: compiled once off the packet path, then a function of facts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/rules.h>

#include "policy/facts_hash.h"
#include "policy/fields.h"
#include "policy/number_index.h"
#include "policy/patterns.h"
#include "policy/rule_terms.h"

namespace reveille {

// How near a rule came to a machine: what would have to be otherwise for it to match. Empty: it
// matches.
struct RuleTrace {
  std::size_t rule = 0;
  std::vector<RuleLiteral> failed;
};

// Immutable but for the room in which each worker notes what holds; that is why match() wants to
// know which worker calls. Part of a snapshot, and shared by snapshots that differ in files only.
class Rules {
 public:
  // Every pattern has passed pattern_problem(). Fails when the rules need more than there is:
  // the problem says which rule and what to change.
  [[nodiscard]] static tl::expected<std::shared_ptr<const Rules>, RuleProblem> compile(
      std::span<const RuleConfig> rules, unsigned workers);

  [[nodiscard]] const std::vector<RuleConfig>& all() const { return rules_; }

  // The first rule that holds. Allocates nothing. At most one thread at a time for each `worker`
  // below the number at compilation.
  [[nodiscard]] std::optional<std::uint32_t> match(const Facts& facts, unsigned worker) const;

  // Whether some condition looks at that field of numbers.
  [[nodiscard]] bool look_at(RuleField field) const {
    return std::ranges::find(number_fields_, field) != number_fields_.end();
  }

  // Of the octets of all fields that rules look for patterns in. `fresh` has the caller's secret.
  [[nodiscard]] std::uint64_t hash_of_texts(const Facts& facts, const FactsHash& fresh) const;

  // How every rule fared, in their order. Allocates; for `reveille explain`.
  [[nodiscard]] std::vector<RuleTrace> trace(const Facts& facts, unsigned worker) const;
  [[nodiscard]] const RuleAtom& atom(std::uint32_t number) const { return terms_.atoms()[number]; }

  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  // A term whose rarest atom that must hold is known to hold: what is left to check.
  struct Posting {
    std::uint32_t rule = 0;
    std::uint32_t first = 0;  // in literals_
    std::uint32_t last = 0;
  };
  // The patterns on one field.
  struct TextField {
    RuleField field{};
    std::uint8_t number = 0;
    PatternSet patterns;
  };
  // What one worker found to hold.
  struct alignas(64) Room {           // no two workers write to one cache line
    std::vector<std::uint64_t> bits;  // by atom
    std::vector<std::uint32_t> held;  // those that are set, each once
    PatternScratch scratch;

    void hold(std::uint32_t atom) {
      const std::uint64_t bit = std::uint64_t{1} << (atom & 63);
      if ((bits[atom >> 6] & bit) != 0) return;
      bits[atom >> 6] |= bit;
      held.push_back(atom);  // has room for all atoms
    }
    [[nodiscard]] bool holds(std::uint32_t atom) const {
      return ((bits[atom >> 6] >> (atom & 63)) & 1) != 0;
    }
  };

  explicit Rules(std::span<const RuleConfig> rules);
  std::optional<RuleProblem> build_numbers();
  std::optional<RuleProblem> build_patterns();
  void build_postings();
  [[nodiscard]] std::size_t rule_with(std::uint32_t atom) const;

  // Notes every atom that holds; the caller clears the room again.
  void look(const Facts& facts, Room& room) const;
  static void clear(Room& room);
  void take_first(std::span<const Posting> postings, const Room& room, std::uint32_t& best) const;

  std::vector<RuleConfig> rules_;
  RuleTerms terms_;
  std::array<NumberIndex, kNumberFields> numbers_;
  std::vector<RuleField> number_fields_;  // those of numbers_ that rules look at
  std::vector<Uuid> uuids_;               // in order; their places are the numbers in by_uuid_
  NumberIndex by_uuid_;
  std::vector<TextField> texts_;
  std::vector<RuleLiteral> literals_;
  std::vector<Posting> always_;          // terms in which nothing must hold
  std::vector<Posting> postings_;        // by atom, then by rule
  std::vector<std::uint32_t> first_of_;  // of an atom, in postings_; one more at the end
  mutable std::vector<Room> rooms_;      // one for each worker
};

}  // namespace reveille
