// What became of a received frame: one name from one closed list, with a text for people.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reveille {

enum class Verdict : std::uint8_t { answered, noted, passed, refused, shed };

enum class Outcome : std::uint8_t {
#define OUTCOME(name, verdict, text) name,
#include <reveille/outcomes.def>
#undef OUTCOME
};

inline constexpr std::size_t kOutcomeCount = 0
#define OUTCOME(name, verdict, text) +1  // NOLINT(bugprone-macro-parentheses)
#include <reveille/outcomes.def>
#undef OUTCOME
    ;

struct OutcomeInfo {
  std::string_view name;
  Verdict verdict;
  std::string_view text;
};

inline constexpr std::array<OutcomeInfo, kOutcomeCount> kOutcomes{{
#define OUTCOME(name, verdict, text) {#name, Verdict::verdict, text},
#include <reveille/outcomes.def>
#undef OUTCOME
}};

[[nodiscard]] constexpr const OutcomeInfo& info(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

[[nodiscard]] std::string_view text(Verdict verdict);

// One counter for each outcome. Its owner is one thread; others may read a copy.
class OutcomeCounts {
 public:
  void add(Outcome outcome, std::uint64_t frames = 1) {
    counts_[static_cast<std::size_t>(outcome)] += frames;
  }
  // One frame that was counted too early ended in `to`.
  void change(Outcome from, Outcome to) {
    --counts_[static_cast<std::size_t>(from)];
    ++counts_[static_cast<std::size_t>(to)];
  }
  void add(const OutcomeCounts& other) {
    for (std::size_t i = 0; i < kOutcomeCount; ++i) counts_[i] += other.counts_[i];
  }
  [[nodiscard]] std::uint64_t operator[](Outcome outcome) const {
    return counts_[static_cast<std::size_t>(outcome)];
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_) sum += count;
    return sum;
  }

 private:
  std::array<std::uint64_t, kOutcomeCount> counts_{};
};

}  // namespace reveille
