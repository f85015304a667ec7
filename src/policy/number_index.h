// From a number to everybody who asked for it: single numbers by hash, ranges by bisection.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <reveille/rules.h>

namespace reveille {

// Immutable once built. A lookup costs the same for ten single numbers and for a hundred
// thousand, and the logarithm of the number of ranges.
class NumberIndex {
 public:
  // How many (range, part of another range) pairs may exist: ranges that all overlap each other
  // would need the square of their number.
  static constexpr std::size_t kOverlapsMax = std::size_t{1} << 22;

  struct Entry {
    ValueRange range;
    std::uint32_t id = 0;
  };

  NumberIndex() = default;
  // False: the ranges overlap too much; the index is then empty.
  [[nodiscard]] bool build(std::span<const Entry> entries);

  [[nodiscard]] bool empty() const { return points_.empty() && starts_.empty(); }

  // Calls visit(id) for each entry that holds `number`. An id may come twice.
  template <class Visit>
  void find(std::uint64_t number, Visit&& visit) const {
    for (const std::uint32_t id : at_point(number)) visit(id);
    for (const std::uint32_t id : at_range(number)) visit(id);
  }

 private:
  struct Cell {
    std::uint64_t number = 0;
    std::uint32_t first = 0;  // in ids_
    std::uint32_t count = 0;  // 0: the cell is free
  };

  void build_points(std::vector<Entry> points);
  bool build_ranges(const std::vector<Entry>& ranges);
  [[nodiscard]] std::span<const std::uint32_t> at_point(std::uint64_t number) const;
  [[nodiscard]] std::span<const std::uint32_t> at_range(std::uint64_t number) const;

  std::vector<Cell> points_;  // open addressing; the size is a power of two
  std::vector<std::uint32_t> ids_;
  // Between starts_[i] and the next one the same ranges hold: range_ids_ from range_first_[i] to
  // range_first_[i + 1].
  std::vector<std::uint64_t> starts_;
  std::vector<std::uint32_t> range_first_;
  std::vector<std::uint32_t> range_ids_;
};

}  // namespace reveille
