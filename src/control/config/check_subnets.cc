#include <algorithm>
#include <map>

#include "control/config/config_check.h"
#include "control/config/value_text.h"

namespace reveille {
namespace {

bool is_given(const Ipv4Prefix& prefix) {
  return prefix != Ipv4Prefix{};
}

void check_prefix(const SubnetConfig& subnet, const std::string& path, const Origins& origins,
                  Problems& problems) {
  const Ipv4Prefix& prefix = subnet.prefix;
  if (!origins.has(path + ".prefix")) {
    problems.error(origins.of(path), "a subnet needs its `prefix`");
    return;
  }
  if (!is_given(prefix)) return;
  const Origin origin = origins.of(path + ".prefix");
  if (prefix.length < 8 || prefix.length > 31) {
    problems.error(origin, "prefix " + prefix.text() + " needs a length of 8 to 31");
  } else if (prefix.address != prefix.network()) {
    problems.error(origin, "prefix " + prefix.text() + " has bits beyond its length; write " +
                               Ipv4Prefix{prefix.network(), prefix.length}.text());
  } else if (const auto why = unusable(Ipv4Address{prefix.address.value + 1}); !why.empty()) {
    problems.error(origin,
                   "prefix " + prefix.text() + " holds no usable address: it " + std::string(why));
  }
}

void check_disjoint(const Config& config, const Origins& origins, Problems& problems) {
  // By first address: a prefix that overlaps an earlier one overlaps the widest of these.
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < config.subnets.size(); ++i) {
    if (is_given(config.subnets[i].prefix)) order.push_back(i);
  }
  const auto first = [&](std::size_t i) { return config.subnets[i].prefix.network().value; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return first(a) < first(b); });
  const Ipv4Prefix* widest = nullptr;
  for (const std::size_t i : order) {
    const Ipv4Prefix& prefix = config.subnets[i].prefix;
    const bool overlaps = widest != nullptr && prefix.network() <= widest->directed_broadcast();
    if (overlaps) {
      problems.error(origins.of(element("subnet", i) + ".prefix"),
                     "subnet " + prefix.text() + " overlaps subnet " + widest->text());
    }
    if (!overlaps || prefix.directed_broadcast() > widest->directed_broadcast()) widest = &prefix;
  }
}

void check_lists(const SubnetConfig& subnet, const std::string& path, const Origins& origins,
                 Problems& problems) {
  const auto check = [&](const std::vector<Ipv4Address>& list, const std::string& key,
                         const std::string& what) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Origin origin = origins.of(element(path + key, i));
      if (const auto why = unusable_in(list[i], subnet.prefix); !why.empty()) {
        problems.error(origin, what + " " + list[i].text() + " " + std::string(why));
      }
    }
  };
  check(subnet.routers, ".routers", "router");
  check(subnet.dns_servers, ".dns", "DNS server");
  check(subnet.relays, ".relays", "relay");
  for (std::size_t i = 0; i < subnet.routers.size(); ++i) {
    if (is_given(subnet.prefix) && !subnet.prefix.contains(subnet.routers[i])) {
      problems.error(origins.of(path + element(".routers", i)),
                     "router " + subnet.routers[i].text() + " is not inside its subnet " +
                         subnet.prefix.text() + "; clients could not reach it");
    }
  }
  if (!subnet.domain_name.empty() && !is_domain_name(subnet.domain_name)) {
    problems.error(origins.of(path + ".domain"),
                   in_quotes(subnet.domain_name) + " is not a domain name");
  }
  std::size_t octets = 0;
  for (const DhcpOptionConfig& option : subnet.options) octets += option.value.size() + 2;
  constexpr std::size_t kOptionsTogetherMax = 1024;
  if (octets > kOptionsTogetherMax) {
    problems.error(origins.of(path + ".options"), "the options take " + std::to_string(octets) +
                                                      " octets; no client accepts more than " +
                                                      std::to_string(kOptionsTogetherMax));
  }
}

void check_relays(const Config& config, const Origins& origins, Problems& problems) {
  const std::vector<OwnAddress> own = own_addresses(config);
  std::map<Ipv4Address, std::size_t> subnet_of;
  for (std::size_t i = 0; i < config.subnets.size(); ++i) {
    const SubnetConfig& subnet = config.subnets[i];
    for (std::size_t j = 0; j < subnet.relays.size(); ++j) {
      const Ipv4Address relay = subnet.relays[j];
      const Origin origin = origins.of(element(element("subnet", i) + ".relays", j));
      const bool ours = std::any_of(own.begin(), own.end(), [relay](const OwnAddress& one) {
        return one.address.address == relay;
      });
      if (ours) problems.error(origin, "relay " + relay.text() + " is the server's own address");
      const auto [other, is_new] = subnet_of.emplace(relay, i);
      if (!is_new) {
        problems.error(origin, "relay " + relay.text() + " belongs to subnet " +
                                   config.subnets[other->second].prefix.text() + " already");
      }
    }
  }
}

// Does the configuration hand out addresses exactly where it should?
void check_served(const Config& config, const Origins& origins, Problems& problems) {
  const auto has_pools = [&](std::size_t i) {
    return !config.subnets[i].pools.empty() || origins.has(element("subnet", i) + ".pools");
  };
  if (config.dhcp.mode != DhcpMode::server) {
    for (std::size_t i = 0; i < config.subnets.size(); ++i) {
      if (config.subnets[i].pools.empty()) continue;
      problems.warning(origins.of(element("subnet", i) + ".pools"),
                       "these pools are not used: `mode` in [dhcp] is not \"server\"");
    }
    return;
  }
  bool any = !config.hosts.empty() || origins.has(kPoolsGiven) || origins.has("pool") ||
             std::ranges::any_of(config.rules,
                                 [](const RuleConfig& rule) { return rule.address.has_value(); });
  for (std::size_t i = 0; i < config.subnets.size(); ++i) any = any || has_pools(i);
  if (!any) {
    problems.error(origins.of("subnet"),
                   "no address to hand out: add a [[subnet]] with `pools`, or give --pool; or boot "
                   "clients beside another DHCP server with mode = \"proxy\" or --proxy");
    return;
  }
  if (origins.has(kPoolsGiven) && config.subnets.empty()) return;  // said already
  for (const OwnAddress& own : own_addresses(config)) {
    if (!is_given(own.address) || !unusable(own.address.address).empty()) continue;
    const auto holds = [&](const SubnetConfig& subnet) {
      return !is_given(subnet.prefix) || subnet.prefix.contains(own.address.address);
    };
    if (std::none_of(config.subnets.begin(), config.subnets.end(), holds)) {
      problems.warning(origins.of(own.path), "no [[subnet]] contains " +
                                                 own.address.address.text() + ": clients on " +
                                                 own.interface + " will get no address");
    }
  }
}

}  // namespace

void check_subnets(const Config& config, const Origins& origins, Problems& problems) {
  for (std::size_t i = 0; i < config.subnets.size(); ++i) {
    const SubnetConfig& subnet = config.subnets[i];
    const std::string path = element("subnet", i);
    check_prefix(subnet, path, origins, problems);
    check_lists(subnet, path, origins, problems);
    check_boot_file(subnet.boot_file, "boot_file", config, origins.of(path + ".boot_file"),
                    problems);
  }
  check_disjoint(config, origins, problems);
  check_relays(config, origins, problems);
  check_served(config, origins, problems);
}

}  // namespace reveille
