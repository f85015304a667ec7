#include "dhcp/address_groups.h"

#include <algorithm>

namespace reveille {

AddressGroups::AddressGroups(std::size_t subnets, std::size_t pool_groups) : by_pool_(pool_groups) {
  groups_.reserve(subnets + pool_groups);
}

void AddressGroups::add_subnet(const std::vector<PoolConfig>& ranges) {
  groups_.push_back({static_cast<std::uint16_t>(subnets_++), kNoPool, ranges});
}

void AddressGroups::keep_numbers_of(const AddressGroups& before) {
  for (std::size_t i = before.subnets_; i < before.groups_.size(); ++i) {
    const AddressGroup& group = before.groups_[i];
    by_pool_.insert(key_of(group.subnet, group.pool), static_cast<std::uint16_t>(groups_.size()));
    groups_.push_back({group.subnet, group.pool, {}});
  }
}

void AddressGroups::add_range(std::uint16_t subnet, std::uint16_t pool, const PoolConfig& range) {
  const auto next = static_cast<std::uint16_t>(groups_.size());
  const auto [group, is_new] = by_pool_.insert(key_of(subnet, pool), next);
  if (group == nullptr) return;
  if (is_new) groups_.push_back({subnet, pool, {}});
  groups_[*group].ranges.push_back(range);
  placed_.push_back({range, *group});
}

void AddressGroups::settle() {
  // Of what is gone from a subnet nobody is lent anything there.
  for (const AddressGroup& group : groups_) {
    if (group.pool != kNoPool && group.ranges.empty()) {
      by_pool_.erase(key_of(group.subnet, group.pool));
    }
  }
  std::ranges::sort(placed_, {}, [](const Placed& one) { return one.range.first; });
}

std::uint16_t AddressGroups::at(Ipv4Address address) const {
  const auto after = std::ranges::upper_bound(placed_, address, {},
                                              [](const Placed& one) { return one.range.first; });
  if (after == placed_.begin() || address > std::prev(after)->range.last) return kNoGroup;
  return std::prev(after)->group;
}

}  // namespace reveille
