#include "control/import/settle_rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "control/config/rule_table.h"
#include "policy/candidates.h"

namespace reveille {
namespace {

constexpr std::size_t kJoinedMax = 256;
constexpr std::size_t kHostsOfRuleMax = 200;

bool names_file(const ImportedRule& rule) {
  return !rule.boot_file.empty();
}

void drop_empty(std::vector<ImportedRule>& rules) {
  std::erase_if(rules, [](const ImportedRule& rule) {
    return rule.boot_file.empty() && !rule.next_server && rule.options.empty() &&
           !rule.lease_time && !rule.ignore;
  });
}

// Takes files from the end of the list, where subnets, iPXE's script, the files by architecture
// and the default do the same. Rules that name no file hide none and may stay where they are.
class Lifting {
 public:
  explicit Lifting(Imported& to) : to_(to) {
    ipxe_has_file_ = std::ranges::any_of(
        to.rules, [](const ImportedRule& rule) { return rule.when.is_ipxe && names_file(rule); });
  }

  void run() {
    for (std::size_t i = to_.rules.size(); i-- > 0;) {
      ImportedRule& rule = to_.rules[i];
      if (!names_file(rule)) continue;
      if (!can_take(rule)) break;
      take(rule);
      rule.boot_file.clear();
      rule.next_server.reset();
    }
    to_.files.insert(files_.begin(), files_.end());
    drop_empty(to_.rules);
  }

 private:
  [[nodiscard]] bool can_take(const ImportedRule& rule) const {
    const bool other_server = rule.next_server && rule.next_server != to_.global.next_server;
    if (other_server) return false;
    const ImportedCondition& when = rule.when;
    if (!when.subnets.empty()) return true;
    if (has_subnets_) return false;
    if (when.is_ipxe) return true;
    // A file by architecture comes after iPXE's script, and is for iPXE too where it has none.
    const bool is_for_ipxe = !is_ipxe_program(rule.boot_file);
    const bool differs = when.not_ipxe ? !ipxe_has_file_ : !to_.ipxe_script.empty();
    if (is_for_ipxe && differs) return false;
    if (!when.architectures.empty()) return true;
    return files_.empty() && (when.text.empty() || when.not_ipxe);
  }

  void take(const ImportedRule& rule) {
    const ImportedCondition& when = rule.when;
    for (const Ipv4Prefix& prefix : when.subnets) {
      const auto subnet = std::ranges::find(to_.subnets, prefix, &ImportedSubnet::prefix);
      if (subnet != to_.subnets.end()) subnet->scope.boot_file = rule.boot_file;
      has_subnets_ = true;
    }
    for (const std::uint16_t one : when.architectures) files_[one] = rule.boot_file;
    if (when.is_ipxe) to_.ipxe_script = rule.boot_file;
    const bool is_default = when.subnets.empty() && when.architectures.empty() && !when.is_ipxe;
    if (is_default) to_.global.boot_file = rule.boot_file;
  }

  Imported& to_;
  std::map<std::uint16_t, std::string> files_;
  bool ipxe_has_file_ = false;
  bool has_subnets_ = false;
};

// One of these machines; nullopt: they are too many for one condition.
std::optional<ImportedCondition> condition_of(std::span<const ImportedHost* const> hosts) {
  std::vector<ImportedCondition> parts;
  std::string macs;
  unsigned count = 0;
  for (const ImportedHost* host : hosts) {
    const HostConfig& config = host->config;
    if (config.mac) macs += (++count > 1 ? ", \"" : "\"") + config.mac->text() + "\"";
    if (config.client_id.empty()) continue;
    constexpr std::uint8_t kClientId = 61;
    parts.push_back(option_is(kClientId, {reinterpret_cast<const char*>(config.client_id.data()),
                                          config.client_id.size()}));
  }
  if (count > 1) macs = "[" + macs + "]";
  if (count > 0) parts.insert(parts.begin(), {"{ mac = " + macs + " }"});
  return combined("any", parts);
}

// Rules for hosts: they all get the same. In the order of the hosts.
class HostRules {
 public:
  // `all`: also for hosts that give no more than their file.
  HostRules(const Imported& imported, bool all) {
    for (const ImportedHost& host : imported.hosts) {
      const bool other_server = host.next_server && host.next_server != imported.global.next_server;
      const bool has_more = other_server || !host.options.empty() || host.lease_time;
      if (has_more || (all && !host.config.boot_file.empty())) add(host);
    }
    for (const auto& group : groups_) write(group);
  }
  std::vector<ImportedRule> rules;
  bool is_complete = true;

