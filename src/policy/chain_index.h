// Many chains looked for in one text at once: by four octets of each.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <reveille/bytes.h>

#include "policy/pattern_chain.h"

namespace reveille {

// Immutable once built. Every chain that is taken has four octets in a row, its mark; where the
// mark stands in a text, the chain is followed from there to both sides.
//
// What a text costs: an octet one look into a filter that the first cache level holds, a mark at
// most kSharesMax chains. A client may repeat the mark of one chain: the chain is then followed
// from each of them, so chains are taken only if that cannot pass a stretch of text again and
// again (Builder::is_bounded()).
class ChainIndex {
 public:
  static constexpr std::size_t kSharesMax = 8;

  struct Entry {
    std::vector<PatternChain> chains;
    std::uint32_t id = 0;
  };

  ChainIndex() = default;
  // The places of the entries that are not taken, in order.
  [[nodiscard]] std::vector<std::size_t> build(std::span<const Entry> entries);

  // Calls `hit(argument, id)` for each entry of which a chain matches somewhere in `text`, at
  // least once, in no order.
  void scan(Bytes text, void (*hit)(void* argument, std::uint32_t id), void* argument) const;

  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  // The mark and all steps beside it that are one octet each: compared, not followed.
  struct Block {
    std::uint32_t first = 0;  // in octets_ and masks_
    std::uint32_t count = 0;
    std::uint32_t before_mark = 0;  // octets
    std::uint32_t first_set = 0;    // in block_sets_
    std::uint32_t last_set = 0;
  };
  // One of its octets that is a choice of several, and not of the two cases of a letter.
  struct BlockSet {
    std::uint32_t at = 0;
    std::uint32_t set = 0;  // in sets_
  };
  // The steps on one side of the block, in the order in which they are followed.
  struct Half {
    std::uint32_t first = 0;  // in steps_
    std::uint32_t count = 0;
    std::uint64_t optional = 0;  // bits by step
    std::uint64_t repeats = 0;
  };
  struct Chain {
    Block block;
    Half before;  // to the left
    Half after;   // to the right
    std::uint32_t id = 0;
    bool from_start = false;
    ChainEnd end = ChainEnd::anywhere;
  };
  struct Cell {
    std::uint32_t mark = 0;
    std::uint32_t first = 0;  // in chains_
    std::uint32_t count = 0;  // 0: the cell is free
  };
  class Builder;

  static constexpr std::size_t kMark = 4;  // octets
  // The case of letters is left out, so that chains that do not care share the index with others.
  static std::uint32_t mark_of(const std::uint8_t* octets) {
    std::uint32_t mark;
    std::memcpy(&mark, octets, sizeof mark);
    return mark | kCaseBits;
  }
  static constexpr std::uint8_t kCaseBit = 0x20;
  static constexpr std::uint32_t kCaseBits = 0x20202020;

  // In filter_; modulo their number among cells_.
  static std::uint32_t place_of(std::uint32_t mark, unsigned shift) {
    return mark * 0x9e3779b1U >> shift;
  }
  [[nodiscard]] std::span<const Chain> chains_with(std::uint32_t mark, std::uint32_t place) const;
  [[nodiscard]] bool matches(const Chain& chain, Bytes text, std::size_t mark_at) const;
  [[nodiscard]] bool is_block_at(const Block& block, const std::uint8_t* text) const;
  // `next()` moves on and gives the octet, nullptr at the end; `fits()`: a match may end here.
  template <class Next, class Fits>
  [[nodiscard]] bool goes(const Half& half, Next next, Fits fits) const;

  std::vector<OctetSet> sets_;        // each once
  std::vector<std::uint32_t> steps_;  // places in sets_
  std::vector<std::uint8_t> octets_;  // of blocks
  std::vector<std::uint8_t> masks_;   // the bits of them that count
  std::vector<BlockSet> block_sets_;
  std::vector<Chain> chains_;          // by mark
  std::vector<Cell> cells_;            // open addressing; the size is a power of two
  std::vector<std::uint64_t> filter_;  // bits by mark; 16 for each one that there is
  unsigned filter_shift_ = 0;
};

}  // namespace reveille
