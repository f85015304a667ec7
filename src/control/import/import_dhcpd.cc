// dhcpd.conf of ISC DHCP (dhcpd.conf(5), dhcp-options(5)).
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "control/config/value_text.h"
#include "control/import/dhcpd_conditions.h"
#include "control/import/dhcpd_permits.h"
#include "control/import/import_options.h"
#include "control/import/option_types.h"

namespace reveille {
namespace {

using Statements = std::vector<DhcpdStatement>;

class Dhcpd {
 public:
  explicit Dhcpd(Imported& to) : to_(to) {}

  // A class goes before a subnet, that before its shared network, that before the whole file.
  void read_top(const Statements& statements) {
    read_values(statements, to_.global);
    // Pools name classes, which may stand behind them.
    for (const bool is_class : {true, false}) {
      for (const DhcpdStatement& one : statements) {
        const bool is_block = one.has_block && !is_dhcpd_condition(one);
        if (is_block && is_class == (one.word(0) == "class")) read_block(one, {}, nullptr);
      }
    }
    auto rules = dhcpd_condition_rules(statements, {}, {}, blocks());
    to_.rules = std::move(class_rules_);
    for (auto* const more : {&subnet_rules_, &network_rules_, &rules}) {
      std::ranges::move(*more, std::back_inserter(to_.rules));
    }
  }

 private:
  void remark(const DhcpdStatement& statement, std::string why) {
    to_.remark(std::to_string(statement.line), statement.text(), std::move(why));
  }

  // What a scope says counts for the blocks in it, wherever they stand.
  void read_values(const Statements& statements, ImportedScope& scope,
                   ImportedSubnet* subnet = nullptr) {
    for (const DhcpdStatement& one : statements) {
      if (!one.has_block) read_simple(one, scope, subnet);
    }
  }

  void read_simple(const DhcpdStatement& one, ImportedScope& scope, ImportedSubnet* subnet) {
    const std::string_view key = one.word(0);
    if (key == "option") {
      read_option(one, scope);
    } else if (key == "range") {
      read_range(one, subnet);
    } else if (key == "default-lease-time") {
      const auto seconds = whole_number(one.word(1));
      if (!seconds || *seconds < 10) return remark(one, "not a lease time");
      scope.lease_time = Seconds{*seconds};
    } else if (is_dhcpd_permit(one) && one.word(1).ends_with("known-clients")) {
      read_scope_permit(one, subnet);
    } else if (key == "max-lease-time" || key == "min-lease-time") {
      remark(one, "a client gets the default lease time, or less if it asks for less");
    } else if (key == "authoritative") {
      to_.authoritative = true;
    } else if (key == "next-server") {
      const auto address = Ipv4Address::parse(one.word(1));
      if (!address) return remark(one, "next_server is an IPv4 address");
      scope.next_server = *address;
    } else if (key == "filename") {
      scope.boot_file = file_name(one.word(1));
    } else if (key == "server-identifier") {
      to_.own_address = Ipv4Address::parse(one.word(1));
    } else if (key == "ddns-update-style" && one.word(1) == "none") {
      // reveille does none.
    } else {
      remark(one, "has no equivalent");
    }
  }

  // Outside pools: "deny unknown-clients" is silence for those without a host declaration.
  void read_scope_permit(const DhcpdStatement& one, const ImportedSubnet* subnet) {
    if (one.word(0) == "allow") {  // so it is without
      if (subnet != nullptr) remark(one, "whom the file as a whole denies is denied here too");
      return;
    }
    const bool known = one.word(1) == "known-clients";
    const ImportedCondition who = known ? is_known() : negated(is_known());
    const std::array parts{
        who, subnet == nullptr ? ImportedCondition{} : in_subnets({&subnet->prefix, 1})};
    auto when = combined("all", parts);
    if (!when) return remark(one, "a condition that rules cannot make");
    class_rules_.push_back({.name = one.text(), .when = std::move(*when)});
    class_rules_.back().ignore = true;
  }

