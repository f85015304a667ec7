#include "policy/patterns.h"

#include <cassert>
#include <iterator>
#include <map>
#include <utility>

#include <hs.h>

#include "policy/chain_index.h"

namespace reveille {
struct PatternScratch::State {
  ~State() { hs_free_scratch(scratch); }
  hs_scratch_t* scratch = nullptr;
};

PatternScratch::PatternScratch() : state_(std::make_unique<State>()) {}
PatternScratch::~PatternScratch() = default;
PatternScratch::PatternScratch(PatternScratch&&) noexcept = default;
PatternScratch& PatternScratch::operator=(PatternScratch&&) noexcept = default;

struct PatternSet::State {
  ChainIndex chains;
  std::shared_ptr<const PatternDatabase> database;  // of the patterns that are no chains, if any
  // What those stand for here: the ids of the i-th are those from first_of[i] to first_of[i + 1].
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> first_of;
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
  // In an order of their own, and each once, so that sets which differ in numbers alone are the
  // same to Hyperscan.
  std::map<std::string, std::vector<std::size_t>> places;
  for (const std::size_t other : others) places[patterns[other].text].push_back(other);
  std::vector<std::string> texts;
  for (const auto& [text, same] : places) {
    texts.push_back(text);
    state->first_of.push_back(static_cast<std::uint32_t>(state->ids.size()));
    for (const std::size_t place : same) state->ids.push_back(patterns[place].id);
  }
  state->first_of.push_back(static_cast<std::uint32_t>(state->ids.size()));
  auto database = PatternDatabase::of(std::move(texts), reading);
  if (!database) {
    PatternDatabase::Failure& error = database.error();
    const bool is_one = error.pattern < places.size();
    const auto bad = std::next(places.begin(), static_cast<std::ptrdiff_t>(error.pattern));
    return tl::unexpected(
        Failure{is_one ? bad->second.front() : patterns.size(), std::move(error.text)});
  }
  state->database = std::move(*database);
  return PatternSet(std::move(state));
}

bool PatternSet::prepare(PatternScratch& scratch) const {
  if (state_->database == nullptr) return true;
  return hs_alloc_scratch(state_->database->get(), &scratch.state_->scratch) == HS_SUCCESS;
}

void PatternSet::scan(Bytes field, PatternScratch& scratch,
                      void (*hit)(void* argument, std::uint32_t id), void* argument) const {
  state_->chains.scan(field, hit, argument);
  if (state_->database == nullptr) return;
  struct Call {
    const State& state;
    void (*hit)(void*, std::uint32_t);
    void* argument;
  };
  Call call{*state_, hit, argument};
  const auto on_match = [](unsigned number, unsigned long long /*from*/, unsigned long long /*to*/,
                           unsigned /*flags*/, void* context) {
    const auto* to = static_cast<const Call*>(context);
    const auto& first_of = to->state.first_of;
    for (std::uint32_t i = first_of[number]; i < first_of[number + 1]; ++i) {
      to->hit(to->argument, to->state.ids[i]);
    }
    return 0;
  };
  [[maybe_unused]] const hs_error_t result =
      hs_scan(state_->database->get(), reinterpret_cast<const char*>(field.data()),
              static_cast<unsigned>(field.size()), 0, scratch.state_->scratch, on_match, &call);
  assert(result == HS_SUCCESS);
}

std::size_t PatternSet::memory_bytes() const {
  const std::size_t ids = (state_->ids.size() + state_->first_of.size()) * sizeof(std::uint32_t);
  const std::size_t shared = state_->database == nullptr ? 0 : state_->database->memory_bytes();
  return shared + ids + state_->chains.memory_bytes();
}

}  // namespace reveille
