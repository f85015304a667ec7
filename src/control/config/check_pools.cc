#include <algorithm>
#include <set>
#include <unordered_map>

#include "control/config/config_check.h"
#include "control/config/value_text.h"

namespace reveille {
namespace {

bool contains(const PoolConfig& pool, Ipv4Address address) {
  return pool.first <= address && address <= pool.last;
}

std::string line_text(const Origin& origin) {
  return origin.line > 0 ? " (line " + std::to_string(origin.line) + ")" : "";
}

// One range on its own and against its subnet.
void check_range(const SubnetConfig& subnet, const PoolConfig& pool, Origin origin,
                 const std::vector<OwnAddress>& own, Problems& problems) {
  const std::string text = "pool " + pool_text(pool);
  const Ipv4Prefix& prefix = subnet.prefix;
  if (pool.first > pool.last) {
    problems.error(origin, text + " ends before it begins");
    return;
  }
  if (prefix != Ipv4Prefix{}) {
    if (!prefix.contains(pool.first) || !prefix.contains(pool.last)) {
      problems.error(origin, text + " is not inside its subnet " + prefix.text());
      return;
    }
    for (const Ipv4Address special : {prefix.network(), prefix.directed_broadcast()}) {
      if (!contains(pool, special)) continue;
      if (const auto why = unusable_in(special, prefix); !why.empty()) {
        problems.error(origin,
                       text + " contains " + special.text() + ", which " + std::string(why));
      }
    }
  }
  for (const OwnAddress& ours : own) {
    if (contains(pool, ours.address.address)) {
      problems.error(origin, text + " contains " + ours.address.address.text() +
                                 ", the server's own address on " + ours.interface);
    }
  }
  for (const Ipv4Address router : subnet.routers) {
    if (contains(pool, router)) {
      problems.error(origin, text + " contains the subnet's router " + router.text());
    }
  }
  for (const Ipv4Address server : subnet.dns_servers) {
    if (contains(pool, server)) {
      problems.error(origin, text + " contains the subnet's DNS server " + server.text());
    }
  }
}

struct PlacedPool {
  PoolConfig pool;
  std::string path;
  std::string_view name;  // empty: the subnet's own
};

std::string text_of(const PlacedPool& one) {
  return "pool " + pool_text(one.pool) + (one.name.empty() ? "" : " of " + in_quotes(one.name));
}

std::vector<PlacedPool> all_pools(const Config& config) {
  std::vector<PlacedPool> all;
  for (std::size_t i = 0; i < config.subnets.size(); ++i) {
    const auto& pools = config.subnets[i].pools;
    for (std::size_t j = 0; j < pools.size(); ++j) {
      all.push_back({pools[j], element(element("subnet", i) + ".pools", j), {}});
    }
  }
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const NamedPoolConfig& pool = config.pools[i];
    for (std::size_t j = 0; j < pool.ranges.size(); ++j) {
      all.push_back({pool.ranges[j], element(element("pool", i) + ".ranges", j), pool.name});
    }
  }
  std::erase_if(all, [](const PlacedPool& one) { return one.pool.first > one.pool.last; });
  return all;
}

void check_pools_together(const Config& config, const Origins& origins, Problems& problems) {
  std::vector<PlacedPool> all = all_pools(config);
  std::uint64_t total = 0;
  for (const PlacedPool& one : all) total += pool_size(one.pool);
  if (total > Subnets::kAddressesMax) {
    problems.error(origins.of("subnet"), "the pools hold " + count_text(total) +
                                             " addresses together; at most " +
                                             count_text(Subnets::kAddressesMax) + " are possible");
  }
  std::stable_sort(all.begin(), all.end(), [](const PlacedPool& a, const PlacedPool& b) {
    return a.pool.first < b.pool.first;
  });
  const PlacedPool* furthest = nullptr;
  for (const PlacedPool& one : all) {
    if (furthest != nullptr && one.pool.first <= furthest->pool.last) {
      problems.error(origins.of(one.path), text_of(one) + " overlaps " + text_of(*furthest));
    }
    if (furthest == nullptr || one.pool.last > furthest->pool.last) furthest = &one;
  }
}

// The subnet that a range of a [[pool]] lies in; nullptr, and said why, if it lies in none.
const SubnetConfig* subnet_of(const Config& config, const PoolConfig& range, Origin origin,
                              Problems& problems) {
  const auto& subnets = config.subnets;
  const auto holds = [](Ipv4Address address) {
    return [address](const SubnetConfig& subnet) {
      return subnet.prefix != Ipv4Prefix{} && subnet.prefix.contains(address);
    };
  };
  const auto first = std::ranges::find_if(subnets, holds(range.first));
  if (first == subnets.end()) {
    // A prefix that could not be understood may have been the one.
    if (std::ranges::find(subnets, Ipv4Prefix{}, &SubnetConfig::prefix) == subnets.end()) {
      problems.error(origin, "pool " + pool_text(range) + " is not inside any [[subnet]]");
    }
    return nullptr;
  }
  if (range.first <= range.last && !first->prefix.contains(range.last)) {
    problems.error(origin, "pool " + pool_text(range) + " reaches beyond subnet " +
                               first->prefix.text() + "; give one range for each subnet");
    return nullptr;
  }
  return &*first;
}

void check_names_of_pools(const Config& config, const Origins& origins, Problems& problems) {
  std::unordered_map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const std::string path = element("pool", i);
    const std::string& name = config.pools[i].name;
    if (!origins.has(path + ".name")) {
      problems.error(origins.of(path), "a pool needs its `name`, for rules to name it by");
    }
    if (name.empty()) continue;
    const auto [same, is_new] = first.emplace(name, i);
    if (is_new) continue;
    problems.error(origins.of(path + ".name"),
                   "another pool is called " + in_quotes(name) + " already" +
                       line_text(origins.of(element("pool", same->second))) +
                       "; one [[pool]] may have several ranges");
  }
}

