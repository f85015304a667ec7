// dnsmasq.conf (dnsmasq(8)): one key a line, as on its command line without the dashes.
#include <algorithm>
#include <array>
#include <set>

#include "control/config/value_text.h"
#include "control/hosts/host_text.h"
#include "control/import/dnsmasq_options.h"
#include "control/import/dnsmasq_range.h"
#include "control/import/dnsmasq_service.h"
#include "control/import/dnsmasq_tags.h"
#include "control/import/dnsmasq_text.h"
#include "control/import/import_options.h"
#include "text/lines.h"

namespace reveille {
namespace {

class Dnsmasq {
 public:
  explicit Dnsmasq(Imported& to) : to_(to) {}

  // What tags mean is often said after their use; and what ranges for tagged machines set depends
  // on all other tags.
  enum class Pass : std::uint8_t { tags, tags_of_tagged_ranges, all };
  void read(std::string_view text, Pass pass) {
    for (unsigned number = 1; !text.empty(); ++number) {
      const std::string_view line = dnsmasq_line(take_line(text));
      if (line.empty()) continue;
      line_ = std::to_string(number);
      whole_ = line;
      const std::size_t sign = std::min(line.find('='), line.size());
      const std::string_view key = trimmed(line.substr(0, sign));
      const std::string_view value =
          sign < line.size() ? trimmed(line.substr(sign + 1)) : std::string_view{};
      if (pass == Pass::tags) {
        read_tags(key, value);
      } else if (pass == Pass::tags_of_tagged_ranges) {
        if (key == "dhcp-range") tags_.read_range(value, true);
      } else if (!DnsmasqTags::is_key(key)) {
        read_key(key, value);
      }
    }
  }

  // dnsmasq looks at its last line first.
  void take_rules() {
    if (auto any = combined("any", ignored_)) {
      rules_.push_back({.name = "ignored hosts", .when = std::move(*any)});
      rules_.back().ignore = true;
    } else if (!ignored_.empty()) {
      to_.remark("", "dhcp-host=...,ignore", "more hosts than one rule can list");
    }
    // A boot menu goes before what dhcp-boot says, and its first entry is what boots.
    to_.rules = std::move(services_);
    std::ranges::move(services_by_other_name_, std::back_inserter(to_.rules));
    to_.rules.insert(to_.rules.end(), rules_.rbegin(), rules_.rend());
  }

  // Without options 3 and 6 dnsmasq hands out its own address as router and as DNS server.
  void say_defaults() {
    for (const ImportedSubnet& subnet : to_.subnets) {
      if (subnet.pools.empty()) continue;
      const auto is_given = [&](std::uint8_t code) {
        return given_.contains({std::nullopt, code}) || given_.contains({subnet.prefix, code});
      };
      const std::string range = "dhcp-range of " + subnet.prefix.text();
      if (!is_given(3)) {
        to_.remark("", range, "without option 3 dnsmasq hands out itself as router: set `routers`");
      }
      if (!is_given(6) && has_dns_) {
        to_.remark("", range, "without option 6 dnsmasq hands out itself as DNS server: set `dns`");
      }
    }
  }

 private:
  // The tags at the front of a value, "x" or "!x", and what is left of it.
  struct Tagged {
    std::vector<std::string> tags;
    std::vector<DnsmasqWord> rest;

    [[nodiscard]] std::string_view text(std::size_t i) const {
      return i < rest.size() ? std::string_view(rest[i].text) : std::string_view{};
    }
  };

  void remark(std::string why) { to_.remark(line_, whole_, std::move(why)); }

  void read_tags(std::string_view key, std::string_view value) {
    uses_known_ |= value.find("tag:known") != std::string_view::npos ||
                   value.find("tag:!known") != std::string_view::npos;
    if (key == "dhcp-range") return tags_.read_range(value, false);
    const bool sets = DnsmasqTags::is_key(key);
    if (!sets && key != "dhcp-host") return;
    const std::vector<std::string> parts = texts_of(dnsmasq_words(value));
    if (!sets) return tags_.read_host(parts);
    if (std::string why = tags_.read(key, parts); !why.empty()) remark(std::move(why));
  }

