#include "names/name_patterns.h"

#include <algorithm>
#include <cassert>

namespace reveille {
namespace {

PatternReading reading_of(LetterCase letters) {
  return {.any_case = letters == LetterCase::ignored, .dot_is_all = false};
}

// The smallest indices so far, in order. Matches come in no order, and may come twice.
struct Found {
  std::span<std::uint32_t> room;
  std::size_t count = 0;

  void add(std::uint32_t index) {
    if (std::ranges::find(room.first(count), index) !=
        room.begin() + static_cast<std::ptrdiff_t>(count))
      return;
    if (count == room.size()) {
      if (room.empty() || index > room[count - 1]) return;
      --count;
    }
    std::size_t place = count++;
    for (; place > 0 && room[place - 1] > index; --place) room[place] = room[place - 1];
    room[place] = index;
  }
};

}  // namespace

std::string NamePatterns::problem_of(const std::string& pattern, LetterCase letters) {
  return pattern_problem(pattern, reading_of(letters));
}

tl::expected<NamePatterns, std::string> NamePatterns::compile(
    const std::vector<std::string>& patterns, LetterCase letters, unsigned workers) {
  if (!pattern_processor_problem().empty()) {
    return tl::unexpected<std::string>(
        "this processor lacks SSSE3, without which no patterns can be looked for; leave out the "
        "[[tftp.rewrite]] tables");
  }
  std::vector<PatternSet::Pattern> list;
  list.reserve(patterns.size());
  for (const std::string& pattern : patterns) {
    list.push_back({pattern, static_cast<std::uint32_t>(list.size())});
  }
  auto set = PatternSet::compile(list, reading_of(letters));
  if (!set) {
    const PatternSet::Failure& failure = set.error();
    const bool is_one = failure.pattern < patterns.size();
    return tl::unexpected("the name rules cannot be compiled: " +
                          (is_one ? patterns[failure.pattern] + ": " : "") + failure.text);
  }
  NamePatterns compiled(std::move(*set));
  compiled.scratches_.resize(workers);
  for (PatternScratch& scratch : compiled.scratches_) {
    if (!compiled.set_.prepare(scratch)) {
      return tl::unexpected<std::string>("no memory for the name rules");
    }
  }
  return compiled;
}

std::size_t NamePatterns::match(std::string_view text, unsigned worker,
                                std::span<std::uint32_t> found) const {
  assert(worker < scratches_.size());
  Found smallest{found};
  const auto take = [](void* to, std::uint32_t id) { static_cast<Found*>(to)->add(id); };
  set_.scan({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, scratches_[worker],
            take, &smallest);
  return smallest.count;
}

}  // namespace reveille
