#include "dhcp/address_plan.h"

#include <algorithm>
#include <utility>

namespace reveille {
namespace {

// Disjoint and in order.
std::vector<PlannedRange> settled(std::vector<PlannedRange> ranges) {
  std::ranges::stable_sort(ranges, {}, &PlannedRange::first);
  std::vector<PlannedRange> disjoint;
  std::uint64_t next = 0;  // addresses below it are taken
  for (PlannedRange range : ranges) {
    if (range.last.value < next) continue;
    range.first.value = std::max(range.first.value, static_cast<std::uint32_t>(next));
    next = std::uint64_t{range.last.value} + 1;
    disjoint.push_back(range);
  }
  return disjoint;
}

}  // namespace

AddressPlan::AddressPlan(std::vector<PlannedRange> known) : known_(settled(std::move(known))) {}

AddressPlan AddressPlan::knowing(std::span<const Ipv4Address> recorded) const {
  AddressPlan next = *this;
  for (const Ipv4Address address : recorded) {
    next.known_.push_back({address, address, kOnRecord});
  }
  if (!recorded.empty()) next.known_ = settled(std::move(next.known_));
  return next;
}

// Up to, but without, `end`.
bool AddressPlan::add(std::uint64_t first, std::uint64_t end, std::uint16_t subnet) {
  if (first == end) return true;
  added_ += end - first;
  additions_.push_back({Ipv4Address{static_cast<std::uint32_t>(first)},
                        Ipv4Address{static_cast<std::uint32_t>(end - 1)}, subnet});
  return added_ <= kSpareAddresses;
}

tl::expected<AddressPlan, std::string> AddressPlan::with(std::vector<PlannedRange> wanted) const {
  std::ranges::sort(wanted, {}, &PlannedRange::first);
  AddressPlan next = *this;
  next.on_record_ = 0;
  auto known = known_.begin();
  for (const PlannedRange& range : wanted) {
    std::uint64_t from = range.first.value;
    const std::uint64_t end = std::uint64_t{range.last.value} + 1;
    while (from < end) {
      while (known != known_.end() && known->last.value < from) ++known;
      const std::uint64_t gap_end =
          known == known_.end() ? end : std::clamp<std::uint64_t>(known->first.value, from, end);
      if (!next.add(from, gap_end, range.subnet)) {
        return tl::unexpected("reloads add at most " + std::to_string(kSpareAddresses) +
                              " addresses to those of the start");
      }
      from = gap_end;
      if (from == end) break;
      if (known->subnet != range.subnet && known->subnet != kOnRecord) {
        return tl::unexpected(Ipv4Address{static_cast<std::uint32_t>(from)}.text() +
                              " was of another [[subnet]]");
      }
      const std::uint64_t known_end = std::min(std::uint64_t{known->last.value} + 1, end);
      if (known->subnet == kOnRecord) next.on_record_ += known_end - from;
      from = known_end;
    }
  }
  next.known_.insert(next.known_.end(),
                     next.additions_.begin() + static_cast<std::ptrdiff_t>(additions_.size()),
                     next.additions_.end());
  next.known_ = settled(std::move(next.known_));
  return next;
}

}  // namespace reveille