  static Tagged tags_of(std::string_view value) {
    Tagged tagged;
    for (DnsmasqWord& word : dnsmasq_words(value)) {
      const bool is_tag = word.text.starts_with("tag:") || word.text.starts_with("net:");
      if (is_tag && tagged.rest.empty()) {
        tagged.tags.push_back(word.text.substr(4));
      } else {
        tagged.rest.push_back(std::move(word));
      }
    }
    return tagged;
  }

  static std::string name_of(const std::vector<std::string>& tags) {
    std::string name;
    for (const std::string& tag : tags) name += (name.empty() ? "" : ", ") + tag;
    return name;
  }

  // The rule for these tags, made if it is not there; nullptr, and a remark: they cannot be told.
  ImportedRule* rule_of(const std::vector<std::string>& tags) {
    const std::string name = name_of(tags);
    const auto found = std::ranges::find(rules_, name, &ImportedRule::name);
    if (found != rules_.end()) return &*found;
    auto condition = tags_.condition(tags);
    if (!condition) {
      remark("tags that nothing sets which rules could know");
      return nullptr;
    }
    rules_.push_back({.name = name, .when = std::move(*condition)});
    return &rules_.back();
  }

  // A line that names a file stands where it is written, and of several the last one counts.
  void set_file(ImportedRule& rule, std::string file, std::optional<Ipv4Address> server) {
    rule.boot_file = std::move(file);
    rule.next_server = server;
    const auto at = rules_.begin() + (&rule - rules_.data());
    std::rotate(at, at + 1, rules_.end());
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
    } else if (key == "port" && value == "0") {
      has_dns_ = false;
    } else if (key == "bind-interfaces" || key == "bind-dynamic" || key == "no-ping") {
      // reveille has no other way.
    } else if (key == "conf-file" || key == "conf-dir") {
      remark("other files are not followed; import them on their own");
    } else {
      remark("has no equivalent");
    }
  }

  void read_range(std::string_view value) {
    const auto range = dnsmasq_range(split_list(value, ','));
    if (!range) return remark(range.error());
    if (range->is_guessed) remark("the netmask is guessed; dnsmasq takes it from the interface");
    if (range->is_proxy) to_.mode = DhcpMode::proxy;
    ImportedSubnet& subnet = to_.subnet(range->prefix);
    if (!range->only_for.empty()) return read_tagged_range(*range, subnet);
    if (range->lease_time) {
      auto& of_subnet = subnet.scope.lease_time;
      const bool is_other = of_subnet && *of_subnet != *range->lease_time;
      if (is_other) remark("the last lease time counts for all of the subnet");
      of_subnet = range->lease_time;
    }
    if (to_.mode != DhcpMode::proxy && range->pool) subnet.pools.push_back(*range->pool);
  }

  void read_tagged_range(const DnsmasqRange& range, ImportedSubnet& subnet) {
    auto when = tags_.condition(range.only_for);
    if (!when) return remark("tags that nothing sets which rules could know: nobody gets these");
    subnet.restricted.push_back({.name = name_of(range.only_for), .when = std::move(*when)});
    subnet.restricted.back().ranges = {*range.pool};
    subnet.restricted.back().lease_time = range.lease_time;
  }

  void read_host(std::string_view value) {
    std::vector<std::string> parts = split_list(value, ',');
    if (std::ranges::find(parts, "ignore") != parts.end()) return read_ignored_host(parts);
    const bool has_tags = std::erase_if(parts, [](const std::string& part) {
                            return part.starts_with("set:") || part.starts_with("net:");
                          }) > 0;
    if (has_tags && parts.size() == 1) return read_host_of_tags(parts[0]);
    std::string line = "dhcp-host=";
    for (const std::string& part : parts) line += (line.ends_with('=') ? "" : ",") + part;
    Origins origins;
    Problems problems;
    std::vector<HostConfig> hosts;
    parse_hosts(line, "", 16, hosts, origins, problems);
    for (HostConfig& host : hosts) to_.hosts.push_back({.config = std::move(host)});
    for (const Problem& problem : problems.sorted()) remark(problem.text);
  }

