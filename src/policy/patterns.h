// Regular expressions on one field of a request, or on a name, all at once. Those that are octets
// in a row (pattern_chain.h) are found by their marks (chain_index.h), which costs no time to
// compile; the others by Hyperscan, which says what all of them mean (pattern_database.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

#include "policy/pattern_database.h"

namespace reveille {

// What a scan needs to write to. One for each thread that scans; made for one or more sets.
class PatternScratch {
 public:
  PatternScratch();
  ~PatternScratch();
  PatternScratch(PatternScratch&&) noexcept;
  PatternScratch& operator=(PatternScratch&&) noexcept;

 private:
  friend class PatternSet;
  struct State;
  std::unique_ptr<State> state_;
};

// Immutable once compiled; any number of threads may scan, each with a scratch of its own.
//
// One set for each field rather than one record of all fields: `^` and `\z` then mean the ends of
// the field, and nothing that a client writes into one field can pass for another. `$` also holds
// before a line end that is the last octet, as it does in PCRE.
class PatternSet {
 public:
  struct Pattern {
    std::string text;
    std::uint32_t id = 0;  // may be that of other patterns, too
  };
  struct Failure {
    std::size_t pattern = 0;  // its index; patterns.size() when it is none of them alone
    std::string text;
  };

  // Takes microseconds for each pattern that is a chain, and milliseconds for each other one,
  // unless there is a set with the same other ones: the two share what Hyperscan made of them.
  [[nodiscard]] static tl::expected<PatternSet, Failure> compile(std::span<const Pattern> patterns,
                                                                 PatternReading reading = {});

  ~PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;

  // Makes `scratch` fit this set as well. False: there is no memory.
  [[nodiscard]] bool prepare(PatternScratch& scratch) const;

  // Calls `hit(argument, id)` for each pattern that matches somewhere in `field`, at least once,
  // in no order. Allocates nothing. `scratch` was prepared for this set.
  void scan(Bytes field, PatternScratch& scratch, void (*hit)(void* argument, std::uint32_t id),
            void* argument) const;

  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct State;
  explicit PatternSet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reveille
