#include "control/import/settle_pools.h"

#include <algorithm>

#include "control/config/config_file.h"
#include "control/config/value_text.h"
#include "dhcp/address_groups.h"

namespace reveille {
namespace {

// One range in pieces around those addresses, without the network's own and its broadcast.
std::vector<PoolConfig> pieces(PoolConfig range, const Ipv4Prefix& prefix,
                               const std::set<Ipv4Address>& out) {
  range.first = std::max(range.first, Ipv4Address{prefix.network().value + 1});
  range.last = std::min(range.last, Ipv4Address{prefix.directed_broadcast().value - 1});
  std::vector<PoolConfig> all;
  Ipv4Address begin = range.first;
  for (auto hole = out.lower_bound(range.first); hole != out.end() && *hole <= range.last; ++hole) {
    if (begin < *hole) all.push_back({begin, Ipv4Address{hole->value - 1}});
    begin = Ipv4Address{hole->value + 1};
  }
  if (begin <= range.last) all.push_back({begin, range.last});
  return all;
}

// The ranges of one subnet, each address once.
class Ranges {
 public:
  Ranges(const Ipv4Prefix& prefix, Imported& to) : prefix_(prefix), to_(to) {}

  // False, and a remark: some of it is not of this subnet, or in a range that came before.
  bool take(const PoolConfig& range) {
    const bool inside = prefix_.contains(range.first) && prefix_.contains(range.last);
    const auto next = taken_.lower_bound(range.first);
    const bool fresh = next == taken_.end() || next->second > range.last;
    const bool good = inside && range.first <= range.last && fresh && taken_.size() < kRangesMax;
    if (good) taken_.emplace(range.last, range.first);
    if (!good) to_.remark("", pool_text(range), "not a pool of " + prefix_.text() + " alone");
    return good;
  }

 private:
  Ipv4Prefix prefix_;
  Imported& to_;
  std::map<Ipv4Address, Ipv4Address> taken_;  // the last address of each, then its first
};

// The pool of that name and lease time; nullptr: there are too many.
ImportedPool* pool_for(const ImportedPool& range, Imported& to) {
  constexpr std::size_t kNameMax = 200;
  std::string name = range.name.substr(0, kNameMax);
  auto found = std::ranges::find(to.pools, name, &ImportedPool::name);
  if (found != to.pools.end() && found->lease_time != range.lease_time) {
    name += range.lease_time ? ", " + std::to_string(range.lease_time->count()) + " s"
                             : ", lease time of the subnet";
    found = std::ranges::find(to.pools, name, &ImportedPool::name);
  }
  if (found != to.pools.end()) return &*found;
  if (to.pools.size() == AddressGroups::kPoolsMax) return nullptr;
  to.pools.push_back({.name = name, .when = range.when});
  to.pools.back().lease_time = range.lease_time;
  return &to.pools.back();
}

void settle_restricted(ImportedSubnet& subnet, Ranges& ranges, const std::set<Ipv4Address>& out,
                       Imported& imported) {
  for (const ImportedPool& restricted : subnet.restricted) {
    for (const PoolConfig& range : restricted.ranges) {
      if (!ranges.take(range)) continue;
      ImportedPool* const pool = pool_for(restricted, imported);
      const auto good = pieces(range, subnet.prefix, out);
      if (pool == nullptr || pool->ranges.size() + good.size() > kRangesMax) {
        imported.remark("", pool_text(range), "more pools, or ranges of one, than there can be");
        continue;
      }
      pool->ranges.insert(pool->ranges.end(), good.begin(), good.end());
      if (std::ranges::find(pool->prefixes, subnet.prefix) != pool->prefixes.end()) continue;
      pool->prefixes.push_back(subnet.prefix);
      const auto is_for_the_same = [&](const ImportedPool& other) {
        return &other != pool && other.when.text == pool->when.text &&
               std::ranges::find(other.prefixes, subnet.prefix) != other.prefixes.end();
      };
      if (std::ranges::any_of(imported.pools, is_for_the_same)) {
        imported.remark("", pool_text(range),
                        "nobody gets these: a pool with another lease time is for the same "
                        "machines of this subnet");
      }
      if (subnet.pools.empty()) continue;
      imported.remark("", pool_text(range),
                      "machines of pool \"" + pool->name +
                          "\" could have other addresses of this subnet too; here only these");
    }
  }
  subnet.restricted.clear();
}

}  // namespace

std::set<Ipv4Address> kept_out(const Imported& imported) {
  std::set<Ipv4Address> all;
  if (imported.own_address) all.insert(*imported.own_address);
  const auto add = [&all](const ImportedScope& scope) {
    if (scope.next_server) all.insert(*scope.next_server);
    all.insert(scope.routers.begin(), scope.routers.end());
    all.insert(scope.dns_servers.begin(), scope.dns_servers.end());
  };
  add(imported.global);
  for (const ImportedSubnet& subnet : imported.subnets) add(subnet.scope);
  for (const ImportedRule& rule : imported.rules) {
    if (rule.next_server) all.insert(*rule.next_server);
  }
  for (const ImportedHost& host : imported.hosts) {
    if (host.next_server) all.insert(*host.next_server);
  }
  return all;
}

const PoolConfig* range_with(const ImportedSubnet& subnet, Ipv4Address address) {
  const auto holds = [address](const PoolConfig& range) {
    return range.first <= address && address <= range.last;
  };
  const auto open = std::ranges::find_if(subnet.pools, holds);
  if (open != subnet.pools.end()) return &*open;
  for (const ImportedPool& pool : subnet.restricted) {
    const auto found = std::ranges::find_if(pool.ranges, holds);
    if (found != pool.ranges.end()) return &*found;
  }
  return nullptr;
}

void settle_pools(Imported& imported) {
  const std::set<Ipv4Address> out = kept_out(imported);
  for (ImportedSubnet& subnet : imported.subnets) {
    Ranges ranges(subnet.prefix, imported);
    std::vector<PoolConfig> good;
    std::ranges::sort(subnet.pools, {}, &PoolConfig::first);
    for (const PoolConfig& pool : subnet.pools) {
      if (!ranges.take(pool)) continue;
      for (const PoolConfig& piece : pieces(pool, subnet.prefix, out)) good.push_back(piece);
    }
    if (good.size() > kRangesMax) {
      good.resize(kRangesMax);
      imported.remark("", subnet.prefix.text(), "further pools: a subnet has so many at most");
    }
    subnet.pools = std::move(good);
    settle_restricted(subnet, ranges, out, imported);
  }
}

}  // namespace reveille