  void read_option(const DhcpdStatement& one, ImportedScope& scope) {
    std::string name(one.word(1));
    if (name == "space") return remark(one, "option spaces have no equivalent");
    // option arch code 93 = unsigned integer 16;
    if (one.word(2) == "code") {
      const auto code = option_code_of(one.word(3));
      if (!code) return remark(one, "not an option number");
      own_options_[name] = {
          *code, one.word(4) == "=" ? dhcpd_type(std::span(one.words).subspan(5)) : std::nullopt};
      return;
    }
    const auto code = code_of(name);
    if (!code) return remark(one, "an option that reveille does not know by this name");
    std::vector<std::string> values;
    bool next = true;
    for (std::size_t i = 2; i < one.words.size(); ++i) {
      if (one.words[i] == ",") {
        next = true;
      } else if (next) {
        values.push_back(one.words[i]);
        next = false;
      } else {
        values.back() += " " + one.words[i];  // pairs, expressions
      }
    }
    if (*code == 66) {
      const auto server = values.empty() ? std::nullopt : Ipv4Address::parse(values[0]);
      if (!server) return remark(one, "next_server is an IPv4 address");
      scope.next_server = *server;
      return;
    }
    if (*code == 54 && values.size() == 1) {
      to_.own_address = Ipv4Address::parse(values[0]);
      return;
    }
    if (std::string why = set_value(one, name, *code, values, scope); !why.empty()) {
      remark(one, std::move(why));
    }
  }

  std::string set_value(const DhcpdStatement& one, const std::string& name, std::uint8_t code,
                        const std::vector<std::string>& values, ImportedScope& scope) const {
    const auto own = own_options_.find(name);
    if (own == own_options_.end()) return set_option(code, values, scope);
    if (!own->second.type) return "a value of this type cannot be taken over";
    OptionType type = *own->second.type;
    // A "string" is octets in hexadecimal or text in quotes.
    if (type.kind == OptionType::Kind::octets && one.is_quoted(2)) {
      type.kind = OptionType::Kind::text;
    }
    return set_typed_option(code, type, values, scope);
  }

  [[nodiscard]] std::optional<std::uint8_t> code_of(const std::string& name) const {
    const auto own = own_options_.find(name);
    if (own != own_options_.end()) return own->second.code;
    return option_code_of(name);
  }

  void read_range(const DhcpdStatement& one, ImportedSubnet* subnet) {
    const std::size_t first_word = one.word(1) == "dynamic-bootp" ? 2 : 1;
    const auto first = Ipv4Address::parse(one.word(first_word));
    const auto last =
        one.words.size() > first_word + 1 ? Ipv4Address::parse(one.word(first_word + 1)) : first;
    if (!first || !last || subnet == nullptr) return remark(one, "not a range of a subnet");
    subnet->pools.push_back({*first, *last});
  }

  // What groups and shared networks around a block say. A host in a shared network has from its
  // subnet what it gives.
  struct Outer {
    ImportedScope for_subnets{};
    ImportedScope for_hosts{};
  };

  void read_blocks(const Statements& statements, const Outer& outer, ImportedSubnet* subnet) {
    for (const DhcpdStatement& one : statements) {
      if (one.has_block && !is_dhcpd_condition(one)) read_block(one, outer, subnet);
    }
  }

  void read_block(const DhcpdStatement& one, const Outer& outer, ImportedSubnet* subnet) {
    const std::string_view key = one.word(0);
    if (key == "subnet") return read_subnet(one, outer.for_subnets);
    if (key == "host") return read_host(one, outer.for_hosts);
    if (key == "group") return read_group(one, outer, subnet);
    if (key == "shared-network") return read_network(one, outer);
    if (key == "pool") return read_pool(one, subnet);
    if (key == "class") return read_class(one);
    remark(one, "has no equivalent");
  }

  void read_group(const DhcpdStatement& one, const Outer& outer, ImportedSubnet* subnet) {
    ImportedScope scope;
    read_values(one.block, scope, subnet);
    const auto is_host = [](const DhcpdStatement& inner) { return inner.word(0) == "host"; };
    if (!scope.suits_rules() && std::ranges::any_of(one.block, is_host)) {
      remark(one, "routers, dns and domain are those of the hosts' subnet");
    }
    for (const DhcpdStatement& inner : one.block) {
      if (is_dhcpd_condition(inner)) remark(inner, "a group's own conditions have no equivalent");
    }
    Outer inner{scope, std::move(scope)};
    inner.for_subnets.inherit(outer.for_subnets);
    inner.for_hosts.inherit(outer.for_hosts);
    read_blocks(one.block, inner, subnet);
  }

