#include "names/capture_pattern.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace reveille {
namespace {

// Names have at most 512 octets. A sane pattern takes a few steps for each of them; one that
// tries every way to split a name takes 2^512. This many take about a tenth of a millisecond.
constexpr std::uint32_t kStepsMax = 5000;
// One frame for each group that is entered and may be left another way, about 200 octets each.
constexpr std::uint32_t kMemoryMax_KiB = 256;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* it) const {
    free(it);
  }
};
using General = std::unique_ptr<pcre2_general_context, Free<pcre2_general_context_free>>;
using Limits = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>>;
using Data = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>>;

// The allocator that PCRE2 is given: open while control prepares, then closed.
struct Allocator {
  bool closed = false;
  std::size_t refused = 0;

  static void* allocate(std::size_t size, void* self) {
    auto& allocator = *static_cast<Allocator*>(self);
    if (!allocator.closed) return std::malloc(size);
    ++allocator.refused;
    return nullptr;
  }
  static void release(void* memory, void*) { std::free(memory); }
};

unsigned options_of(LetterCase letters) {
  const unsigned caseless = letters == LetterCase::ignored ? PCRE2_CASELESS : 0U;
  return PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C | caseless;
}

template <class T>
T* taken(T* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

struct CaptureMemory::Parts {
  Allocator allocator;
  General general;
  Limits limits;
  Data data;
};

// PCRE2 keeps the memory of a match for the next one and makes it larger when it must. A match
// that cannot end well makes it as large as the limit allows, once and for all.
CaptureMemory::CaptureMemory() : parts_(std::make_unique<Parts>()) {
  Parts& parts = *parts_;
  parts.general.reset(taken(
      pcre2_general_context_create(Allocator::allocate, Allocator::release, &parts.allocator)));
  parts.limits.reset(taken(pcre2_match_context_create(parts.general.get())));
  pcre2_set_match_limit(parts.limits.get(), 1'000'000);
  pcre2_set_heap_limit(parts.limits.get(), kMemoryMax_KiB);
  parts.data.reset(taken(pcre2_match_data_create(kCapturesMax, parts.general.get())));

  int error = 0;
  PCRE2_SIZE offset = 0;
  const std::unique_ptr<pcre2_code, Free<pcre2_code_free>> deep(
      taken(pcre2_compile(reinterpret_cast<PCRE2_SPTR>("(?:(a)|(b))*c"), PCRE2_ZERO_TERMINATED,
                          PCRE2_NO_START_OPTIMIZE, &error, &offset, nullptr)));
  const std::string subject(kMemoryMax_KiB * 64, 'a');
  (void)pcre2_match(deep.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), 0, 0,
                    parts.data.get(), parts.limits.get());
  pcre2_set_match_limit(parts.limits.get(), kStepsMax);
  parts.allocator.closed = true;
}

CaptureMemory::~CaptureMemory() = default;
CaptureMemory::CaptureMemory(CaptureMemory&&) noexcept = default;

std::size_t CaptureMemory::refused() const {
  return parts_->allocator.refused;
}

void CapturePattern::Free::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

tl::expected<CapturePattern, TextProblem> CapturePattern::compile(std::string_view pattern,
                                                                  LetterCase letters) {
  CapturePattern compiled;
  int error = 0;
  PCRE2_SIZE offset = 0;
  compiled.code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                     options_of(letters), &error, &offset, nullptr));
  if (compiled.code_ == nullptr) {
    std::array<PCRE2_UCHAR, 160> text{};
    pcre2_get_error_message(error, text.data(), text.size());
    return tl::unexpected(TextProblem{offset, reinterpret_cast<const char*>(text.data())});
  }
  std::uint32_t groups = 0;
  pcre2_pattern_info(compiled.code_.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
  compiled.groups_ = groups;
  return compiled;
}

bool CapturePattern::match(std::string_view text, CaptureMemory& memory,
                           std::array<std::string_view, kCapturesMax>& captured) const {
  CaptureMemory::Parts& parts = *memory.parts_;
  const int result = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                 text.size(), 0, 0, parts.data.get(), parts.limits.get());
  // 0: there are more groups than anyone can ask for.
  if (result < 0) return false;
  const std::size_t pairs = result == 0 ? kCapturesMax : static_cast<std::size_t>(result);
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(parts.data.get());
  captured.fill({});
  for (std::size_t i = 0; i < std::min(pairs, kCapturesMax); ++i) {
    // \K may put the beginning of a match behind its end.
    if (ends[2 * i] == PCRE2_UNSET || ends[2 * i] > ends[2 * i + 1]) continue;
    captured[i] = text.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i]);
  }
  return true;
}

}  // namespace reveille
