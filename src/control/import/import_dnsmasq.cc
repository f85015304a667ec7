// dnsmasq.conf (dnsmasq(8)): one key a line, as on its command line without the dashes.
#include <algorithm>
#include <array>

#include "control/dhcp_option_names.h"
#include "control/hosts/host_text.h"
#include "control/import/import_options.h"
#include "control/rule_value.h"
#include "control/value_text.h"

namespace reveille {
namespace {

// The names of dnsmasq's pxe-service.
constexpr std::array kServices{
    std::pair<std::string_view, std::uint16_t>{"x86PC", 0},
    std::pair<std::string_view, std::uint16_t>{"PC98", 1},
    std::pair<std::string_view, std::uint16_t>{"IA64_EFI", 2},
    std::pair<std::string_view, std::uint16_t>{"Alpha", 3},
    std::pair<std::string_view, std::uint16_t>{"Arc_x86", 4},
    std::pair<std::string_view, std::uint16_t>{"Intel_Lean_Client", 5},
    std::pair<std::string_view, std::uint16_t>{"IA32_EFI", 6},
    std::pair<std::string_view, std::uint16_t>{"BC_EFI", 7},
    std::pair<std::string_view, std::uint16_t>{"Xscale_EFI", 8},
    std::pair<std::string_view, std::uint16_t>{"X86-64_EFI", 9},
    std::pair<std::string_view, std::uint16_t>{"ARM32_EFI", 10},
    std::pair<std::string_view, std::uint16_t>{"ARM64_EFI", 11},
};

std::optional<Seconds> lease_time_of(std::string_view text) {
  if (text == "infinite") return Seconds{0xfffffffe};
  if (const auto number = whole_number(text)) return Seconds{*number};
  if (text.ends_with('w')) {
    const auto weeks = whole_number(text.substr(0, text.size() - 1));
    if (!weeks || *weeks > 7000) return std::nullopt;
    return Seconds{*weeks * 604'800};
  }
  const auto duration = parse_duration(text);
  if (!duration) return std::nullopt;
  return std::chrono::duration_cast<Seconds>(*duration);
}

// The smallest network that holds both, but none smaller than a /24.
Ipv4Prefix network_around(Ipv4Address first, Ipv4Address last) {
  Ipv4Prefix prefix{first, 24};
  while (prefix.length > 8 && !prefix.contains(last)) --prefix.length;
  return {prefix.network(), prefix.length};
}

class Dnsmasq {
 public:
  explicit Dnsmasq(Imported& to) : to_(to) {}

  // Two passes: what tags mean is often said after their use.
  void read(std::string_view text, bool only_tags) {
    for (unsigned number = 1; !text.empty(); ++number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = without_comment(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.empty()) continue;
      line_ = std::to_string(number);
      whole_ = line;
      const std::size_t sign = std::min(line.find('='), line.size());
      const std::string_view key = trimmed(line.substr(0, sign));
      const std::string_view value =
          sign < line.size() ? trimmed(line.substr(sign + 1)) : std::string_view{};
      if (only_tags && key == "dhcp-host") {
        read_host_tags(split_list(value, ','));
      } else if (is_tag_key(key)) {
        if (only_tags) read_tag(key, split_list(value, ','));
      } else if (!only_tags) {
        read_key(key, value);
      }
    }
  }

  // dnsmasq looks at its last line first; whoever is ignored is ignored whatever else holds.
  void take_rules() {
    if (auto any = combined("any", ignored_)) {
      rules_.push_back({.name = "ignored hosts", .when = std::move(*any)});
      rules_.back().ignore = true;
    } else if (!ignored_.empty()) {
      to_.remark("", "dhcp-host=...,ignore", "more hosts than one rule can list");
    }
    std::ranges::reverse(rules_);
    // Not that of std::ranges: clang 14 cannot compile what it returns.
    std::stable_partition(rules_.begin(), rules_.end(),
                          [](const ImportedRule& rule) { return rule.ignore; });
    for (ImportedRule& rule : rules_) {
      ImportedScope gives;
      gives.boot_file = rule.boot_file;
      gives.options = std::move(rule.options);
      rule.options.clear();
      to_.add_rule(std::move(rule), gives, "");
    }
  }

 private:
  // The conditions at the front of a value, and what is left of it.
  struct Tagged {
    std::vector<std::string> tags;  // "x" or "!x"; without those that reveille needs not be told
    std::vector<std::string> rest;
  };
  // What sets a tag: one of these is enough.
  using Tag = std::vector<ImportedCondition>;

  static std::string_view without_comment(std::string_view line) {
    line = trimmed(line);
    if (line.starts_with('#')) return {};
    const std::size_t comment = std::min(line.find(" #"), line.find("\t#"));
    return trimmed(line.substr(0, std::min(comment, line.size())));
  }
  static bool is_tag_key(std::string_view key) {
    return key == "dhcp-match" || key == "dhcp-vendorclass" || key == "dhcp-userclass" ||
           key == "dhcp-mac" || key == "dhcp-circuitid" || key == "dhcp-remoteid";
  }

  void remark(std::string why) { to_.remark(line_, whole_, std::move(why)); }

  void read_tag(std::string_view key, const std::vector<std::string>& parts) {
    if (parts.size() < 2) return remark("not understood");
    std::string_view tag = parts[0];
    for (const std::string_view prefix : {"set:", "net:"}) {
      if (tag.starts_with(prefix)) tag.remove_prefix(prefix.size());
    }
    auto condition = condition_for(key, parts);
    if (!condition) return remark("a condition that rules cannot make");
    tags_[std::string(tag)].push_back(std::move(*condition));
  }

  static std::optional<ImportedCondition> condition_for(std::string_view key,
                                                        const std::vector<std::string>& parts) {
    const std::string& what = parts[1];
    const std::string octets = octets_of(what);
    if (key == "dhcp-mac") return mac_condition(what);
    if (key == "dhcp-circuitid") return relay_option_is(1, octets);
    if (key == "dhcp-remoteid") return relay_option_is(2, octets);
    if (key == "dhcp-userclass") {
      return what == "iPXE" ? runs_ipxe() : option_holds(77, what);
    }
    if (key == "dhcp-vendorclass") {
      const auto architecture = vendor_class_architecture(what);
      return architecture ? *architecture : option_holds(60, what);
    }
    std::string_view name = what;
    if (name.starts_with("option:")) name.remove_prefix(7);
    const auto code = option_code_of(name);
    if (!code || parts.size() > 3) return std::nullopt;
    if (*code == 175) return runs_ipxe();  // only iPXE sends this option
    if (parts.size() == 2) return option_exists(*code);
    if (*code == 93) {
      const auto number = whole_number(parts[2]);
      if (!number || *number > 0xffff) return std::nullopt;
      return architecture_is(static_cast<std::uint16_t>(*number));
    }
    return option_is(*code, octets_of(parts[2]));
  }

  // Hexadecimal with colons, or text.
  static std::string octets_of(const std::string& text) {
    const auto octets = text.find(':') != std::string::npos ? parse_hex(text) : std::nullopt;
    return octets ? std::string(octets->begin(), octets->end()) : text;
  }
  // "00:60:8c:*:*:*"
  static std::optional<ImportedCondition> mac_condition(std::string_view text) {
    while (text.ends_with(":*")) text.remove_suffix(2);
    if (!parse_mac_range(text)) return std::nullopt;
    return ImportedCondition{"{ mac = " + toml_string(text) + " }"};
  }

  [[nodiscard]] Tagged tags_of(std::string_view value) const {
    Tagged tagged;
    for (std::string& part : split_list(value, ',')) {
      const std::string_view text = part;
      const bool is_tag = text.starts_with("tag:") || text.starts_with("net:");
      if (!is_tag || !tagged.rest.empty()) {
        tagged.rest.push_back(std::move(part));
        continue;
      }
      std::string name(text.substr(4));
      // "not iPXE" is how dnsmasq keeps a loader from loading itself; reveille does so anyway.
      const auto known = name.starts_with('!') ? tags_.find(name.substr(1)) : tags_.end();
      if (known == tags_.end() || !is_ipxe(known->second)) tagged.tags.push_back(std::move(name));
    }
    return tagged;
  }

  static bool is_ipxe(const Tag& tag) { return tag.size() == 1 && tag.front().is_ipxe; }

  // All of these tags; nullopt: some are set by nothing that rules know.
  [[nodiscard]] std::optional<ImportedCondition> condition_of_tags(
      const std::vector<std::string>& tags) const {
    std::vector<ImportedCondition> parts;
    for (const std::string& tag : tags) {
      const bool negative = tag.starts_with('!');
      const std::string_view name = std::string_view(tag).substr(negative ? 1 : 0);
      Tag any;
      if (const auto known = tags_.find(name); known != tags_.end()) any = known->second;
      if (const auto subnet = subnet_tags_.find(name); subnet != subnet_tags_.end()) {
        any.push_back({"{ subnet = " + toml_string(subnet->second.text()) + " }"});
      }
      const std::optional<ImportedCondition> part = combined("any", any);
      if (!part) return std::nullopt;
      parts.push_back(negative ? negated(*part) : *part);
    }
    return combined("all", parts);
  }

  static std::string name_of(const std::vector<std::string>& tags) {
    std::string name;
    for (const std::string& tag : tags) name += (name.empty() ? "" : ", ") + tag;
    return name;
  }

  // The rule for these tags, made if it is not there; nullptr: they cannot be told.
  ImportedRule* rule_of(const std::vector<std::string>& tags) {
    const std::string name = name_of(tags);
    const auto found = std::ranges::find(rules_, name, &ImportedRule::name);
    if (found != rules_.end()) return &*found;
    auto condition = condition_of_tags(tags);
    if (!condition) return nullptr;
    rules_.push_back({.name = name, .when = std::move(*condition)});
    return &rules_.back();
  }

  void read_key(std::string_view key, std::string_view value) {
    if (key == "interface") {
      if (!to_.interface.empty()) return remark("a further [[interface]] wants its own address");
      to_.interface = value;
    } else if (key == "listen-address") {
      const auto address = Ipv4Address::parse(value);
      if (!address || to_.own_address) return remark("one IPv4 address is taken over");
      to_.own_address = address;
    } else if (key == "dhcp-range") {
      read_range(value);
    } else if (key == "dhcp-host") {
      read_host(value);
    } else if (key == "dhcp-hostsfile" || key == "dhcp-hostsdir") {
      to_.host_files.emplace_back(value);
    } else if (key == "dhcp-option" || key == "dhcp-option-force") {
      read_option(value);
    } else if (key == "dhcp-boot") {
      read_boot(value);
    } else if (key == "dhcp-ignore") {
      read_ignore(value);
    } else if (key == "pxe-service") {
      read_service(value);
    } else if (key == "dhcp-authoritative") {
      to_.authoritative = true;
    } else if (key == "enable-tftp") {
      to_.tftp = true;
      if (!value.empty()) remark("TFTP is served on every interface of reveille");
    } else if (key == "tftp-root") {
      const auto parts = split_list(value, ',');
      to_.root = parts[0];
      if (parts.size() > 1) remark("one image folder serves all interfaces");
    } else if (key == "domain") {
      const auto parts = split_list(value, ',');
      if (parts.size() > 1) return remark("a domain for some addresses has no equivalent");
      to_.global.domain_name = parts[0];
    } else if (key == "bind-interfaces" || key == "bind-dynamic" || key == "no-ping") {
      // reveille has no other way.
    } else if (key == "conf-file" || key == "conf-dir") {
      remark("other files are not followed; import them on their own");
    } else {
      remark("has no equivalent");
    }
  }

  void read_range(std::string_view value) {
    std::vector<std::string> set;
    std::vector<std::string> parts;
    for (std::string& part : split_list(value, ',')) {
      const bool is_set = part.starts_with("set:") || part.starts_with("net:");
      if (part.starts_with("tag:")) return remark("a range for tagged clients has no equivalent");
      if (part.starts_with("interface:")) continue;
      (is_set ? set : parts).push_back(is_set ? part.substr(4) : std::move(part));
    }
    const auto first = Ipv4Address::parse(parts.empty() ? "" : parts[0]);
    if (!first) return remark("reveille serves IPv4 only");
    PoolConfig pool{*first, *first};
    std::optional<std::uint8_t> length;
    std::optional<Seconds> lease_time;
    bool is_static = false;
    bool has_end = false;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string& part = parts[i];
      if (part == "proxy") {
        to_.mode = DhcpMode::proxy;
      } else if (part == "static") {
        is_static = true;
      } else if (const auto address = Ipv4Address::parse(part)) {
        if (i == 1) {
          pool.last = *address;
          has_end = true;
        } else if (!length) {
          length = mask_length(part);
          if (!length) return remark("the netmask is none");
        }
      } else if (const auto time = lease_time_of(part)) {
        lease_time = time;
      } else {
        return remark("not understood");
      }
    }
    if (!length) remark("the netmask is guessed; dnsmasq takes it from the interface");
    const Ipv4Prefix prefix = length ? Ipv4Prefix{Ipv4Prefix{*first, *length}.network(), *length}
                                     : network_around(pool.first, pool.last);
    ImportedSubnet& subnet = to_.subnet(prefix);
    for (const std::string& tag : set) subnet_tags_[tag] = prefix;
    if (lease_time && *lease_time >= Seconds{120}) subnet.scope.lease_time = lease_time;
    if (to_.mode != DhcpMode::proxy && !is_static && has_end) subnet.pools.push_back(pool);
  }

  // dhcp-host=MAC,set:tag: what the tag means, also with "*" for octets.
  void read_host_tags(const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      if (!part.starts_with("set:") && !part.starts_with("net:")) continue;
      for (const std::string& other : parts) {
        if (std::ranges::count(other, ':') != 5) continue;
        if (auto condition = mac_condition(other)) {
          tags_[part.substr(4)].push_back(std::move(*condition));
        }
      }
    }
  }