  void read_network(const DhcpdStatement& one, const Outer& outer) {
    to_.remark(std::to_string(one.line), "shared-network " + std::string(one.word(1)),
               "each of its subnets is a link of its own here");
    ImportedScope scope;
    read_values(one.block, scope);
    scope.inherit(outer.for_subnets);
    ImportedScope for_all;  // which its subnets get by a rule of their own
    for_all.boot_file = std::exchange(scope.boot_file, {});
    for_all.next_server = std::exchange(scope.next_server, {});
    std::vector<Ipv4Prefix> prefixes;
    std::vector<Ipv4Prefix>* const before = std::exchange(prefixes_, &prefixes);
    read_blocks(one.block, {std::move(scope), outer.for_hosts}, nullptr);
    prefixes_ = before;
    if (!prefixes.empty()) add_scope_rules(one.block, for_all, prefixes, network_rules_);
  }

  // Conditions of these subnets, then what they say themselves.
  void add_scope_rules(const Statements& statements, ImportedScope& scope,
                       const std::vector<Ipv4Prefix>& prefixes, std::vector<ImportedRule>& to) {
    ImportedScope server;
    server.next_server = scope.next_server;
    auto rules = dhcpd_condition_rules(statements, in_subnets(prefixes), server, blocks());
    std::ranges::move(rules, std::back_inserter(to));
    to.push_back(take_rule(scope, prefixes));
  }

  void read_subnet(const DhcpdStatement& one, const ImportedScope& outer) {
    const auto network = Ipv4Address::parse(one.word(1));
    const auto length = mask_length(one.word(3));
    if (!network || !length || one.word(2) != "netmask") return remark(one, "not understood");
    const Ipv4Prefix prefix{Ipv4Prefix{*network, *length}.network(), *length};
    ImportedSubnet subnet = to_.subnet(prefix);
    read_values(one.block, subnet.scope, &subnet);
    read_blocks(one.block, {}, &subnet);
    subnet.scope.inherit(outer);
    add_scope_rules(one.block, subnet.scope, {prefix}, subnet_rules_);
    if (prefixes_ != nullptr) prefixes_->push_back(prefix);
    to_.subnet(prefix) = std::move(subnet);
  }

  void read_pool(const DhcpdStatement& one, ImportedSubnet* subnet) {
    auto permits = dhcpd_permits(one, classes_);
    if (!permits) return remark(one, "nobody gets its addresses: rules do not know its classes");
    const bool is_for_all = permits->name.empty();
    for (const DhcpdStatement& inner : one.block) {
      if (is_for_all || inner.word(0) != "default-lease-time") continue;
      ImportedScope scope;
      read_simple(inner, scope, nullptr);
      permits->lease_time = scope.lease_time;
    }
    for (const DhcpdStatement& inner : one.block) {
      const std::string_view key = inner.word(0);
      const bool is_read = is_dhcpd_permit(inner) || (key == "default-lease-time" && !is_for_all);
      if (is_read) continue;
      if (key != "range" || inner.has_block) {
        const bool restricts = key == "allow" || key == "deny";
        remark(inner, restricts ? "has no equivalent" : "has no equivalent for a single pool");
        continue;
      }
      // In a shared network a pool stands outside its subnet: its addresses tell.
      const auto first = Ipv4Address::parse(inner.word(inner.words.size() > 2 ? 1 : 0));
      ImportedSubnet* own = subnet;
      if (own == nullptr && first) own = containing(*first);
      const std::size_t before = own != nullptr ? own->pools.size() : 0;
      read_range(inner, own);
      if (is_for_all || own == nullptr || own->pools.size() == before) continue;
      own->restricted.push_back(*permits);
      own->restricted.back().ranges = {own->pools.back()};
      own->pools.pop_back();
    }
  }

  ImportedSubnet* containing(Ipv4Address address) {
    const auto found = std::ranges::find_if(to_.subnets, [address](const ImportedSubnet& subnet) {
      return subnet.prefix.contains(address);
    });
    return found == to_.subnets.end() ? nullptr : &*found;
  }

