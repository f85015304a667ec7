// What the groups of one regular expression have captured, by PCRE2: for the one rule that
// Hyperscan, which captures nothing, has chosen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "names/letter_case.h"
#include "text/template.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct pcre2_real_general_context_8;

namespace reveille {

// `\0` to `\9`.
inline constexpr std::size_t kCapturesMax = 10;

// Memory in which matching happens. All of it is taken at construction, and what would take more
// fails. Owner: one worker; control makes it.
class CaptureMemory {
 public:
  CaptureMemory();
  ~CaptureMemory();
  CaptureMemory(CaptureMemory&&) noexcept;
  CaptureMemory& operator=(CaptureMemory&&) = delete;

  // How often matching wanted more memory than there is from the start; for tests.
  [[nodiscard]] std::size_t refused() const;

 private:
  friend class CapturePattern;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Compiled by control; immutable.
class CapturePattern {
 public:
  // What is not a pattern, and where.
  [[nodiscard]] static tl::expected<CapturePattern, TextProblem> compile(std::string_view pattern,
                                                                         LetterCase letters);

  // How many groups capture, the whole not counted.
  [[nodiscard]] unsigned groups() const { return groups_; }

  // What the first match in `text` captures; a group that took no part is empty. False when there
  // is none, or when finding it takes more steps or memory than a packet may take.
  bool match(std::string_view text, CaptureMemory& memory,
             std::array<std::string_view, kCapturesMax>& captured) const;

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  std::unique_ptr<pcre2_real_code_8, Free> code_;
  unsigned groups_ = 0;
};

}  // namespace reveille
