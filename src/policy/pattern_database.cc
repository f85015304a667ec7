#include "policy/pattern_database.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <utility>

#include <hs.h>

namespace reveille {
namespace {

// A pattern need not be told from itself matching twice, and one that matches nothing at all
// ("^$", "x*") is unusual but clear.
unsigned flags_of(PatternReading reading) {
  unsigned flags = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
  if (reading.any_case) flags |= HS_FLAG_CASELESS;
  if (reading.dot_is_all) flags |= HS_FLAG_DOTALL;
  return flags;
}

struct Advice {
  std::string_view message;  // as Hyperscan 5.4 begins it
  std::string_view advice;
};

constexpr std::array kAdvice{
    Advice{"Back-references are unsupported",
           "a pattern cannot refer back (\\1); list the alternatives, as in (aa|bb)"},
    Advice{"Zero-width assertions are not supported",
           "a pattern cannot look ahead or behind; say what must match, and in rules use `not`"},
    Advice{"Bounded repeat is too large", "{n,m} repeats at most 32767 times; use * or +"},
    Advice{"Embedded start anchors not supported",
           "\"^\" must stand at the beginning of the pattern or of an alternative"},
    Advice{"Embedded end anchors not supported",
           "\"$\" must stand at the end of the pattern or of an alternative"},
    Advice{"Atomic groups are unsupported", "write (?:...) instead of (?>...)"},
    Advice{"Possessive quantifiers are not supported", "leave out the second + of ++, *+ or ?+"},
    Advice{"Conditional subpattern unsupported", "write two patterns; any one of a list may match"},
    Advice{"Pattern recursion is not supported", "a pattern cannot contain itself"},
    Advice{"Pattern is too large", "split it into several patterns of a list; any one may match"},
};

std::string worded(const hs_compile_error_t* error) {
  const std::string_view message = error->message != nullptr ? error->message : "unknown reason";
  for (const Advice& known : kAdvice) {
    if (message.starts_with(known.message)) return std::string(known.advice);
  }
  std::string text(message.substr(0, message.find_last_not_of('.') + 1));
  return text.empty() ? "it cannot be used" : text;
}

}  // namespace

std::string pattern_processor_problem() {
  if (hs_valid_platform() == HS_SUCCESS) return {};
  return "regular expressions need a processor with SSSE3 (any x86-64 since 2006), which this one "
         "lacks; use conditions without patterns";
}

std::string pattern_problem(std::string_view pattern, PatternReading reading) {
  if (pattern.empty()) return "it is empty; \".\" matches any value";
  if (pattern.size() > kPatternLengthMax) {
    return "it is longer than " + std::to_string(kPatternLengthMax) +
           " octets; split it into several patterns of a list";
  }
  if (pattern.find('\0') != std::string_view::npos) return "it holds a NUL; write \\x00";
  // (*UTF8) would promise the library text that clients do not promise.
  if (pattern.find("(*") != std::string_view::npos) {
    return "verbs such as (*UTF8) are not possible: fields hold octets; write \\( for a "
           "parenthesis";
  }
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const std::string terminated(pattern);
  if (hs_expression_info(terminated.c_str(), flags_of(reading), &info, &error) != HS_SUCCESS) {
    std::string text = worded(error);
    hs_free_compile_error(error);
    return text;
  }
  std::free(info);  // NOLINT(cppcoreguidelines-no-malloc): hs_set_allocator() was not called
  return {};
}

// The databases that somebody holds: a few for each snapshot.
class PatternDatabase::Shelf {
 public:
  std::shared_ptr<const PatternDatabase> find(const std::vector<std::string>& patterns,
                                              PatternReading reading) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(all_, [](const auto& one) { return one.expired(); });
    for (const auto& one : all_) {
      auto database = one.lock();
      const bool is_it =
          database && database->reading_ == reading && database->patterns_ == patterns;
      if (is_it) return database;
    }
    return nullptr;
  }
  void put(const std::shared_ptr<const PatternDatabase>& database) {
    const std::scoped_lock lock(mutex_);
    all_.push_back(database);
  }

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<const PatternDatabase>> all_;
};

tl::expected<std::shared_ptr<const PatternDatabase>, PatternDatabase::Failure> PatternDatabase::of(
    std::vector<std::string> patterns, PatternReading reading) {
  static Shelf shelf;
  if (auto known = shelf.find(patterns, reading)) return known;
  const std::shared_ptr<PatternDatabase> made(new PatternDatabase(std::move(patterns), reading));
  const std::size_t count = made->patterns_.size();
  std::vector<const char*> texts;
  std::vector<unsigned> numbers;
  for (const std::string& pattern : made->patterns_) {
    numbers.push_back(static_cast<unsigned>(texts.size()));
    texts.push_back(pattern.c_str());
  }
  const std::vector<unsigned> flags(count, flags_of(reading));
  hs_compile_error_t* error = nullptr;
  const hs_error_t result =
      hs_compile_multi(texts.data(), flags.data(), numbers.data(), static_cast<unsigned>(count),
                       HS_MODE_BLOCK, nullptr, &made->database_, &error);
  if (result != HS_SUCCESS) {
    Failure failure{count, worded(error)};
    if (error->expression >= 0) failure.pattern = static_cast<std::size_t>(error->expression);
    hs_free_compile_error(error);
    return tl::unexpected(std::move(failure));
  }
  shelf.put(made);
  return made;
}

PatternDatabase::~PatternDatabase() {
  hs_free_database(database_);
}

std::size_t PatternDatabase::memory_bytes() const {
  std::size_t size = 0;
  hs_database_size(database_, &size);
  for (const std::string& pattern : patterns_) size += sizeof(std::string) + pattern.capacity();
  return size;
}

}  // namespace reveille