 private:
  using Group = std::vector<const ImportedHost*>;
  using Key = std::tuple<std::string, std::optional<Ipv4Address>, std::optional<Seconds>,
                         std::map<std::uint8_t, std::string>>;

  void add(const ImportedHost& host) {
    const Key key{host.config.boot_file, host.next_server, host.lease_time, host.options};
    const auto [entry, is_new] = current_.try_emplace(key, groups_.size());
    if (is_new) groups_.emplace_back();
    if (groups_[entry->second].size() == kHostsOfRuleMax) {
      entry->second = groups_.size();
      groups_.emplace_back();
    }
    groups_[entry->second].push_back(&host);
  }

  void write(const Group& group) {
    auto condition = condition_of(group);
    is_complete &= condition.has_value();
    if (!condition) return;
    const ImportedHost& first = *group.front();
    std::string name = "host ";
    name += first.config.mac ? first.config.mac->text() : "by its client-id";
    if (group.size() > 1) name += " and " + std::to_string(group.size() - 1) + " more";
    rules.push_back({.name = std::move(name), .when = std::move(*condition)});
    rules.back().boot_file = first.config.boot_file;
    rules.back().next_server = first.next_server;
    rules.back().lease_time = first.lease_time;
    rules.back().options = first.options;
  }

  std::map<Key, std::size_t> current_;  // by what they get: the group that is being filled
  std::vector<Group> groups_;
};

// Everywhere else a host's own file goes before those of its classes.
void put_hosts_first(Imported& imported) {
  const bool any_file = std::ranges::any_of(imported.rules, names_file);
  HostRules hosts(imported, any_file);
  const auto after_ignored = std::ranges::find(imported.rules, false, &ImportedRule::ignore);
  const bool hides = after_ignored != imported.rules.end() && !hosts.rules.empty();
  imported.rules.insert(after_ignored, hosts.rules.begin(), hosts.rules.end());
  if (hides) {
    imported.remark("", "[[host]]",
                    "a host's own file goes before those of classes, so rules for hosts stand in "
                    "front; what else classes give to these hosts is left out");
  }
  if (!hosts.is_complete) {
    imported.remark("", "[[host]]", "client-ids of hosts that are too long for a rule");
  }
}

bool is_server_only(const ImportedRule& rule) {
  return rule.next_server && !names_file(rule) && !rule.ignore;
}

// One says the server and the other the file: who is in both gets both. In front of them.
bool complete_each_other(const ImportedRule& first, const ImportedRule& second) {
  const bool one_each = is_server_only(first)
                            ? names_file(second)
                            : names_file(first) && !first.next_server && is_server_only(second);
  return one_each && !exclude(first.when, second.when);
}

// nullopt: no rule can say it.
std::optional<ImportedRule> joined(const ImportedRule& first, const ImportedRule& second) {
  const std::array parts{first.when, second.when};
  auto when = combined("all", parts);
  if (!when) return std::nullopt;
  ImportedRule both{.name = first.name + ", " + second.name, .when = std::move(*when)};
  both.boot_file = names_file(first) ? first.boot_file : second.boot_file;
  both.next_server = first.next_server ? first.next_server : second.next_server;
  both.pool = first.pool.empty() ? second.pool : first.pool;
  both.lease_time = first.lease_time ? first.lease_time : second.lease_time;
  both.options = first.options;
  both.options.insert(second.options.begin(), second.options.end());
  if (both.options.size() > kRuleOptionsMax) return std::nullopt;
  return both;
}

void join_servers(Imported& imported) {
  std::vector<ImportedRule> all;
  const std::vector<ImportedRule>& rules = imported.rules;
  std::size_t left = kJoinedMax;
  bool is_complete = true;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = i + 1; j < rules.size() && is_complete; ++j) {
      if (!complete_each_other(rules[i], rules[j])) continue;
      auto both = left > 0 ? joined(rules[i], rules[j]) : std::nullopt;
      is_complete = both.has_value();
      if (!both) break;
      all.push_back(std::move(*both));
      --left;
    }
    all.push_back(rules[i]);
  }
  imported.rules = std::move(all);
  if (!is_complete) {
    imported.remark("", "[[rule]]",
                    "next_server of some rules is not joined with the files of all others");
  }
}

