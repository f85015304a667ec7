// Which mark each chain is found by, and the index of them.
#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <unordered_map>

#include "policy/chain_index.h"

namespace reveille {
namespace {

// What may be missing at an end that is not held fast says nothing.
void trim(PatternChain& chain) {
  auto& steps = chain.steps;
  if (chain.end == ChainEnd::anywhere) {
    while (!steps.empty() && steps.back().optional) steps.pop_back();
    if (!steps.empty()) steps.back().repeats = false;
  }
  if (!chain.from_start) {
    const auto first = std::ranges::find(steps, false, &ChainStep::optional);
    steps.erase(steps.begin(), first);
    if (!steps.empty()) steps.front().repeats = false;
  }
}

}  // namespace

class ChainIndex::Builder {
 public:
  explicit Builder(ChainIndex& index) : index_(index) {}

  std::vector<std::size_t> build(std::span<const Entry> entries) {
    std::vector<std::vector<Candidate>> candidates;
    for (const Entry& entry : entries) candidates.push_back(candidates_of(entry));
    std::vector<std::size_t> refused;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!take(candidates[i], entries[i].id)) refused.push_back(i);
    }
    std::ranges::stable_sort(made_, {}, &Made::mark);
    fill();
    return refused;
  }

 private:
  struct Place {
    std::uint32_t mark = 0;
    std::size_t step = 0;  // that it begins with
  };
  struct Candidate {
    PatternChain chain;
    std::vector<Place> places;
  };
  struct Made {
    std::uint32_t mark = 0;
    Chain chain;
  };

  std::vector<Candidate> candidates_of(const Entry& entry) {
    std::vector<Candidate> candidates;
    for (const PatternChain& chain : entry.chains) {
      Candidate& candidate = candidates.emplace_back(Candidate{chain, {}});
      trim(candidate.chain);
      const auto& steps = candidate.chain.steps;
      for (std::size_t first = 0; first + kMark <= steps.size(); ++first) {
        const auto mark = mark_at(steps, first);
        if (!mark || !is_bounded(candidate.chain, first, *mark)) continue;
        candidate.places.push_back({*mark, first});
        ++uses_[*mark];
      }
    }
    return candidates;
  }

  static std::optional<std::uint32_t> mark_at(const std::vector<ChainStep>& steps,
                                              std::size_t first) {
    std::array<std::uint8_t, kMark> octets{};
    for (std::size_t i = 0; i < kMark; ++i) {
      const ChainStep& step = steps[first + i];
      const auto octet = folded(step.octets);
      if (step.optional || step.repeats || !octet) return std::nullopt;
      octets[i] = *octet;
    }
    return mark_of(octets.data());
  }

  // The only octet of a set, when the case of letters is left out.
  static std::optional<std::uint8_t> folded(const OctetSet& set) {
    std::optional<std::uint8_t> only;
    for (std::size_t word = 0; word < set.words.size(); ++word) {
      for (std::uint64_t left = set.words[word]; left != 0; left &= left - 1) {
        const auto octet = static_cast<std::uint8_t>(64 * word + std::countr_zero(left)) | kCaseBit;
        if (only && *only != octet) return std::nullopt;
        only = static_cast<std::uint8_t>(octet);
      }
    }
    return only;
  }

  // The side of the mark with steps that repeat is followed at one mark of a text only, or cannot
  // run on over the next mark.
  static bool is_bounded(const PatternChain& chain, std::size_t first, std::uint32_t mark) {
    const std::span<const ChainStep> steps(chain.steps);
    const auto is_fixed = [](std::span<const ChainStep> part) {
      return std::ranges::none_of(part, [](const auto& s) { return s.optional || s.repeats; });
    };
    if (chain.from_start && is_fixed(steps.first(first))) return true;
    if (chain.end != ChainEnd::anywhere && is_fixed(steps.subspan(first))) return true;
    std::array<std::uint8_t, kMark> octets{};
    std::memcpy(octets.data(), &mark, kMark);
    return std::ranges::all_of(steps, [&octets](const ChainStep& step) {
      return !step.repeats || std::ranges::any_of(octets, [&step](std::uint8_t octet) {
        const auto other = static_cast<std::uint8_t>(octet & ~kCaseBit);
        return !step.octets.has(octet) && !step.octets.has(other);
      });
    });
  }

  // All chains of one entry, each at the mark that the fewest have.
  bool take(const std::vector<Candidate>& candidates, std::uint32_t id) {
    const std::size_t before = made_.size();
    for (const Candidate& candidate : candidates) {
      const Place* best = nullptr;
      for (const Place& place : candidate.places) {
        if (taken_[place.mark] == kSharesMax) continue;
        if (best == nullptr || uses_[place.mark] < uses_[best->mark]) best = &place;
      }
      if (best == nullptr) {
        for (; made_.size() > before; made_.pop_back()) --taken_[made_.back().mark];
        return false;
      }
      ++taken_[best->mark];
      made_.push_back({best->mark, made(candidate.chain, best->step, id)});
    }
    return !candidates.empty();
  }

  Chain made(const PatternChain& from, std::size_t mark_step, std::uint32_t id) {
    const std::span<const ChainStep> steps(from.steps);
    std::size_t first = mark_step;
    std::size_t last = mark_step + kMark;
    while (first > 0 && is_one(steps[first - 1])) --first;
    while (last < steps.size() && is_one(steps[last])) ++last;
    std::vector<ChainStep> left(from.steps.begin(),
                                from.steps.begin() + static_cast<std::ptrdiff_t>(first));
    std::ranges::reverse(left);
    return {block(steps.subspan(first, last - first), mark_step - first),
            half(left),
            half(steps.subspan(last)),
            id,
            from.from_start,
            from.end};
  }

  static bool is_one(const ChainStep& step) { return !step.optional && !step.repeats; }

  Block block(std::span<const ChainStep> steps, std::size_t before_mark) {
    Block block;
    block.first = static_cast<std::uint32_t>(index_.octets_.size());
    block.count = static_cast<std::uint32_t>(steps.size());
    block.before_mark = static_cast<std::uint32_t>(before_mark);
    block.first_set = static_cast<std::uint32_t>(index_.block_sets_.size());
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
      const auto [octet, mask] = octet_of(steps[i].octets);
      index_.octets_.push_back(octet);
      index_.masks_.push_back(mask);
      if (mask == 0) index_.block_sets_.push_back({i, place_of_set(steps[i].octets)});
    }
    block.last_set = static_cast<std::uint32_t>(index_.block_sets_.size());
    return block;
  }

  // An octet and which of its bits count; none: it takes more than that to tell.
  static std::pair<std::uint8_t, std::uint8_t> octet_of(const OctetSet& set) {
    const auto only = folded(set);
    if (!only) return {std::uint8_t{0}, std::uint8_t{0}};
    const auto other = static_cast<std::uint8_t>(*only & ~kCaseBit);
    if (set.has(*only) && set.has(other)) return {*only, static_cast<std::uint8_t>(~kCaseBit)};
    return {set.has(*only) ? *only : other, std::uint8_t{0xff}};
  }

  std::uint32_t place_of_set(const OctetSet& set) {
    const auto [place, is_new] = sets_.emplace(set, static_cast<std::uint32_t>(sets_.size()));
    if (is_new) index_.sets_.push_back(set);
    return place->second;
  }

  Half half(std::span<const ChainStep> steps) {
    Half half{static_cast<std::uint32_t>(index_.steps_.size()),
              static_cast<std::uint32_t>(steps.size())};
    for (std::size_t i = 0; i < steps.size(); ++i) {
      index_.steps_.push_back(place_of_set(steps[i].octets));
      half.optional |= std::uint64_t{steps[i].optional} << i;
      half.repeats |= std::uint64_t{steps[i].repeats} << i;
    }
    return half;
  }

  void fill() {
    if (made_.empty()) return;
    index_.cells_.resize(std::bit_ceil(made_.size() * 2));
    const std::size_t bits = std::bit_ceil(std::max<std::size_t>(made_.size() * 16, 64));
    index_.filter_.resize(bits / 64);
    index_.filter_shift_ = 32 - static_cast<unsigned>(std::countr_zero(bits));
    const std::size_t cell_mask = index_.cells_.size() - 1;
    for (const Made& one : made_) {
      const std::uint32_t place = place_of(one.mark, index_.filter_shift_);
      index_.filter_[place >> 6] |= std::uint64_t{1} << (place & 63);
      std::size_t at = place & cell_mask;
      while (index_.cells_[at].count > 0 && index_.cells_[at].mark != one.mark) {
        at = (at + 1) & cell_mask;
      }
      Cell& cell = index_.cells_[at];
      if (cell.count == 0) cell = {one.mark, static_cast<std::uint32_t>(index_.chains_.size()), 0};
      ++cell.count;
      index_.chains_.push_back(one.chain);
    }
  }

  ChainIndex& index_;
  std::unordered_map<std::uint32_t, std::size_t> uses_;   // places with that mark
  std::unordered_map<std::uint32_t, std::size_t> taken_;  // chains found by it
  std::map<OctetSet, std::uint32_t> sets_;
  std::vector<Made> made_;
};

std::vector<std::size_t> ChainIndex::build(std::span<const Entry> entries) {
  *this = {};
  return Builder(*this).build(entries);
}

std::size_t ChainIndex::memory_bytes() const {
  return sets_.size() * sizeof(OctetSet) + steps_.size() * sizeof(std::uint32_t) + octets_.size() +
         masks_.size() + block_sets_.size() * sizeof(BlockSet) + chains_.size() * sizeof(Chain) +
         cells_.size() * sizeof(Cell) + filter_.size() * sizeof(std::uint64_t);
}

}  // namespace reveille
