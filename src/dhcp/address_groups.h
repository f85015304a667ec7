// Who is lent which addresses: a group is what one kind of machine gets on one link.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <reveille/config.h>

#include "policy/boot_plan.h"
#include "table/flat_table.h"
#include "table/mix.h"

namespace reveille {

inline constexpr std::uint16_t kNoGroup = 0xffff;

// What one subnet has of one pool. Lines of free addresses, their stock and their probes, and the
// limits against hostile clients are the group's: no pool can take from another.
struct AddressGroup {
  std::uint16_t subnet = 0;
  std::uint16_t pool = kNoPool;  // the place of the [[pool]]; kNoPool: the subnet's own, for all
                                 // machines whose rule names none
  std::vector<PoolConfig> ranges;

  [[nodiscard]] bool contains(Ipv4Address address) const {
    return std::ranges::any_of(ranges, [address](const PoolConfig& range) {
      return range.first <= address && address <= range.last;
    });
  }
};

// All groups of a configuration. Those of the subnets themselves come first, under the subnets'
// own numbers; the same subnets, pools and ranges in the same order give the same numbers, and a
// reload keeps those that there were. Built by control, immutable afterwards. Each lookup costs the
// same however many pools there are, but for a bisection in at().
class AddressGroups {
 public:
  // Control refuses a configuration with more.
  static constexpr std::size_t kPoolsMax = 4095;
  static constexpr std::size_t kPoolGroupsMax = 8192;

  // Room for so many groups of pools, beside the subnets' own; further ones are left out.
  AddressGroups(std::size_t subnets, std::size_t pool_groups);
  // First all of the subnets, in their order; then what an earlier configuration of those subnets
  // had, if there was one; then ranges of pools, each inside its subnet.
  void add_subnet(const std::vector<PoolConfig>& ranges);
  void keep_numbers_of(const AddressGroups& before);
  void add_range(std::uint16_t subnet, std::uint16_t pool, const PoolConfig& range);
  // Once, after everything is added and before at() is asked.
  void settle();

  [[nodiscard]] const std::vector<AddressGroup>& all() const { return groups_; }
  // What a subnet has of a pool; kNoGroup: nothing.
  [[nodiscard]] std::uint16_t find(std::uint16_t subnet, std::uint16_t pool) const {
    if (pool == kNoPool) return subnet;
    const std::uint16_t* const group = by_pool_.find(key_of(subnet, pool));
    return group == nullptr ? kNoGroup : *group;
  }
  // The group of a pool that has the address; kNoGroup: no pool has it.
  [[nodiscard]] std::uint16_t at(Ipv4Address address) const;

 private:
  struct Hash {
    std::uint64_t operator()(std::uint32_t key) const { return mix(key); }
  };
  struct Placed {
    PoolConfig range;
    std::uint16_t group;
  };
  static std::uint32_t key_of(std::uint16_t subnet, std::uint16_t pool) {
    return std::uint32_t{subnet} << 16 | pool;
  }

  std::vector<AddressGroup> groups_;
  std::size_t subnets_ = 0;
  FlatTable<std::uint32_t, std::uint16_t, Hash> by_pool_;
  std::vector<Placed> placed_;  // of pools, by their first address
};

}  // namespace reveille