// Who gets addresses of a pool gets all else as before. In front of each rule stands the same for
// machines of a pool, behind all rules what is left of these.
void join_pools(Imported& imported) {
  std::vector<ImportedRule> of_pools;
  for (const ImportedPool& pool : imported.pools) {
    const std::array parts{pool.when, in_subnets(pool.prefixes)};
    auto when = combined("all", parts);
    if (!when) {
      imported.remark("", pool.name, "nobody gets its addresses: no rule can tell its machines");
      continue;
    }
    of_pools.push_back({.name = "pool " + pool.name, .when = std::move(*when)});
    of_pools.back().pool = pool.name;
  }
  const auto is_apart = [&imported](const ImportedRule& rule, const ImportedRule& of_pool) {
    const ImportedPool& pool =
        *std::ranges::find(imported.pools, of_pool.pool, &ImportedPool::name);
    return exclude(rule.when, pool.when) || exclude(rule.when, in_subnets(pool.prefixes));
  };
  std::vector<ImportedRule> all;
  std::size_t left = kJoinedMax;
  bool is_complete = true;
  for (const ImportedRule& rule : imported.rules) {
    for (const ImportedRule& of_pool : of_pools) {
      if (rule.ignore || is_apart(rule, of_pool)) continue;
      auto both = left > 0 ? joined(rule, of_pool) : std::nullopt;
      is_complete &= both.has_value();
      if (!both) continue;
      all.push_back(std::move(*both));
      --left;
    }
    all.push_back(rule);
  }
  std::ranges::move(of_pools, std::back_inserter(all));
  imported.rules = std::move(all);
  if (!is_complete) {
    imported.remark("", "[[rule]]", "pools are not joined with all other rules");
  }
}

void name_rules(std::vector<ImportedRule>& rules) {
  constexpr std::size_t kNameMax = 200;
  std::set<std::string> names;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::string& name = rules[i].name;
    name = name.substr(0, kNameMax);
    if (!names.insert(name).second) name += " (" + std::to_string(i + 1) + ")";
    names.insert(name);
  }
}

}  // namespace

void settle_rules(Imported& imported) {
  drop_empty(imported.rules);
  // Not that of std::ranges: clang 14 cannot compile what it returns.
  std::stable_partition(imported.rules.begin(), imported.rules.end(),
                        [](const ImportedRule& rule) { return rule.ignore; });
  Lifting(imported).run();
  put_hosts_first(imported);
  join_servers(imported);
  join_pools(imported);
  if (imported.rules.size() > kRulesMax) {
    imported.rules.resize(kRulesMax);
    imported.remark("", "further rules", "there are at most " + std::to_string(kRulesMax));
  }
  name_rules(imported.rules);
  if (imported.rules.size() > 1) {
    imported.remark("", "[[rule]]",
                    "the first rule that matches decides alone; where several match, the other "
                    "server adds up what each gives");
  }
}

}  // namespace reveille
