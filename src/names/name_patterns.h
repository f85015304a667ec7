// Many regular expressions over one name, looked for at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "names/letter_case.h"
#include "policy/patterns.h"

namespace reveille {

// Compiled by control, immutable but for the scratch memory, of which each worker has its own.
class NamePatterns {
 public:
  // Why `pattern` cannot be looked for, and what to write instead; empty: it can. Without
  // compiling it.
  [[nodiscard]] static std::string problem_of(const std::string& pattern, LetterCase letters);

  // For workers 0 to `workers` - 1. `patterns` is not empty. The error says which and why.
  [[nodiscard]] static tl::expected<NamePatterns, std::string> compile(
      const std::vector<std::string>& patterns, LetterCase letters, unsigned workers);

  // The first patterns, by their index, that occur in `text`: as many as `found` has room for, in
  // ascending order. Returns how many. Time is linear in the text whatever the patterns are; no
  // allocation. One call at a time for each worker.
  std::size_t match(std::string_view text, unsigned worker, std::span<std::uint32_t> found) const;

 private:
  explicit NamePatterns(PatternSet set) : set_(std::move(set)) {}

  PatternSet set_;
  mutable std::vector<PatternScratch> scratches_;  // by worker
};

}  // namespace reveille