void check_ranges(const Config& config, const Origins& origins, Problems& problems) {
  const std::vector<OwnAddress> own = own_addresses(config);
  for (std::size_t i = 0; i < config.subnets.size(); ++i) {
    const SubnetConfig& subnet = config.subnets[i];
    const std::string path = element("subnet", i) + ".pools";
    for (std::size_t j = 0; j < subnet.pools.size(); ++j) {
      check_range(subnet, subnet.pools[j], origins.of(element(path, j)), own, problems);
    }
  }
  std::size_t groups = 0;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const std::string path = element("pool", i) + ".ranges";
    if (!origins.has(path)) {
      problems.error(origins.of(element("pool", i)),
                     "a pool needs its `ranges`, such as [\"10.77.7.0-10.77.7.254\"]");
    }
    std::set<const SubnetConfig*> subnets;
    const auto& ranges = config.pools[i].ranges;
    for (std::size_t j = 0; j < ranges.size(); ++j) {
      const Origin origin = origins.of(element(path, j));
      const SubnetConfig* const subnet = subnet_of(config, ranges[j], origin, problems);
      if (subnet == nullptr) continue;
      subnets.insert(subnet);
      check_range(*subnet, ranges[j], origin, own, problems);
    }
    groups += subnets.size();
  }
  if (groups > AddressGroups::kPoolGroupsMax) {
    problems.error(origins.of("pool"), "the pools have ranges in " + count_text(groups) +
                                           " subnets, counted for each pool; at most " +
                                           count_text(AddressGroups::kPoolGroupsMax) +
                                           " are possible");
  }
}

void check_pool_of(const Config& config, const RuleConfig& rule, Origin origin,
                   Problems& problems) {
  if (std::ranges::find(config.pools, rule.pool, &NamedPoolConfig::name) != config.pools.end()) {
    return;
  }
  std::vector<std::string_view> names;
  for (const NamedPoolConfig& pool : config.pools) names.push_back(pool.name);
  const std::string_view meant = nearest(rule.pool, names);
  problems.error(origin, "there is no [[pool]] called " + in_quotes(rule.pool) +
                             (meant.empty() ? "; add one with this `name` and its `ranges`"
                                            : "; did you mean " + in_quotes(meant) + "?"));
}

void check_addresses_of_rules(const Config& config, const Origins& origins, Problems& problems) {
  std::unordered_map<std::uint32_t, std::size_t> host_of;
  for (std::size_t i = 0; i < config.hosts.size(); ++i) {
    if (config.hosts[i].address) host_of.emplace(config.hosts[i].address->value, i);
  }
  const std::vector<OwnAddress> own = own_addresses(config);
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    const RuleConfig& rule = config.rules[i];
    const std::string path = element("rule", i);
    if (rule.address && !rule.pool.empty()) {
      problems.error(origins.of(path + ".pool"),
                     "a rule gives an `address` or names a `pool`, not both");
    }
    if (!rule.pool.empty()) check_pool_of(config, rule, origins.of(path + ".pool"), problems);
    if (!rule.address) continue;
    const Origin origin = origins.of(path + ".address");
    check_reserved_address(config, own, *rule.address, origin, problems);
    const auto host = host_of.find(rule.address->value);
    if (host == host_of.end()) continue;
    const Origin there = origins.of(element("host", host->second) + ".address");
    problems.error(origin,
                   "address " + rule.address->text() + " is reserved by a [[host]]" +
                       (there.file.empty() ? line_text(there) : " of " + std::string(there.file)) +
                       "; leave it out there or here");
  }
}

void check_unused_pools(const Config& config, const Origins& origins, Problems& problems) {
  std::set<std::string_view> named;
  for (const RuleConfig& rule : config.rules) named.insert(rule.pool);
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const std::string& name = config.pools[i].name;
    if (name.empty() || named.contains(name)) continue;
    problems.warning(origins.of(element("pool", i) + ".name"),
                     "no rule names pool " + in_quotes(name) +
                         ": its addresses are lent to nobody; add pool = " + in_quotes(name) +
                         " to a [[rule]]");
  }
}

// Another server gives the addresses.
void warn_of_addresses(const Config& config, const Origins& origins, Problems& problems) {
  constexpr const char* kWhy = "is not used: `mode` in [dhcp] is not \"server\"";
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    problems.warning(origins.of(element("pool", i)), "this pool " + std::string(kWhy));
  }
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    const std::string path = element("rule", i);
    if (config.rules[i].address) {
      problems.warning(origins.of(path + ".address"), "this address " + std::string(kWhy));
    }
    if (!config.rules[i].pool.empty()) {
      problems.warning(origins.of(path + ".pool"), "this pool " + std::string(kWhy));
    }
  }
}

}  // namespace

void check_pools(const Config& config, const Origins& origins, Problems& problems) {
  check_ranges(config, origins, problems);
  check_pools_together(config, origins, problems);
  check_names_of_pools(config, origins, problems);
  if (config.dhcp.mode != DhcpMode::server) return warn_of_addresses(config, origins, problems);
  check_addresses_of_rules(config, origins, problems);
  check_unused_pools(config, origins, problems);
}

}  // namespace reveille