  void read_host(std::string_view value) {
    std::vector<std::string> parts = split_list(value, ',');
    if (std::ranges::find(parts, "ignore") != parts.end()) return read_ignored_host(parts);
    const bool has_tags = std::erase_if(parts, [](const std::string& part) {
                            return part.starts_with("set:") || part.starts_with("net:");
                          }) > 0;
    // Such a line only sets tags.
    if (has_tags && parts.size() == 1) return;
    std::string line = "dhcp-host=";
    for (const std::string& part : parts) line += (line.ends_with('=') ? "" : ",") + part;
    Origins origins;
    Problems problems;
    std::vector<HostConfig> hosts;
    parse_hosts(line, "", 16, hosts, origins, problems);
    for (HostConfig& host : hosts) to_.hosts.push_back(std::move(host));
    for (const Problem& problem : problems.sorted()) remark(problem.text);
  }

  void read_ignored_host(const std::vector<std::string>& parts) {
    bool any = false;
    for (const std::string& part : parts) {
      if (std::ranges::count(part, ':') != 5) continue;
      if (auto condition = mac_condition(part)) {
        ignored_.push_back(std::move(*condition));
        any = true;
      }
    }
    if (!any) remark("whom rules ignore they know by MAC address");
  }

  // What stands in no quotes and is hexadecimal with colons is octets, whatever the option.
  static bool looks_like_octets(const std::string& text) {
    return text.find(':') != std::string::npos && parse_hex(text).has_value();
  }

