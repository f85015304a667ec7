// What Hyperscan makes of patterns: a database, compiled once for all who have the same patterns.
// Only pattern_database.cc and patterns.cc name that library.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

struct hs_database;

namespace reveille {

inline constexpr std::size_t kPatternLengthMax = 1024;

// What patterns stand for. Fields of clients are octets, and '.' is any of them; in names '.' is
// no line end, as PCRE2 has it.
struct PatternReading {
  bool any_case = false;
  bool dot_is_all = true;

  bool operator==(const PatternReading&) const = default;
};

// Why Hyperscan cannot use the pattern, and what to write instead; empty when it can. Waits for
// nothing, but takes some ten microseconds: not for the packet path.
[[nodiscard]] std::string pattern_problem(std::string_view pattern, PatternReading reading = {});

// Why this processor cannot run Hyperscan at all; empty when it can.
[[nodiscard]] std::string pattern_processor_problem();

// Immutable. Compiling takes milliseconds a pattern, and a reload changes few of them, or none: so
// a database is shared by all that ask for the same patterns while anybody holds it, such as the
// rules of the snapshot that serves and of the one that is being made. It goes with the last.
class PatternDatabase {
 public:
  struct Failure {
    std::size_t pattern = 0;  // its index; patterns.size() when it is none of them alone
    std::string text;
  };

  // Matches are reported by a pattern's index. `patterns` is in ascending order, none is there
  // twice, and there is one. From any thread.
  [[nodiscard]] static tl::expected<std::shared_ptr<const PatternDatabase>, Failure> of(
      std::vector<std::string> patterns, PatternReading reading = {});

  ~PatternDatabase();
  PatternDatabase(const PatternDatabase&) = delete;
  PatternDatabase& operator=(const PatternDatabase&) = delete;

  [[nodiscard]] const hs_database* get() const { return database_; }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  class Shelf;
  PatternDatabase(std::vector<std::string> patterns, PatternReading reading)
      : patterns_(std::move(patterns)), reading_(reading) {}

  std::vector<std::string> patterns_;
  PatternReading reading_;
  hs_database* database_ = nullptr;
};

}  // namespace reveille
