#include "dhcp/subnets.h"

#include <algorithm>
#include <bitset>

namespace reveille {
namespace {

std::uint64_t network_key(std::uint8_t length, Ipv4Address network) {
  return (std::uint64_t{length} << 32) | network.value;
}

std::uint32_t lease_seconds_of(const SubnetConfig& subnet, const Config& config) {
  const auto seconds = subnet.lease_time.value_or(config.dhcp.lease_time).count();
  return static_cast<std::uint32_t>(std::clamp<decltype(seconds)>(seconds, 1, kForEver));
}

std::size_t count_relays(const Config& config) {
  std::size_t count = 0;
  for (const SubnetConfig& subnet : config.subnets) count += subnet.relays.size();
  return count;
}

std::size_t count_ranges(const Config& config) {
  std::size_t count = 0;
  for (const NamedPoolConfig& pool : config.pools) count += pool.ranges.size();
  return count;
}

std::size_t room_for_groups(const Config& config, const AddressGroups* before) {
  const std::size_t ranges = count_ranges(config);
  if (before == nullptr) return std::min(ranges, AddressGroups::kPoolGroupsMax);
  return std::min(ranges + before->all().size(),
                  AddressGroups::kPoolGroupsMax + AddressPlan::kSpareGroups);
}

std::size_t count_servers(const Config& config) {
  std::size_t count = count_relays(config) + 1;
  for (const InterfaceConfig& interface : config.interfaces) count += 1 + interface.vlans.size();
  for (const SubnetConfig& subnet : config.subnets) {
    count += subnet.routers.size() + subnet.dns_servers.size();
  }
  return count;
}

bool before(Bytes a, Bytes b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

std::uint64_t Subnets::count_addresses(const Config& config) {
  std::uint64_t count = 0;
  const auto add = [&count](const std::vector<PoolConfig>& ranges) {
    for (const PoolConfig& range : ranges) {
      if (range.first <= range.last) {
        count += std::uint64_t{range.last.value} - range.first.value + 1;
      }
    }
  };
  for (const SubnetConfig& subnet : config.subnets) add(subnet.pools);
  for (const NamedPoolConfig& pool : config.pools) add(pool.ranges);
  return count;
}

Subnets::Subnets(const Config& config, std::span<const LeaseChange> stored)
    : Subnets(config, nullptr) {
  std::vector<PlannedRange> known = lent();
  const auto know = [&](Ipv4Address address) {
    const Subnet* const subnet = leasing(address);
    const std::uint16_t index = subnet == nullptr ? AddressPlan::kOnRecord : subnet->index;
    known.push_back({address, address, index});
  };
  for (const HostConfig& host : hosts_) {
    if (host.address) know(*host.address);
  }
  std::ranges::for_each(given_by_rules_, know);
  for (const LeaseChange& change : stored) know(change.address);
  plan_ = AddressPlan(std::move(known));
  groups_max_ = groups().size() + AddressPlan::kSpareGroups;
}

tl::expected<std::shared_ptr<const Subnets>, std::string> Subnets::after(
    const Subnets& before, const Config& config, std::span<const Ipv4Address> recorded) {
  const std::shared_ptr<Subnets> next(new Subnets(config, &before.groups_));
  next->groups_max_ = before.groups_max_;
  if (next->groups().size() > next->groups_max_) {
    return tl::unexpected("reloads add pools to at most " +
                          std::to_string(AddressPlan::kSpareGroups) +
                          " subnets, counted for each pool");
  }
  auto plan = before.plan_.knowing(recorded).with(next->lent());
  if (!plan) return tl::unexpected(std::move(plan.error()));
  next->plan_ = std::move(*plan);
  return next;
}

// What the pools have, usable or not: what is set aside for a router today may be lent tomorrow.
std::vector<PlannedRange> Subnets::lent() const {
  std::vector<PlannedRange> ranges;
  for (const AddressGroup& group : groups()) {
    for (const PoolConfig& range : group.ranges) {
      if (range.first <= range.last) ranges.push_back({range.first, range.last, group.subnet});
    }
  }
  return ranges;
}

Subnets::Subnets(const Config& config, const AddressGroups* before)
    : groups_(config.subnets.size(), room_for_groups(config, before)),
      hosts_(config.hosts),
      by_network_(config.subnets.size()),
      by_relay_(count_relays(config)),
      reserved_(config.hosts.size() + config.rules.size()),
      set_aside_(count_servers(config)),
      host_by_mac_(config.hosts.size()),
      host_by_uuid_(config.hosts.size()) {
  const std::size_t count = std::min(config.subnets.size(), kSubnetsMax);
  subnets_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const SubnetConfig& subnet = config.subnets[i];
    subnets_.push_back({subnet, static_cast<std::uint16_t>(i), lease_seconds_of(subnet, config)});
  }
  index_subnets();
  index_groups(config, before);
  index_hosts();
  index_rules(config);
  set_aside(config);
}

void Subnets::index_subnets() {
  std::bitset<33> lengths;
  for (const Subnet& subnet : subnets_) {
    const Ipv4Prefix& prefix = subnet.config.prefix;
    lengths.set(prefix.length);
    by_network_.insert(network_key(prefix.length, prefix.network()), subnet.index);
    for (const Ipv4Address relay : subnet.config.relays) {
      by_relay_.insert(relay.value, subnet.index);
    }
  }
  for (std::uint8_t length = 33; length-- > 0;) {
    if (lengths.test(length)) lengths_.push_back(length);
  }
}

void Subnets::index_groups(const Config& config, const AddressGroups* before) {
  for (const Subnet& subnet : subnets_) groups_.add_subnet(subnet.config.pools);
  if (before != nullptr) groups_.keep_numbers_of(*before);
  const std::size_t pools = std::min(config.pools.size(), AddressGroups::kPoolsMax);
  for (std::uint16_t pool = 0; pool < pools; ++pool) {
    for (const PoolConfig& range : config.pools[pool].ranges) {
      const Subnet* const subnet = containing(range.first);
      if (subnet != nullptr) groups_.add_range(subnet->index, pool, range);
    }
  }
  groups_.settle();
}

void Subnets::index_rules(const Config& config) {
  for (const RuleConfig& rule : config.rules) {
    if (!rule.address || !reserved_.insert(rule.address->value, kRules).inserted) continue;
    given_by_rules_.push_back(*rule.address);
  }
}

void Subnets::index_hosts() {
  for (std::uint32_t i = 0; i < hosts_.size(); ++i) {
    const HostConfig& host = hosts_[i];
    if (host.address) reserved_.insert(host.address->value, i);
    if (host.mac) host_by_mac_.insert(host.mac->number(), i);
    if (host.uuid) host_by_uuid_.insert(*host.uuid, i);
    if (!host.client_id.empty()) host_by_client_id_.push_back({host.client_id, i});
  }
  std::stable_sort(host_by_client_id_.begin(), host_by_client_id_.end(),
                   [](const auto& a, const auto& b) { return before(a.client_id, b.client_id); });
}

void Subnets::set_aside(const Config& config) {
  const auto keep_out = [this](Ipv4Address address) { set_aside_.insert(address.value, true); };
  for (const InterfaceConfig& interface : config.interfaces) {
    if (interface.address) keep_out(interface.address->address);
    for (const VlanConfig& vlan : interface.vlans) keep_out(vlan.address.address);
  }
  // Such a machine may be one of ours, whose address is reserved for it.
  const auto keep_for_owner = [&](Ipv4Address address) {
    if (!is_reserved(address)) keep_out(address);
  };
  for (const SubnetConfig& subnet : config.subnets) {
    std::ranges::for_each(subnet.routers, keep_for_owner);
    std::ranges::for_each(subnet.dns_servers, keep_for_owner);
    std::ranges::for_each(subnet.relays, keep_for_owner);
  }
  if (config.boot.next_server) keep_for_owner(*config.boot.next_server);
}

const Subnet* Subnets::containing(Ipv4Address address) const {
  for (const std::uint8_t length : lengths_) {
    const Ipv4Prefix prefix{address, length};
    if (const auto* index = by_network_.find(network_key(length, prefix.network()))) {
      return &subnets_[*index];
    }
  }
  return nullptr;
}

const Subnet* Subnets::of_relay(Ipv4Address giaddr) const {
  if (const auto* index = by_relay_.find(giaddr.value)) return &subnets_[*index];
  return containing(giaddr);
}

bool Subnets::is_usable(const Subnet& subnet, Ipv4Address address) const {
  const Ipv4Prefix& prefix = subnet.config.prefix;
  if (!prefix.contains(address)) return false;
  // RFC 3021: a /31 has neither.
  if (prefix.length <= 30 &&
      (address == prefix.network() || address == prefix.directed_broadcast())) {
    return false;
  }
  if (address.is_zero() || address.is_multicast() || address.is_loopback() ||
      address == Ipv4Address::broadcast()) {
    return false;
  }
  return set_aside_.find(address.value) == nullptr;
}

const Subnet* Subnets::leasing(Ipv4Address address) const {
  const Subnet* const inner = containing(address);
  if (inner == nullptr) return nullptr;
  if (is_reserved(address)) return is_usable(*inner, address) ? inner : nullptr;
  const AddressGroup& group = groups()[group_at(*inner, address)];
  if (is_in(group, address)) return &subnets_[group.subnet];
  // A pool of a wider prefix.
  const auto found = std::find_if(subnets_.begin(), subnets_.end(), [&](const Subnet& subnet) {
    return is_in(groups()[subnet.index], address);
  });
  return found == subnets_.end() ? nullptr : &*found;
}

const HostConfig* Subnets::host(const MacAddress* mac, const Uuid* uuid, Bytes client_id) const {
  if (mac != nullptr) {
    if (const auto* host = host_by_mac_.find(mac->number())) return &hosts_[*host];
  }
  if (uuid != nullptr) {
    if (const auto* host = host_by_uuid_.find(*uuid)) return &hosts_[*host];
  }
  if (client_id.empty()) return nullptr;
  if (const HostConfig* host = host_of_client_id(client_id)) return host;
  return client_id[0] == 0 ? host_of_client_id(client_id.subspan(1)) : nullptr;
}

const HostConfig* Subnets::host_of_client_id(Bytes client_id) const {
  const auto found =
      std::lower_bound(host_by_client_id_.begin(), host_by_client_id_.end(), client_id,
                       [](const ClientIdHost& a, Bytes b) { return before(a.client_id, b); });
  if (found == host_by_client_id_.end() || before(client_id, found->client_id)) return nullptr;
  return &hosts_[found->host];
}

std::uint32_t Subnets::count_addresses(Share share) const {
  std::uint32_t count = 0;
  for_each_address(share, [&](std::uint16_t, Ipv4Address, bool) { ++count; });
  return count;
}

}  // namespace reveille