  // Where options with these conditions belong; nullptr: nowhere.
  ImportedScope* scope_of(const std::vector<std::string>& tags) {
    if (tags.empty()) return &to_.global;
    const auto found = subnet_tags_.find(tags[0]);
    if (tags.size() > 1 || tags_.contains(tags[0]) || found == subnet_tags_.end()) return nullptr;
    return &to_.subnet(found->second).scope;
  }

  void read_option(std::string_view value) {
    auto [tags, parts] = tags_of(value);
    ImportedScope for_rule;
    ImportedScope* scope = scope_of(tags);
    ImportedRule* const rule = scope == nullptr ? rule_of(tags) : nullptr;
    if (rule != nullptr) scope = &for_rule;
    if (scope == nullptr) return remark("tags that nothing sets which rules could know");
    std::string name = parts.empty() ? "" : parts[0];
    if (name.starts_with("option:")) name.erase(0, 7);
    const auto code = option_code_of(name);
    if (!code) return remark("an option that reveille does not know by this name");
    parts.erase(parts.begin());
    const bool is_octets = parts.size() == 1 && looks_like_octets(parts[0]);
    for (std::string& part : parts) {
      if (part.size() > 1 && part.front() == '"' && part.back() == '"') {
        part = part.substr(1, part.size() - 2);
      }
    }
    if (*code == 66) {
      const auto server = parts.empty() ? std::nullopt : Ipv4Address::parse(parts[0]);
      if (!server) return remark("next_server is an IPv4 address");
      if (rule == nullptr) return to_.set_next_server(*server, line_);
      rule->next_server = server;
      return;
    }
    if (*code == 60 && parts == std::vector<std::string>{"PXEClient"}) return;  // as reveille does
    if (*code == 3 && parts.empty()) return;  // no router, which is what nothing means
    const bool is_own = !reserved_option(*code).empty();
    if (is_octets && !is_own) {
      scope->options[*code] = "{ hex = " + toml_string(parts[0]) + " }";
    } else if (std::string why = set_option(*code, parts, *scope); !why.empty()) {
      remark(std::move(why));
    }
    if (rule == nullptr) return;
    const bool fits = for_rule.routers.empty() && for_rule.dns_servers.empty() &&
                      for_rule.domain_name.empty() && !for_rule.lease_time;
    if (!fits) remark("the same for all clients of a subnet");
    if (!for_rule.boot_file.empty()) rule->boot_file = for_rule.boot_file;
    rule->options.insert(for_rule.options.begin(), for_rule.options.end());
  }

