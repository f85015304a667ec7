#include "names/name_patterns.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <numeric>

#include <hs.h>

namespace reveille {
namespace {

// A pattern is reported once however often it occurs; one that matches nothing is a pattern too.
unsigned flags_of(NamePatterns::Case letters) {
  constexpr unsigned kAlways = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
  return letters == NamePatterns::Case::ignored ? kAlways | HS_FLAG_CASELESS : kAlways;
}

struct FreeError {
  void operator()(hs_compile_error_t* error) const { hs_free_compile_error(error); }
};
using Error = std::unique_ptr<hs_compile_error_t, FreeError>;

// The smallest indices so far, in order. Matches come in no order.
struct Found {
  std::span<std::uint32_t> room;
  std::size_t count = 0;

  void add(std::uint32_t index) {
    if (count == room.size()) {
      if (room.empty() || index > room[count - 1]) return;
      --count;
    }
    std::size_t place = count++;
    for (; place > 0 && room[place - 1] > index; --place) room[place] = room[place - 1];
    room[place] = index;
  }
};

int take(unsigned id, unsigned long long, unsigned long long, unsigned, void* to) {
  static_cast<Found*>(to)->add(id);
  return 0;
}

}  // namespace

void NamePatterns::FreeDatabase::operator()(hs_database* database) const {
  hs_free_database(database);
}
void NamePatterns::FreeScratch::operator()(hs_scratch* scratch) const {
  hs_free_scratch(scratch);
}

std::string NamePatterns::problem_of(const std::string& pattern, Case letters) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* raw = nullptr;
  const hs_error_t result = hs_expression_info(pattern.c_str(), flags_of(letters), &info, &raw);
  const Error error(raw);
  std::free(info);
  if (result == HS_SUCCESS) return {};
  return error != nullptr && error->message != nullptr ? error->message : "it is not understood";
}

tl::expected<NamePatterns, std::string> NamePatterns::compile(
    const std::vector<std::string>& patterns, Case letters, unsigned workers) {
  if (hs_valid_platform() != HS_SUCCESS) {
    return tl::unexpected<std::string>(
        "this processor lacks SSSE3, without which Hyperscan finds no patterns; leave out the "
        "[[tftp.rewrite]] tables");
  }
  std::vector<const char*> texts;
  texts.reserve(patterns.size());
  for (const std::string& pattern : patterns) texts.push_back(pattern.c_str());
  std::vector<unsigned> ids(patterns.size());
  std::iota(ids.begin(), ids.end(), 0U);
  const std::vector<unsigned> flags(patterns.size(), flags_of(letters));

  NamePatterns set;
  hs_database_t* database = nullptr;
  hs_compile_error_t* raw = nullptr;
  const hs_error_t result =
      hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database, &raw);
  const Error error(raw);
  set.database_.reset(database);
  if (result != HS_SUCCESS) {
    const bool known = error != nullptr && error->message != nullptr;
    const bool one = error != nullptr && error->expression >= 0;
    std::string text = known ? error->message : "no memory left";
    if (one) text = patterns[static_cast<std::size_t>(error->expression)] + ": " + text;
    return tl::unexpected("the name rules cannot be compiled: " + text);
  }
  for (unsigned worker = 0; worker < workers; ++worker) {
    hs_scratch_t* scratch = nullptr;
    const hs_error_t got = worker == 0 ? hs_alloc_scratch(database, &scratch)
                                       : hs_clone_scratch(set.scratches_[0].get(), &scratch);
    if (got != HS_SUCCESS) return tl::unexpected<std::string>("no memory for the name rules");
    set.scratches_.emplace_back(scratch);
  }
  return set;
}

std::size_t NamePatterns::match(std::string_view text, unsigned worker,
                                std::span<std::uint32_t> found) const {
  assert(worker < scratches_.size());
  Found smallest{found};
  // A failure means a broken invariant (a scratch in use twice); then nothing was found.
  (void)hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0,
                scratches_[worker].get(), take, &smallest);
  return smallest.count;
}

}  // namespace reveille
