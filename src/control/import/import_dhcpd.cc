// dhcpd.conf of ISC DHCP (dhcpd.conf(5), dhcp-options(5)).
#include <algorithm>
#include <array>
#include <span>

#include "control/import/dhcpd_syntax.h"
#include "control/import/import_options.h"
#include "control/value_text.h"

namespace reveille {
namespace {

using Statements = std::vector<DhcpdStatement>;

class Dhcpd {
 public:
  explicit Dhcpd(Imported& to) : to_(to) {}

  void read_top(const Statements& statements) { read_all(statements, to_.global, nullptr); }

 private:
  void remark(const DhcpdStatement& statement, std::string why) {
    to_.remark(std::to_string(statement.line), statement.text(), std::move(why));
  }

  void read_all(const Statements& statements, ImportedScope& scope, ImportedSubnet* subnet) {
    // What a scope says counts for the blocks in it, wherever they stand.
    for (const DhcpdStatement& one : statements) {
      if (!one.has_block) read_simple(one, scope, subnet);
    }
    for (std::size_t i = 0; i < statements.size(); ++i) {
      if (statements[i].has_block) read_block(statements[i], scope, subnet);
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
    } else if (key == "authoritative") {
      to_.authoritative = true;
    } else if (key == "next-server") {
      const auto address = Ipv4Address::parse(one.word(1));
      if (!address) return remark(one, "next_server is an IPv4 address");
      to_.set_next_server(*address, std::to_string(one.line));
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

  void read_option(const DhcpdStatement& one, ImportedScope& scope) {
    std::string name(one.word(1));
    if (name == "space") return remark(one, "option spaces have no equivalent");
    // option arch code 93 = unsigned integer 16;
    if (one.word(2) == "code") {
      const auto code = option_code_of(one.word(3));
      if (!code) return remark(one, "not an option number");
      own_options_[name] = *code;
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
      return to_.set_next_server(*server, std::to_string(one.line));
    }
    if (*code == 54 && values.size() == 1) {
      to_.own_address = Ipv4Address::parse(values[0]);
      return;
    }
    if (std::string why = set_option(*code, values, scope); !why.empty()) {
      remark(one, std::move(why));
    }
  }

  [[nodiscard]] std::optional<std::uint8_t> code_of(const std::string& name) const {
    const auto own = own_options_.find(name);
    if (own != own_options_.end()) return own->second;
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

  void read_block(const DhcpdStatement& one, const ImportedScope& outer, ImportedSubnet* subnet) {
    const std::string_view key = one.word(0);
    if (key == "subnet") return read_subnet(one, outer);
    if (key == "host") return read_host(one, outer);
    if (key == "group" || key == "shared-network") {
      if (key == "shared-network") {
        remark({one.line, {"shared-network", std::string(one.word(1))}, false, {}},
               "each of its subnets is a link of its own here");
      }
      ImportedScope scope = outer;
      return read_all(one.block, scope, subnet);
    }
    if (key == "pool") return read_pool(one, outer, subnet);
    if (key == "if" || key == "elsif" || key == "else") return read_condition(one, subnet);
    if (key == "class") return read_class(one);
    remark(one, "has no equivalent");
  }

  void read_subnet(const DhcpdStatement& one, const ImportedScope& outer) {
    const auto network = Ipv4Address::parse(one.word(1));
    const auto length = mask_length(one.word(3));
    if (!network || !length || one.word(2) != "netmask") return remark(one, "not understood");
    const Ipv4Prefix prefix{Ipv4Prefix{*network, *length}.network(), *length};
    ImportedSubnet subnet = to_.subnet(prefix);
    read_all(one.block, subnet.scope, &subnet);
    // Global values are written once, for all.
    if (&outer != &to_.global) {
      ImportedScope enclosing = outer;
      enclosing.boot_file = outer.boot_file == to_.global.boot_file ? "" : outer.boot_file;
      subnet.scope.inherit(enclosing);
    }
    to_.subnet(prefix) = std::move(subnet);
  }

  void read_pool(const DhcpdStatement& one, const ImportedScope& outer, ImportedSubnet* subnet) {
    // In a shared network a pool stands outside its subnet: its addresses tell.
    ImportedScope scope = outer;
    for (const DhcpdStatement& inner : one.block) {
      const auto first = Ipv4Address::parse(inner.word(inner.words.size() > 2 ? 1 : 0));
      ImportedSubnet* own = subnet;
      if (inner.word(0) == "range" && own == nullptr && first) own = containing(*first);
      if (inner.has_block) {
        read_block(inner, scope, own);
      } else {
        read_simple(inner, scope, own);
      }
    }
    if (subnet != nullptr) subnet->scope.inherit(scope);
  }

  ImportedSubnet* containing(Ipv4Address address) {
    const auto found = std::ranges::find_if(to_.subnets, [address](const ImportedSubnet& subnet) {
      return subnet.prefix.contains(address);
    });
    return found == to_.subnets.end() ? nullptr : &*found;
  }

  void read_host(const DhcpdStatement& one, const ImportedScope& outer) {
    HostConfig host;
    if (outer.boot_file != to_.global.boot_file) host.boot_file = outer.boot_file;
    for (const DhcpdStatement& inner : one.block) {
      const std::string_view key = inner.word(0);
      if (key == "hardware" && inner.word(1) == "ethernet") {
        host.mac = MacAddress::parse(inner.word(2));
        if (!host.mac) remark(inner, "not a MAC address");
      } else if (key == "fixed-address") {
        host.address = Ipv4Address::parse(inner.word(1));
        if (!host.address || inner.words.size() > 2) {
          remark(inner, "one IPv4 address is taken over");
        }
      } else if (key == "filename") {
        host.boot_file = file_name(inner.word(1));
      } else if (key == "option" && inner.word(1) == "host-name") {
        host.host_name = inner.word(2);
      } else if (key == "option" && inner.word(1) == "dhcp-client-identifier") {
        read_client_id(inner, host);
      } else if (key == "next-server") {
        read_simple(inner, to_.global, nullptr);
      } else {
        remark(inner, "has no equivalent for a single host");
      }
    }
    if (!host.mac && host.client_id.empty())
      return remark(one, "a host is known by its MAC address");
    to_.hosts.push_back(std::move(host));
  }

  void read_client_id(const DhcpdStatement& one, HostConfig& host) {
    const std::string_view text = one.word(2);
    if (const auto octets = parse_hex(text); octets && text.find(':') != std::string_view::npos) {
      host.client_id = *octets;
    } else {
      host.client_id.assign(text.begin(), text.end());  // quoted text is the octets themselves
    }
  }

  // if ... { } elsif ... { } else { }: a rule each. The first that holds decides.
  void read_condition(const DhcpdStatement& one, const ImportedSubnet* subnet) {
    std::optional<ImportedCondition> condition;
    if (one.word(0) == "if") chain_.clear();
    if (one.word(0) == "else") {
      const bool names_file = one.block.size() == 1 && one.block[0].word(0) == "filename";
      if (names_file && subnet == nullptr) {
        to_.global.boot_file = file_name(one.block[0].word(1));
        return;
      }
      const auto before = combined("any", chain_);
      if (before) condition = negated(*before);
    } else {
      condition = condition_of(std::span(one.words).subspan(1), words());
      if (condition) chain_.push_back(*condition);
    }
    if (!condition) return remark(one, "a condition that rules cannot make");
    if (subnet != nullptr) {
      const std::array parts{ImportedCondition{"{ subnet = \"" + subnet->prefix.text() + "\" }"},
                             *condition};
      condition = combined("all", parts);
      if (!condition) return remark(one, "a condition that rules cannot make");
    }
    add_rule("line " + std::to_string(one.line), *condition, one);
  }

  // class "x" { match if ...; filename ...; }
  void read_class(const DhcpdStatement& one) {
    for (const DhcpdStatement& inner : one.block) {
      if (inner.word(0) != "match" || inner.word(1) != "if") continue;
      const auto condition = condition_of(std::span(inner.words).subspan(2), words());
      if (!condition) return remark(inner, "a condition that rules cannot make");
      return add_rule(std::string(one.word(1)), *condition, one);
    }
    remark(one, "a class is known by what it matches");
  }

  [[nodiscard]] ConditionWords words() const {
    return {[this](std::string_view name) { return code_of(std::string(name)); }, nullptr};
  }

  void add_rule(std::string name, ImportedCondition condition, const DhcpdStatement& one) {
    ImportedScope gives;
    ImportedRule rule{.name = std::move(name), .when = std::move(condition)};
    for (const DhcpdStatement& inner : one.block) {
      if (inner.word(0) == "match") continue;
      if (inner.has_block) {
        remark(inner, "conditions inside conditions are not taken over");
      } else if (inner.word(0) == "next-server") {
        rule.next_server = Ipv4Address::parse(inner.word(1));
        if (!rule.next_server) remark(inner, "next_server is an IPv4 address");
      } else if (inner.word(0) == "ignore" && inner.word(1) == "booting") {
        rule.ignore = true;
      } else {
        read_simple(inner, gives, nullptr);
      }
    }
    to_.add_rule(std::move(rule), gives, std::to_string(one.line));
  }

  Imported& to_;
  std::vector<ImportedCondition> chain_;  // of the if that was read last
  std::map<std::string, std::uint8_t> own_options_{{"arch", 93}, {"architecture-type", 93}};
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