  void set_file(std::uint16_t architecture, const std::string& file) {
    to_.files.insert_or_assign(architecture, file);
  }

  void read_boot(std::string_view value) {
    const auto [tags, parts] = tags_of(value);
    if (parts.empty() || parts[0].empty()) return remark("not understood");
    const std::string file = file_name(parts[0]);
    std::optional<Ipv4Address> server;
    if (parts.size() > 2 && !parts[2].empty()) {
      server = Ipv4Address::parse(parts[2]);
      if (!server) remark("next_server is an IPv4 address");
    }
    if (ImportedScope* const scope = scope_of(tags)) {
      scope->boot_file = file;
      if (server) to_.set_next_server(*server, line_);
    } else if (ImportedRule* const rule = rule_of(tags)) {
      rule->boot_file = file;  // of several lines with the same tags dnsmasq takes the last
      rule->next_server = server;
    } else {
      remark("tags that nothing sets which rules could know");
    }
  }

  void read_ignore(std::string_view value) {
    const auto [tags, parts] = tags_of(value);
    ImportedRule* const rule = tags.empty() ? nullptr : rule_of(tags);
    if (rule == nullptr || !parts.empty()) {
      return remark("tags that nothing sets which rules could know");
    }
    rule->ignore = true;
  }

  void read_service(std::string_view value) {
    const auto [tags, parts] = tags_of(value);
    const auto* const service =
        std::ranges::find(kServices, parts.empty() ? std::string_view{} : parts[0],
                          &std::pair<std::string_view, std::uint16_t>::first);
    if (service == kServices.end() || parts.size() < 3 || whole_number(parts[2])) {
      return remark("boot menus have no equivalent");
    }
    std::string file = file_name(parts[2]);
    const bool is_url = file.find("://") != std::string::npos;
    if (!is_url && file.find('.', file.rfind('/') + 1) == std::string::npos) file += ".0";
    if (parts.size() > 3) {
      if (const auto server = Ipv4Address::parse(parts[3])) to_.set_next_server(*server, line_);
    }
    if (tags.empty()) {
      set_file(service->second, file);
      // 64-bit UEFI calls itself 7, whatever the table of RFC 4578 says.
      if (service->second == 9) to_.files.emplace(7, file);
    } else if (ImportedRule* const rule = rule_of(tags)) {
      rule->boot_file = file;
    } else {
      remark("tags that nothing sets which rules could know");
    }
  }

  Imported& to_;
  std::vector<ImportedRule> rules_;  // in the order of the file; the last line counts first
  std::vector<ImportedCondition> ignored_;
  std::string line_;
  std::string_view whole_;
  std::map<std::string, Tag, std::less<>> tags_;
  std::map<std::string, Ipv4Prefix, std::less<>> subnet_tags_;
};

}  // namespace

ImportResult import_dnsmasq(std::string_view text) {
  Imported imported;
  Dnsmasq dnsmasq(imported);
  dnsmasq.read(text, true);
  dnsmasq.read(text, false);
  dnsmasq.take_rules();
  if (imported.subnets.empty()) imported.mode = DhcpMode::off;
  if (imported.tftp && imported.root.empty()) {
    imported.tftp = false;
    imported.remark("", "enable-tftp", "there is no tftp-root, so TFTP is off");
  }
  return imported;
}

}  // namespace reveille