  void read_host(const DhcpdStatement& one, const ImportedScope& outer) {
    ImportedHost host;
    ImportedScope own;
    for (const DhcpdStatement& inner : one.block) {
      if (inner.has_block) {
        remark(inner, "has no equivalent for a single host");
      } else {
        read_host_statement(inner, host.config, own);
      }
    }
    if (!host.config.mac && host.config.client_id.empty()) {
      return remark(one, "a host is known by its MAC address");
    }
    if (!own.suits_rules()) {
      remark(one, "routers, dns and domain are those of the host's subnet");
    }
    own.inherit(outer);
    host.config.boot_file = own.boot_file;
    host.next_server = own.next_server;
    host.lease_time = own.lease_time;
    host.options = std::move(own.options);
    to_.hosts.push_back(std::move(host));
  }

  void read_host_statement(const DhcpdStatement& one, HostConfig& host, ImportedScope& own) {
    const std::string_view key = one.word(0);
    if (key == "hardware" && one.word(1) == "ethernet") {
      host.mac = MacAddress::parse(one.word(2));
      if (!host.mac) remark(one, "not a MAC address");
    } else if (key == "fixed-address") {
      host.address = Ipv4Address::parse(one.word(1));
      if (!host.address || one.words.size() > 2) remark(one, "one IPv4 address is taken over");
    } else if (key == "option" && one.word(1) == "host-name") {
      host.host_name = one.word(2);
    } else if (key == "option" && one.word(1) == "dhcp-client-identifier") {
      read_client_id(one, host);
    } else if (key == "filename" || key == "next-server" || key == "option" ||
               key == "default-lease-time") {
      read_simple(one, own, nullptr);
    } else {
      remark(one, "has no equivalent for a single host");
    }
  }

  void read_client_id(const DhcpdStatement& one, HostConfig& host) {
    const std::string_view text = one.word(2);
    if (const auto octets = parse_hex(text); octets && text.find(':') != std::string_view::npos) {
      host.client_id = *octets;
    } else {
      host.client_id.assign(text.begin(), text.end());  // quoted text is the octets themselves
    }
  }

  // class "x" { match if ...; filename ...; }
  void read_class(const DhcpdStatement& one) {
    for (const DhcpdStatement& inner : one.block) {
      if (inner.word(0) != "match" || inner.word(1) != "if") continue;
      const DhcpdBlockReader reader = blocks();
      const auto condition = condition_of(std::span(inner.words).subspan(2), reader.words);
      if (!condition) return remark(inner, "a condition that rules cannot make");
      classes_.emplace(one.word(1), *condition);
      const DhcpdBlock block = read_dhcpd_block(one, {}, reader);
      auto rules = dhcpd_condition_rules(one.block, *condition, block.gives, reader);
      std::ranges::move(rules, std::back_inserter(class_rules_));
      ImportedRule rule{.name = std::string(one.word(1)), .when = *condition};
      rule.ignore = block.ignore;
      class_rules_.push_back(reader.rule_of(std::move(rule), block.gives, one));
      return;
    }
    remark(one, "a class is known by what it matches");
  }

  [[nodiscard]] DhcpdBlockReader blocks() {
    return {
        .read = [this](const DhcpdStatement& one,
                       ImportedScope& scope) { read_simple(one, scope, nullptr); },
        .remark = [this](const DhcpdStatement& one,
                         std::string why) { remark(one, std::move(why)); },
        .rule_of =
            [this](ImportedRule rule, const ImportedScope& gives, const DhcpdStatement& one) {
              return to_.rule_of(std::move(rule), gives, std::to_string(one.line));
            },
        .words = {[this](std::string_view name) { return code_of(std::string(name)); }, nullptr}};
  }

  Imported& to_;
  DhcpdClasses classes_;
  // In the order in which they count.
  std::vector<ImportedRule> class_rules_;
  std::vector<ImportedRule> subnet_rules_;
  std::vector<ImportedRule> network_rules_;
  std::vector<Ipv4Prefix>* prefixes_ = nullptr;  // of the shared network that is being read
  struct OwnOption {
    std::uint8_t code = 0;
    std::optional<OptionType> type;
  };
  std::map<std::string, OwnOption> own_options_{{"arch", {93, std::nullopt}},
                                                {"architecture-type", {93, std::nullopt}}};
};

}  // namespace

ImportResult import_dhcpd(std::string_view text) {
  Imported imported;
  const auto statements = parse_dhcpd(text);
  if (!statements) {
    return tl::unexpected("line " + std::to_string(statements.error().line) + ": " +
                          statements.error().text);
  }
  Dhcpd(imported).read_top(*statements);
  return imported;
}

}  // namespace reveille
