#include "policy/patterns.h"

#include <array>
#include <cassert>
#include <cstdlib>
#include <utility>

#include <hs.h>

#include "policy/chain_index.h"

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

struct PatternScratch::State {
  ~State() { hs_free_scratch(scratch); }
  hs_scratch_t* scratch = nullptr;
};

PatternScratch::PatternScratch() : state_(std::make_unique<State>()) {}
PatternScratch::~PatternScratch() = default;
PatternScratch::PatternScratch(PatternScratch&&) noexcept = default;
PatternScratch& PatternScratch::operator=(PatternScratch&&) noexcept = default;

struct PatternSet::State {
  ~State() { hs_free_database(database); }
  ChainIndex chains;
  hs_database_t* database = nullptr;  // of the patterns that are no chains; nullptr: there are none
};

PatternSet::PatternSet(std::unique_ptr<State> state) : state_(std::move(state)) {}
PatternSet::~PatternSet() = default;
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;

tl::expected<PatternSet, PatternSet::Failure> PatternSet::compile(std::span<const Pattern> patterns,
                                                                  PatternReading reading) {
  auto state = std::make_unique<State>();
  std::vector<ChainIndex::Entry> entries;
  for (const Pattern& pattern : patterns) {
    entries.push_back(
        {chains_of(pattern.text, reading).value_or(std::vector<PatternChain>{}), pattern.id});
  }
  const std::vector<std::size_t> others = state->chains.build(entries);
  if (others.empty()) return PatternSet(std::move(state));
  std::vector<const char*> texts;
  std::vector<unsigned> ids;
  const std::vector<unsigned> flags(others.size(), flags_of(reading));
  for (const std::size_t other : others) {
    texts.push_back(patterns[other].text.c_str());
    ids.push_back(patterns[other].id);
  }
  hs_compile_error_t* error = nullptr;
  const hs_error_t result =
      hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &state->database, &error);
  if (result != HS_SUCCESS) {
    Failure failure{patterns.size(), worded(error)};
    if (error->expression >= 0) failure.pattern = others[static_cast<unsigned>(error->expression)];
    hs_free_compile_error(error);
    return tl::unexpected(std::move(failure));
  }
  return PatternSet(std::move(state));
}

bool PatternSet::prepare(PatternScratch& scratch) const {
  if (state_->database == nullptr) return true;
  return hs_alloc_scratch(state_->database, &scratch.state_->scratch) == HS_SUCCESS;
}

void PatternSet::scan(Bytes field, PatternScratch& scratch,
                      void (*hit)(void* argument, std::uint32_t id), void* argument) const {
  state_->chains.scan(field, hit, argument);
  if (state_->database == nullptr) return;
  struct Call {
    void (*hit)(void*, std::uint32_t);
    void* argument;
  };
  Call call{hit, argument};
  const auto on_match = [](unsigned id, unsigned long long /*from*/, unsigned long long /*to*/,
                           unsigned /*flags*/, void* context) {
    const auto* to = static_cast<const Call*>(context);
    to->hit(to->argument, id);
    return 0;
  };
  [[maybe_unused]] const hs_error_t result =
      hs_scan(state_->database, reinterpret_cast<const char*>(field.data()),
              static_cast<unsigned>(field.size()), 0, scratch.state_->scratch, on_match, &call);
  assert(result == HS_SUCCESS);
}

std::size_t PatternSet::memory_bytes() const {
  std::size_t size = 0;
  if (state_->database != nullptr) hs_database_size(state_->database, &size);
  return size + state_->chains.memory_bytes();
}

}  // namespace reveille
