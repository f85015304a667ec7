// What a reload changes in a table of leases: see AddressPlan.
#include <cassert>

#include "dhcp/lease_table.h"

namespace reveille {

void LeaseTable::follow(const std::vector<AddressGroup>& groups) {
  assert(groups.size() <= groups_max());
  for (std::size_t i = subnets_.size(); i < groups.size(); ++i) {
    subnets_.push_back(groups[i].subnet);
  }
}

void LeaseTable::lay_out(std::uint16_t group, Ipv4Address address, bool reserved) {
  assert(spare_ > 0);
  --spare_;
  insert(group, address, reserved, 0);
}

void LeaseTable::regroup(std::uint32_t lease, std::uint16_t group) {
  Lease& record = leases_[lease];
  assert(subnet_of(group) == subnet_of(record.group));
  // All other lines are everybody's.
  const bool is_lined_up = record.state == LeaseState::free || record.state == LeaseState::offered;
  count(record, -1U);
  --counts_[record.group].addresses;
  if (is_lined_up) lists_.unlink(lease);
  record.group = group;
  ++counts_[record.group].addresses;
  count(record, 1);
  if (is_lined_up) line_up(lease);
}

}  // namespace reveille
