// A hash table that holds only indices into somebody else's array: four bytes an entry and a
// half. The array holds the keys. Open addressing, linear probing, backward-shift deletion, as
// in FlatTable; use that where keys are small and nothing else refers to the entry.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reveille {

inline constexpr std::uint32_t kNoIndex = 0xffffffff;

// Owner: one thread. All memory is taken at construction. Hashes are 64 well mixed bits, made by
// the caller, seeded where the keys come from strangers.
class IndexTable {
 public:
  explicit IndexTable(std::size_t capacity)
      : mask_(std::bit_ceil(capacity + capacity / 3 + 2) - 1), cells_(mask_ + 1, kNoIndex) {}

  // Starts the memory access of a later find(hash).
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&cells_[hash & mask_]); }
  // What find(hash) looks at first, which is most often what it is after; or kNoIndex.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const { return cells_[hash & mask_]; }

  // The index whose key `equal(index)` accepts, or kNoIndex.
  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    for (std::size_t i = hash & mask_; cells_[i] != kNoIndex; i = (i + 1) & mask_) {
      if (equal(cells_[i])) return cells_[i];
    }
    return kNoIndex;
  }

  // At most `capacity` indices at a time, none twice.
  void insert(std::uint64_t hash, std::uint32_t index) {
    std::size_t i = hash & mask_;
    while (cells_[i] != kNoIndex) i = (i + 1) & mask_;
    cells_[i] = index;
  }

  // `hash_of(index)`: the hash that each entry was inserted with.
  template <class HashOf>
  void erase(std::uint32_t index, HashOf&& hash_of) {
    std::size_t gap = hash_of(index) & mask_;
    while (cells_[gap] != index) {
      assert(cells_[gap] != kNoIndex);
      gap = (gap + 1) & mask_;
    }
    // Close the gap: move back each follower whose home is not after the gap.
    for (std::size_t i = (gap + 1) & mask_; cells_[i] != kNoIndex; i = (i + 1) & mask_) {
      const std::size_t home = hash_of(cells_[i]) & mask_;
      if (((i - home) & mask_) >= ((i - gap) & mask_)) {
        cells_[gap] = cells_[i];
        gap = i;
      }
    }
    cells_[gap] = kNoIndex;
  }

  [[nodiscard]] std::size_t memory_bytes() const { return cells_.size() * sizeof cells_[0]; }

 private:
  std::size_t mask_;
  std::vector<std::uint32_t> cells_;
};

}  // namespace reveille
