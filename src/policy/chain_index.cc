#include "policy/chain_index.h"

#include <bit>

namespace reveille {
namespace {

// The steps that are next when some of `active` are, but may be left out.
std::uint64_t with_skips(std::uint64_t active, std::uint64_t optional) {
  for (std::uint64_t skipped = active & optional; skipped != 0;) {
    const std::uint64_t next = skipped << 1 & ~active;
    active |= next;
    skipped = next & optional;
  }
  return active;
}

}  // namespace

// Bit i of `active`: the steps before i have matched.
template <class Next, class Fits>
bool ChainIndex::goes(const Half& half, Next next, Fits fits) const {
  const std::uint32_t* const sets = steps_.data() + half.first;
  const std::uint64_t done = std::uint64_t{1} << half.count;
  std::uint64_t active = with_skips(1, half.optional);
  for (;;) {
    if ((active & done) != 0 && fits()) return true;
    const std::uint8_t* const octet = next();
    if (octet == nullptr) return false;
    std::uint64_t passed = 0;
    for (std::uint64_t left = active & ~done; left != 0; left &= left - 1) {
      const int step = std::countr_zero(left);
      if (!sets_[sets[step]].has(*octet)) continue;
      const std::uint64_t bit = std::uint64_t{1} << step;
      passed |= bit << 1 | (bit & half.repeats);
    }
    if (passed == 0) return false;
    active = with_skips(passed, half.optional);
  }
}

// Eight octets at a time; the last ones may be looked at twice. A mark has four.
bool ChainIndex::is_block_at(const Block& block, const std::uint8_t* text) const {
  const std::uint8_t* const octets = octets_.data() + block.first;
  const std::uint8_t* const masks = masks_.data() + block.first;
  const auto differs = [&]<class Word>(Word word, std::size_t at) {
    Word wanted;
    Word mask;
    std::memcpy(&word, text + at, sizeof word);
    std::memcpy(&wanted, octets + at, sizeof word);
    std::memcpy(&mask, masks + at, sizeof word);
    return ((word ^ wanted) & mask) != 0;
  };
  if (block.count < 8) {
    if (differs(std::uint32_t{}, 0) || differs(std::uint32_t{}, block.count - 4)) return false;
  } else {
    for (std::size_t at = 0; at + 8 < block.count; at += 8) {
      if (differs(std::uint64_t{}, at)) return false;
    }
    if (differs(std::uint64_t{}, block.count - 8)) return false;
  }
  for (std::uint32_t i = block.first_set; i < block.last_set; ++i) {
    if (!sets_[block_sets_[i].set].has(text[block_sets_[i].at])) return false;
  }
  return true;
}

bool ChainIndex::matches(const Chain& chain, Bytes text, std::size_t mark_at) const {
  if (mark_at < chain.block.before_mark) return false;
  const std::size_t block_at = mark_at - chain.block.before_mark;
  if (chain.block.count > text.size() - block_at) return false;
  if (!is_block_at(chain.block, text.data() + block_at)) return false;
  const auto left = [&] {
    std::size_t at = block_at;
    return goes(
        chain.before, [&] { return at > 0 ? &text[--at] : nullptr; },
        [&] { return !chain.from_start || at == 0; });
  };
  const auto right = [&] {
    std::size_t at = block_at + chain.block.count;
    return goes(
        chain.after, [&] { return at < text.size() ? &text[at++] : nullptr; },
        [&] {
          const std::size_t rest = text.size() - at;
          return chain.end == ChainEnd::anywhere || rest == 0 ||
                 (chain.end == ChainEnd::last_line && rest == 1 && text[at] == '\n');
        });
  };
  // The side that cannot run far first: it may save the other.
  return chain.before.count == 0 ? left() && right() : right() && left();
}

void ChainIndex::scan(Bytes text, void (*hit)(void* argument, std::uint32_t id),
                      void* argument) const {
  if (chains_.empty() || text.size() < kMark) return;
  const std::uint64_t* const filter = filter_.data();
  const unsigned shift = filter_shift_;
  const std::uint8_t* const last = text.data() + text.size() - kMark;
  for (const std::uint8_t* at = text.data(); at <= last; ++at) {
    const std::uint32_t mark = mark_of(at);
    const std::uint32_t place = place_of(mark, shift);
    if ((filter[place >> 6] >> (place & 63) & 1) == 0) continue;
    const auto mark_at = static_cast<std::size_t>(at - text.data());
    for (const Chain& chain : chains_with(mark, place)) {
      if (matches(chain, text, mark_at)) hit(argument, chain.id);
    }
  }
}

std::span<const ChainIndex::Chain> ChainIndex::chains_with(std::uint32_t mark,
                                                           std::uint32_t place) const {
  const std::size_t mask = cells_.size() - 1;
  std::size_t cell = place & mask;
  while (cells_[cell].count > 0 && cells_[cell].mark != mark) cell = (cell + 1) & mask;
  return {chains_.data() + cells_[cell].first, cells_[cell].count};
}

}  // namespace reveille
