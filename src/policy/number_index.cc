#include "policy/number_index.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "packet/share.h"

namespace reveille {

bool NumberIndex::build(std::span<const Entry> entries) {
  *this = {};
  std::vector<Entry> points;
  std::vector<Entry> ranges;
  for (const Entry& entry : entries) {
    (entry.range.first == entry.range.last ? points : ranges).push_back(entry);
  }
  if (!build_ranges(ranges)) {
    *this = {};
    return false;
  }
  build_points(std::move(points));
  return true;
}

void NumberIndex::build_points(std::vector<Entry> points) {
  if (points.empty()) return;
  std::ranges::sort(points, {}, [](const Entry& entry) { return entry.range.first; });
  points_.resize(std::bit_ceil(points.size() * 2));
  const std::size_t mask = points_.size() - 1;
  for (std::size_t i = 0; i < points.size();) {
    const std::uint64_t number = points[i].range.first;
    const auto first = static_cast<std::uint32_t>(ids_.size());
    for (; i < points.size() && points[i].range.first == number; ++i) ids_.push_back(points[i].id);
    std::size_t at = mix(number) & mask;
    while (points_[at].count > 0) at = (at + 1) & mask;
    points_[at] = {number, first, static_cast<std::uint32_t>(ids_.size()) - first};
  }
}

// A sweep over the ends of all ranges, keeping the set of those that are open.
bool NumberIndex::build_ranges(const std::vector<Entry>& ranges) {
  if (ranges.empty()) return true;
  struct End {
    std::uint64_t at;
    std::uint32_t id;
    bool opens;
  };
  std::vector<End> ends;
  for (const Entry& entry : ranges) {
    ends.push_back({entry.range.first, entry.id, true});
    if (entry.range.last != std::numeric_limits<std::uint64_t>::max()) {
      ends.push_back({entry.range.last + 1, entry.id, false});
    }
  }
  std::ranges::sort(ends, {}, &End::at);
  std::vector<std::uint32_t> open;
  for (std::size_t i = 0; i < ends.size();) {
    const std::uint64_t at = ends[i].at;
    for (; i < ends.size() && ends[i].at == at; ++i) {
      if (ends[i].opens) {
        open.push_back(ends[i].id);
      } else {
        open.erase(std::ranges::find(open, ends[i].id));
      }
    }
    starts_.push_back(at);
    range_first_.push_back(static_cast<std::uint32_t>(range_ids_.size()));
    range_ids_.insert(range_ids_.end(), open.begin(), open.end());
    if (range_ids_.size() > kOverlapsMax) return false;
  }
  range_first_.push_back(static_cast<std::uint32_t>(range_ids_.size()));
  return true;
}

std::span<const std::uint32_t> NumberIndex::at_point(std::uint64_t number) const {
  if (points_.empty()) return {};
  const std::size_t mask = points_.size() - 1;
  for (std::size_t at = mix(number) & mask; points_[at].count > 0; at = (at + 1) & mask) {
    if (points_[at].number == number) return {&ids_[points_[at].first], points_[at].count};
  }
  return {};
}

std::span<const std::uint32_t> NumberIndex::at_range(std::uint64_t number) const {
  const auto after = std::ranges::upper_bound(starts_, number);
  if (after == starts_.begin()) return {};
  const auto i = static_cast<std::size_t>(after - starts_.begin()) - 1;
  return std::span(range_ids_).subspan(range_first_[i], range_first_[i + 1] - range_first_[i]);
}

}  // namespace reveille