  // Such a line only sets tags; but it makes the machine known.
  void read_host_of_tags(const std::string& who) {
    if (!uses_known_) return;
    const auto mac = MacAddress::parse(who);
    if (!mac) return remark("rules know a machine by its [[host]], with one MAC address");
    to_.hosts.push_back({.config = {.mac = *mac}});
  }

  void read_ignored_host(const std::vector<std::string>& parts) {
    bool any = false;
    for (const std::string& part : parts) {
      if (std::ranges::count(part, ':') != 5) continue;
      if (auto condition = dnsmasq_mac(part)) {
        ignored_.push_back(std::move(*condition));
        any = true;
      }
    }
    if (!any) remark("whom rules ignore they know by MAC address");
  }

  // The scope to which options with these tags belong; nullptr: they are a rule's.
  ImportedScope* scope_of(const std::vector<std::string>& tags) {
    if (tags.empty()) return &to_.global;
    const auto prefix = tags_.subnet(tags);
    return prefix ? &to_.subnet(*prefix).scope : nullptr;
  }

  void read_option(std::string_view value) {
    auto [tags, words] = tags_of(value);
    std::string_view name = words.empty() ? std::string_view{} : std::string_view(words[0].text);
    if (name.starts_with("option:")) name.remove_prefix(7);
    const auto code = option_code_of(name);
    if (!code) return remark("an option that reveille does not know by this name");
    words.erase(words.begin());
    if (tags.empty()) given_.insert({std::nullopt, *code});
    if (const auto prefix = tags_.subnet(tags)) given_.insert({prefix, *code});
    const bool has_value = !words.empty();
    if (std::erase_if(words, [](const DnsmasqWord& one) { return one.text == "0.0.0.0"; }) > 0) {
      // reveille serves the files itself, and nothing else that options name.
      if (*code != 66) remark("0.0.0.0 is dnsmasq's own address: give that of who does this now");
      if (words.empty()) return;
    }
    if (*code == 60 && texts_of(words) == std::vector<std::string>{"PXEClient"}) return;
    if (*code == 3 && !has_value) return;  // no router, which is what nothing means
    if (*code == 6 && !has_value) return;
    ImportedScope* const scope = scope_of(tags);
    if (scope != nullptr) return set_in_scope(*code, words, *scope);
    ImportedRule* const rule = rule_of(tags);
    if (rule == nullptr) return;
    ImportedScope gives;
    set_in_scope(*code, words, gives);
    if (!gives.suits_rules()) remark("the same for all clients of a subnet");
    if (!gives.boot_file.empty()) return set_file(*rule, gives.boot_file, rule->next_server);
    if (gives.next_server) rule->next_server = gives.next_server;
    if (gives.lease_time) rule->lease_time = gives.lease_time;
    for (auto& [number, text] : gives.options) rule->options[number] = std::move(text);
  }

  void set_in_scope(std::uint8_t code, const std::vector<DnsmasqWord>& words,
                    ImportedScope& scope) {
    if (code == 66) {
      const auto server = words.empty() ? std::nullopt : Ipv4Address::parse(words[0].text);
      if (!server) return remark("next_server is an IPv4 address");
      scope.next_server = server;
    } else if (std::string why = set_dnsmasq_option(code, words, scope); !why.empty()) {
      remark(std::move(why));
    }
  }

  // 0.0.0.0, and nothing: dnsmasq itself, as [boot] has it without next_server.
  std::optional<Ipv4Address> read_server(std::string_view text) {
    if (text.empty() || text == "0.0.0.0") return std::nullopt;
    const auto server = Ipv4Address::parse(text);
    if (!server) remark("next_server is an IPv4 address");
    return server;
  }

