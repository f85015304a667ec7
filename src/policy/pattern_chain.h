// Regular expressions that are no more than octets in a row, read without a regex library.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "policy/patterns.h"

namespace reveille {

// Any set of the 256 octets.
struct OctetSet {
  std::array<std::uint64_t, 4> words{};

  [[nodiscard]] bool has(std::uint8_t octet) const {
    return ((words[octet >> 6] >> (octet & 63)) & 1) != 0;
  }
  void add(std::uint8_t octet) { words[octet >> 6] |= std::uint64_t{1} << (octet & 63); }
  void add(std::uint8_t first, std::uint8_t last) {
    for (unsigned octet = first; octet <= last; ++octet) add(static_cast<std::uint8_t>(octet));
  }
  auto operator<=>(const OctetSet&) const = default;  // NOLINT(modernize-use-nullptr)
};

// One octet of a set; none or more of them.
struct ChainStep {
  OctetSet octets;
  bool optional = false;
  bool repeats = false;
};

// Where a match must end.
enum class ChainEnd : std::uint8_t {
  anywhere,
  last_line,  // `$`: at the end, or before a line end that is the last octet
  last_octet,
};

// Matches where its steps match one after the other.
struct PatternChain {
  static constexpr std::size_t kStepsMax = 63;

  std::vector<ChainStep> steps;
  bool from_start = false;
  ChainEnd end = ChainEnd::anywhere;
};

// More choices than this in one pattern are a library's work.
inline constexpr std::size_t kChainsOfPatternMax = 16;

// The chains of which one must match for `pattern` to match: literals, classes, `.`, `?`, `*`,
// `+`, `{n,m}` of one octet, `^` and `$` at the ends, `(?i)` in front, and groups that do not
// repeat. nullopt: it is, or could be, something else. What Hyperscan makes of the same text is
// what these mean; a pattern with a problem is not known from one without.
[[nodiscard]] std::optional<std::vector<PatternChain>> chains_of(std::string_view pattern,
                                                                 PatternReading reading);

}  // namespace reveille
