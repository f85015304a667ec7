// A hash table that holds only indices into somebody else's array, each beside 32 bits of its
// hash: eight bytes an entry and a half. The array holds the keys, and is looked at only where
// those bits agree: neither a long way to an entry nor its removal touches other entries' memory.
// Open addressing, linear probing, backward-shift deletion, as in FlatTable; use that where keys
// are small and nothing else refers to the entry.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "table/huge_vector.h"

namespace reveille {

inline constexpr std::uint32_t kNoIndex = 0xffffffff;

// Owner: one thread. All memory is taken at construction. Hashes are 64 well mixed bits, made by
// the caller, seeded where the keys come from strangers.
class IndexTable {
 public:
  // `capacity` below 2^31.
  explicit IndexTable(std::size_t capacity)
      : mask_(std::bit_ceil(capacity + capacity / 3 + 2) - 1), cells_(mask_ + 1) {}

  // Starts the memory access of a later find(hash).
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&cells_[hash & mask_]); }
  // The first index that find(hash) would ask about, which is nearly always the one it is after;
  // or kNoIndex. Looks at nothing but cells.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const {
    return find(hash, [](std::uint32_t) { return true; });
  }

  // The index whose key `equal(index)` accepts, or kNoIndex.
  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t i = tag & mask_; cells_[i].index != kNoIndex; i = (i + 1) & mask_) {
      if (cells_[i].tag == tag && equal(cells_[i].index)) return cells_[i].index;
    }
    return kNoIndex;
  }

  // At most `capacity` indices at a time, none twice.
  void insert(std::uint64_t hash, std::uint32_t index) {
    const auto tag = static_cast<std::uint32_t>(hash);
    std::size_t i = tag & mask_;
    while (cells_[i].index != kNoIndex) i = (i + 1) & mask_;
    cells_[i] = {tag, index};
  }

  // `hash`: the one that the index was inserted with.
  void erase(std::uint64_t hash, std::uint32_t index) {
    std::size_t gap = static_cast<std::uint32_t>(hash) & mask_;
    while (cells_[gap].index != index) {
      assert(cells_[gap].index != kNoIndex);
      gap = (gap + 1) & mask_;
    }
    // Close the gap: move back each follower whose home is not after the gap.
    for (std::size_t i = (gap + 1) & mask_; cells_[i].index != kNoIndex; i = (i + 1) & mask_) {
      const std::size_t home = cells_[i].tag & mask_;
      if (((i - home) & mask_) >= ((i - gap) & mask_)) {
        cells_[gap] = cells_[i];
        gap = i;
      }
    }
    cells_[gap] = {};
  }

  [[nodiscard]] std::size_t memory_bytes() const { return cells_.size() * sizeof cells_[0]; }

 private:
  struct Cell {
    std::uint32_t tag = 0;  // the low bits of the hash; its lowest are the home
    std::uint32_t index = kNoIndex;
  };

  std::size_t mask_;
  HugeVector<Cell> cells_;
};

}  // namespace reveille
