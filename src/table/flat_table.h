// A hash table of fixed capacity in one stretch of memory: open addressing, linear probing,
// backward-shift deletion (no tombstones, so it does not decay). Owned by one thread.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "table/huge_vector.h"

namespace reveille {

// `Hash`: a stateless function object from Key to a well mixed 64-bit number.
// All memory is taken at construction; insert fails when `capacity` entries are in use.
template <class Key, class Value, class Hash>
class FlatTable {
 public:
  explicit FlatTable(std::size_t capacity)
      : capacity_(capacity),
        mask_(std::bit_ceil(capacity + capacity / 3 + 2) - 1),
        cells_(mask_ + 1) {
    static_assert(std::is_nothrow_move_assignable_v<Value>);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool full() const { return size_ == capacity_; }

  // Starts the memory access of a later find(key).
  void prefetch(const Key& key) const { __builtin_prefetch(&cells_[Hash{}(key)&mask_]); }

  [[nodiscard]] Value* find(const Key& key) {
    for (std::size_t i = Hash{}(key)&mask_; cells_[i].used; i = (i + 1) & mask_) {
      if (cells_[i].key == key) return &cells_[i].value;
    }
    return nullptr;
  }
  [[nodiscard]] const Value* find(const Key& key) const {
    return const_cast<FlatTable*>(this)->find(key);
  }

  // The value of `key`, inserted as `initial` if it was not there; nullptr when full. Pointers
  // are valid until the next insert or erase.
  struct Place {
    Value* value;
    bool inserted;
  };
  Place insert(const Key& key, Value initial) {
    std::size_t i = Hash{}(key)&mask_;
    for (; cells_[i].used; i = (i + 1) & mask_) {
      if (cells_[i].key == key) return {&cells_[i].value, false};
    }
    if (full()) return {nullptr, false};
    cells_[i].key = key;
    cells_[i].value = std::move(initial);
    cells_[i].used = true;
    ++size_;
    return {&cells_[i].value, true};
  }

  bool erase(const Key& key) {
    std::size_t i = Hash{}(key)&mask_;
    for (;; i = (i + 1) & mask_) {
      if (!cells_[i].used) return false;
      if (cells_[i].key == key) break;
    }
    // Close the gap: move back each follower whose home is not after the gap.
    std::size_t gap = i;
    for (std::size_t j = (gap + 1) & mask_; cells_[j].used; j = (j + 1) & mask_) {
      const std::size_t home = Hash{}(cells_[j].key) & mask_;
      if (((j - home) & mask_) >= ((j - gap) & mask_)) {
        cells_[gap] = std::move(cells_[j]);
        gap = j;
      }
    }
    cells_[gap].used = false;
    cells_[gap].value = Value{};
    --size_;
    return true;
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Cell& cell : cells_) {
      if (cell.used) visit(cell.key, cell.value);
    }
  }

 private:
  struct Cell {
    Key key{};
    Value value{};
    bool used = false;
  };

  std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t mask_;
  HugeVector<Cell> cells_;
};

}  // namespace reveille
