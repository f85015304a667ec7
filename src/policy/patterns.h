// Regular expressions on one field of a request, or on a name, all at once. Those that are octets
// in a row (pattern_chain.h) are found by their marks (chain_index.h), which costs no time to
// compile; the others by Hyperscan, which says what all of them mean. Only patterns.cc names that
// library.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

namespace reveille {

inline constexpr std::size_t kPatternLengthMax = 1024;

// What patterns stand for. Fields of clients are octets, and '.' is any of them; in names '.' is
// no line end, as PCRE2 has it.
struct PatternReading {
  bool any_case = false;
  bool dot_is_all = true;
};

// Why Hyperscan cannot use the pattern, and what to write instead; empty when it can. Waits for
// nothing, but takes some ten microseconds: not for the packet path.
[[nodiscard]] std::string pattern_problem(std::string_view pattern, PatternReading reading = {});

// Why this processor cannot run Hyperscan at all; empty when it can.
[[nodiscard]] std::string pattern_processor_problem();

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

  // Takes microseconds for each pattern that is a chain, and milliseconds for each other one.
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
