#include "control/import/imported.h"

#include <algorithm>
#include <set>
#include <utility>

#include "control/config/config_check.h"
#include "control/config/config_file.h"
#include "control/config/value_text.h"
#include "control/import/settle_pools.h"
#include "control/import/settle_rules.h"

namespace reveille {
namespace {

constexpr std::size_t kRemarkBytesMax = 200;

std::string host_text(const HostConfig& host) {
  std::string text = host.mac ? host.mac->text() : "host";
  if (host.address) text += " " + host.address->text();
  return text;
}

void settle_subnets(Imported& imported) {
  std::erase_if(imported.subnets, [&imported](const ImportedSubnet& subnet) {
    const bool good = subnet.prefix.length >= 8 && subnet.prefix.length <= 31 &&
                      unusable(subnet.prefix.network()).empty();
    if (!good) imported.remark("", subnet.prefix.text(), "not a subnet that can be served");
    return !good;
  });
  if (imported.subnets.size() > kSubnetsMax) {
    imported.subnets.resize(kSubnetsMax);
    imported.remark("", "further subnets", "there are at most " + std::to_string(kSubnetsMax));
  }
}

// The first address of the first subnet that is nobody's.
void choose_own_address(Imported& imported) {
  if (imported.subnets.empty()) return;
  const auto inside = [&imported](Ipv4Address address) {
    return std::ranges::any_of(imported.subnets, [address](const ImportedSubnet& subnet) {
      return subnet.prefix.contains(address) && unusable_in(address, subnet.prefix).empty();
    });
  };
  if (imported.own_address && inside(*imported.own_address)) return;
  std::set<Ipv4Address> taken = kept_out(imported);
  for (const ImportedHost& host : imported.hosts) {
    if (host.config.address) taken.insert(*host.config.address);
  }
  const ImportedSubnet& subnet = imported.subnets.front();
  const std::uint64_t end = subnet.prefix.directed_broadcast().value;
  for (std::uint64_t value = subnet.prefix.network().value + std::uint64_t{1}; value < end;
       ++value) {
    const Ipv4Address address{static_cast<std::uint32_t>(value)};
    const PoolConfig* const range = range_with(subnet, address);
    if (range != nullptr) value = range->last.value;
    if (range != nullptr || taken.contains(address)) continue;
    imported.own_address = address;
    return imported.remark("", "address = " + address.text(),
                           "chosen because it is free here: set reveille's own address");
  }
  imported.own_address.reset();
}

// As clients ask for it, or empty when no client could.
void settle_file(std::string& file, Imported& imported) {
  if (file.empty() || file.find("://") != std::string::npos) return;
  const std::string absolute = "/" + file;
  const std::string& root = imported.root;
  if (!root.empty() && absolute.starts_with(root + "/")) file = absolute.substr(root.size() + 1);
  constexpr std::size_t kFileMax = 255;
  if (file.size() <= kFileMax && file.find("..") == std::string::npos) return;
  imported.remark("", file, "not a file of the image folder");
  file.clear();
}

void settle_scope(ImportedScope& scope, Imported& imported) {
  settle_file(scope.boot_file, imported);
  if (!scope.domain_name.empty() && !is_domain_name(scope.domain_name)) {
    imported.remark("", scope.domain_name, "not a domain name");
    scope.domain_name.clear();
  }
  for (auto* const list : {&scope.routers, &scope.dns_servers}) {
    std::erase_if(*list, [](Ipv4Address one) { return !unusable(one).empty(); });
  }
}

void settle_files(Imported& imported) {
  while (imported.root.size() > 1 && imported.root.ends_with('/')) imported.root.pop_back();
  settle_scope(imported.global, imported);
  for (ImportedSubnet& subnet : imported.subnets) settle_scope(subnet.scope, imported);
  for (ImportedHost& host : imported.hosts) settle_file(host.config.boot_file, imported);
  for (ImportedRule& rule : imported.rules) settle_file(rule.boot_file, imported);
  for (auto& [code, file] : imported.files) settle_file(file, imported);
  std::erase_if(imported.files, [](const auto& entry) { return entry.second.empty(); });
}

void settle_hosts(Imported& imported) {
  std::set<MacAddress> macs;
  std::set<Ipv4Address> addresses;
  std::set<std::string> client_ids;
  std::vector<ImportedHost> good;
  for (ImportedHost& one : imported.hosts) {
    HostConfig& host = one.config;
    const auto inside = [&host](const ImportedSubnet& subnet) {
      return subnet.prefix.contains(*host.address) &&
             unusable_in(*host.address, subnet.prefix).empty();
    };
    if (host.mac &&
        (host.mac->is_group() || host.mac->is_zero() || !macs.insert(*host.mac).second)) {
      imported.remark("", host_text(host), "not a MAC address of this host alone");
      continue;
    }
    if (host.client_id.size() > 255 ||
        (!host.client_id.empty() &&
         !client_ids.insert({host.client_id.begin(), host.client_id.end()}).second)) {
      imported.remark("", host_text(host), "not a client-id of this host alone");
      host.client_id.clear();
      if (!host.mac) continue;
    }
    if (host.address &&
        (std::ranges::none_of(imported.subnets, inside) || host.address == imported.own_address ||
         !addresses.insert(*host.address).second)) {
      imported.remark("", host_text(host), "the address is in no subnet, or is taken");
      host.address.reset();
    }
    if (!host.host_name.empty() && !is_domain_name(host.host_name)) {
      imported.remark("", host.host_name, "not a host name");
      host.host_name.clear();
    }
    if (good.size() < kHostsMax) good.push_back(std::move(one));
  }
  imported.hosts = std::move(good);
}

}  // namespace

bool ImportedScope::suits_rules() const {
  return routers.empty() && dns_servers.empty() && domain_name.empty();
}

ImportedScope ImportedScope::part_for_rules() const {
  ImportedScope part;
  part.boot_file = boot_file;
  part.next_server = next_server;
  part.lease_time = lease_time;
  part.options = options;
  return part;
}

void ImportedScope::inherit(const ImportedScope& from) {
  if (routers.empty()) routers = from.routers;
  if (dns_servers.empty()) dns_servers = from.dns_servers;
  if (domain_name.empty()) domain_name = from.domain_name;
  if (!lease_time) lease_time = from.lease_time;
  if (boot_file.empty()) boot_file = from.boot_file;
  if (!next_server) next_server = from.next_server;
  options.insert(from.options.begin(), from.options.end());
}

void Imported::remark(std::string place, std::string_view text, std::string why) {
  if (remarks.size() == kRemarksMax) return;
  remarks.push_back(
      {std::move(place), std::string(text.substr(0, kRemarkBytesMax)), std::move(why)});
}

ImportedSubnet& Imported::subnet(const Ipv4Prefix& prefix) {
  const auto found = std::ranges::find(subnets, prefix, &ImportedSubnet::prefix);
  if (found != subnets.end()) return *found;
  subnets.push_back({.scope = {}, .prefix = prefix, .pools = {}, .restricted = {}, .relays = {}});
  return subnets.back();
}

ImportedRule Imported::rule_of(ImportedRule rule, const ImportedScope& gives,
                               const std::string& place) {
  if (!gives.suits_rules()) {
    remark(place, rule.name, "routers, dns and domain are the same for all clients of a subnet");
  }
  rule.boot_file = gives.boot_file;
  rule.next_server = gives.next_server;
  rule.lease_time = gives.lease_time;
  rule.options = gives.options;
  if (rule.options.size() > kRuleOptionsMax) {
    remark(place, rule.name, "more options than one rule can have");
    rule.options.clear();
  }
  return rule;
}

ImportedRule take_rule(ImportedScope& scope, std::span<const Ipv4Prefix> prefixes) {
  ImportedRule rule{.name = prefixes.empty() ? "" : prefixes.front().text(),
                    .when = in_subnets(prefixes)};
  rule.boot_file = std::exchange(scope.boot_file, {});
  rule.next_server = std::exchange(scope.next_server, {});
  return rule;
}

void settle(Imported& imported) {
  settle_subnets(imported);
  settle_files(imported);
  choose_own_address(imported);
  settle_pools(imported);
  settle_hosts(imported);
  settle_rules(imported);
  if (imported.mode == DhcpMode::server) {
    const bool leases =
        std::ranges::any_of(imported.subnets, [](const auto& one) { return !one.pools.empty(); });
    const bool reserves = std::ranges::any_of(
        imported.hosts, [](const auto& one) { return one.config.address.has_value(); });
    if (!leases && !reserves && imported.pools.empty())
      imported.remark("", "", "there is no address to hand out");
  }
}

}  // namespace reveille