  void read_boot(std::string_view value) {
    const Tagged tagged = tags_of(value);
    if (tagged.text(0).empty()) return remark("not understood");
    const std::string file = file_name(tagged.text(0));
    const auto server = read_server(tagged.text(2));
    if (tagged.tags.empty()) {
      to_.global.boot_file = file;
      to_.global.next_server = server;
    } else if (ImportedRule* const rule = rule_of(tagged.tags)) {
      set_file(*rule, file, server);
    }
  }

  void read_ignore(std::string_view value) {
    const auto [tags, words] = tags_of(value);
    if (tags.empty() || !words.empty()) {
      return remark("tags that nothing sets which rules could know");
    }
    if (ImportedRule* const rule = rule_of(tags)) rule->ignore = true;
  }

  void read_service(std::string_view value) {
    const Tagged tagged = tags_of(value);
    const auto service = dnsmasq_service(tagged.text(0));
    if (!service || tagged.rest.size() < 3 || whole_number(tagged.text(2))) {
      return remark("boot menus have no equivalent");
    }
    std::string file = file_name(tagged.text(2));
    const bool is_url = file.find("://") != std::string::npos;
    if (!is_url && file.find('.', file.rfind('/') + 1) == std::string::npos) file += ".0";
    const auto server = read_server(tagged.text(3));
    std::optional<ImportedCondition> tags;
    if (!tagged.tags.empty()) {
      tags = tags_.condition(tagged.tags);
      if (!tags) return remark("tags that nothing sets which rules could know");
    }
    const auto add = [&](std::uint16_t architecture, std::vector<ImportedRule>& to) {
      const std::array parts{architecture_is(architecture), tags.value_or(ImportedCondition{})};
      auto when = combined("all", parts);
      if (!when) return remark("a condition that rules cannot make");
      const bool is_second =
          std::ranges::find(to, when->text, [](const ImportedRule& rule) -> const std::string& {
            return rule.when.text;
          }) != to.end();
      if (is_second) return remark("boot menus have no equivalent: the first entry is what boots");
      std::string name(tagged.text(0));
      if (tags) name += ", " + name_of(tagged.tags);
      to.push_back({.name = std::move(name), .when = std::move(*when)});
      to.back().boot_file = file;
      to.back().next_server = server;
    };
    add(*service, services_);
    // 64-bit UEFI calls itself 7, whatever the table of RFC 4578 says.
    if (*service == 9) add(7, services_by_other_name_);
  }

  Imported& to_;
  DnsmasqTags tags_;
  std::vector<ImportedRule> rules_;  // in the order of the file; the last line counts first
  std::vector<ImportedRule> services_;
  std::vector<ImportedRule> services_by_other_name_;
  std::vector<ImportedCondition> ignored_;
  // Options that some line sets for all, or for a subnet.
  std::set<std::pair<std::optional<Ipv4Prefix>, std::uint8_t>> given_;
  bool has_dns_ = true;
  bool uses_known_ = false;
  std::string line_;
  std::string_view whole_;
};

}  // namespace

ImportResult import_dnsmasq(std::string_view text) {
  Imported imported;
  Dnsmasq dnsmasq(imported);
  for (const auto pass :
       {Dnsmasq::Pass::tags, Dnsmasq::Pass::tags_of_tagged_ranges, Dnsmasq::Pass::all}) {
    dnsmasq.read(text, pass);
  }
  dnsmasq.take_rules();
  dnsmasq.say_defaults();
  if (imported.subnets.empty()) imported.mode = DhcpMode::off;
  if (imported.tftp && imported.root.empty()) {
    imported.tftp = false;
    imported.remark("", "enable-tftp", "there is no tftp-root, so TFTP is off");
  }
  return imported;
}

}  // namespace reveille
