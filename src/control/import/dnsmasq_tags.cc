#include "control/import/dnsmasq_tags.h"

#include <algorithm>
#include <array>

#include "control/config/rule_value.h"
#include "control/config/value_text.h"
#include "control/import/dnsmasq_range.h"
#include "control/import/import_options.h"

namespace reveille {
namespace {

constexpr std::string_view kCannot = "a condition that rules cannot make";

// Hexadecimal with colons, or text.
std::string octets_of(const std::string& text) {
  const auto octets = text.find(':') != std::string::npos ? parse_hex(text) : std::nullopt;
  return octets ? std::string(octets->begin(), octets->end()) : text;
}

// "01:*:10": octets, nullopt for any. nullopt: it is no such list.
std::optional<std::vector<std::optional<std::uint8_t>>> masked_octets(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return std::nullopt;
  std::vector<std::optional<std::uint8_t>> octets;
  for (const std::string& one : split_list(text, ':')) {
    const auto octet = parse_hex(one.size() == 1 && one != "*" ? "0" + one : one);
    if (one != "*" && (!octet || octet->size() != 1)) return std::nullopt;
    octets.push_back(octet ? std::optional((*octet)[0]) : std::nullopt);
  }
  return octets;
}

// dnsmasq's match_bytes(): octets stand at the beginning, text anywhere, addresses and numbers
// are elements of a list.
std::optional<ImportedCondition> option_matches(std::uint8_t code, const std::string& value) {
  if (value.empty()) return option_exists(code);
  if (const auto number = whole_number(value)) {
    if (code != kArchitecture || *number > 0xffff) return std::nullopt;  // how wide is it?
    return architecture_is(static_cast<std::uint16_t>(*number));
  }
  if (const auto address = Ipv4Address::parse(value)) return option_lists(code, *address);
  if (const auto octets = masked_octets(value)) return option_begins(code, *octets);
  return option_holds(code, value);
}

std::optional<ImportedCondition> condition_for(std::string_view key,
                                               const std::vector<std::string>& parts) {
  const std::string& what = parts[1];
  if (key == "dhcp-mac") return dnsmasq_mac(what);
  if (key == "dhcp-circuitid") return relay_option_is(1, octets_of(what));
  if (key == "dhcp-remoteid") return relay_option_is(2, octets_of(what));
  if (key == "dhcp-userclass") return what == "iPXE" ? runs_ipxe() : option_holds(77, what);
  if (key == "dhcp-vendorclass") {
    const auto architecture = vendor_class_architecture(what);
    return architecture ? *architecture : option_holds(60, what);
  }
  std::string_view name = what;
  if (name.starts_with("option:")) name.remove_prefix(7);
  const auto code = option_code_of(name);
  if (!code || parts.size() > 3) return std::nullopt;
  if (*code == 175) return runs_ipxe();  // only iPXE sends this option
  return option_matches(*code, parts.size() == 3 ? parts[2] : "");
}

bool sets_tag(std::string_view part) {
  return part.starts_with("set:") || part.starts_with("net:");
}

// A field of dhcp-host by which it knows its machine; "id:*" is none.
std::optional<ImportedCondition> host_is(const std::string& field) {
  constexpr std::string_view kClientId = "id:";
  if (field.starts_with(kClientId) && field != "id:*") {
    return option_is(61, octets_of(field.substr(kClientId.size())));
  }
  return std::ranges::count(field, ':') == 5 ? dnsmasq_mac(field) : std::nullopt;
}

}  // namespace

std::optional<ImportedCondition> dnsmasq_mac(std::string_view text) {
  while (text.ends_with(":*")) text.remove_suffix(2);
  if (!parse_mac_range(text)) return std::nullopt;
  return ImportedCondition{"{ mac = " + toml_string(text) + " }"};
}

bool DnsmasqTags::is_key(std::string_view key) {
  return key == "dhcp-match" || key == "dhcp-vendorclass" || key == "dhcp-userclass" ||
         key == "dhcp-mac" || key == "dhcp-circuitid" || key == "dhcp-remoteid";
}

std::string DnsmasqTags::read(std::string_view key, const std::vector<std::string>& parts) {
  if (parts.size() < 2) return "not understood";
  auto condition = condition_for(key, parts);
  if (!condition) return std::string(kCannot);
  const std::size_t prefix = sets_tag(parts[0]) ? 4 : 0;
  tags_[parts[0].substr(prefix)].push_back(std::move(*condition));
  return {};
}

void DnsmasqTags::read_host(const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (!sets_tag(part)) continue;
    for (const std::string& other : parts) {
      if (auto condition = host_is(other)) tags_[part.substr(4)].push_back(std::move(*condition));
    }
  }
}

void DnsmasqTags::read_range(std::string_view value, bool tagged) {
  const auto range = dnsmasq_range(split_list(value, ','));
  if (!range || range->only_for.empty() == tagged) return;
  const auto only_for = condition(range->only_for);
  if (tagged && !only_for) return;
  const std::array parts{only_for.value_or(ImportedCondition{}), in_subnets({&range->prefix, 1})};
  const auto both = combined("all", parts);
  for (const std::string& tag : range->tags) {
    if (both) set(tag, *both);
  }
}

// Several ranges of a subnet may say the same.
void DnsmasqTags::set(const std::string& tag, ImportedCondition condition) {
  std::vector<ImportedCondition>& all = tags_[tag];
  if (std::ranges::find(all, condition.text, &ImportedCondition::text) != all.end()) return;
  all.push_back(std::move(condition));
}

std::optional<ImportedCondition> DnsmasqTags::condition(
    const std::vector<std::string>& tags) const {
  std::vector<ImportedCondition> parts;
  for (const std::string& tag : tags) {
    const bool negative = tag.starts_with('!');
    const auto known = tags_.find(std::string_view(tag).substr(negative ? 1 : 0));
    if (known == tags_.end()) return std::nullopt;
    const auto part = combined("any", known->second);
    if (!part) return std::nullopt;
    parts.push_back(negative ? negated(*part) : *part);
  }
  return combined("all", parts);
}

std::optional<Ipv4Prefix> DnsmasqTags::subnet(const std::vector<std::string>& tags) const {
  const auto known = tags.size() == 1 ? tags_.find(tags[0]) : tags_.end();
  if (known == tags_.end() || known->second.size() != 1) return std::nullopt;
  const std::vector<Ipv4Prefix>& subnets = known->second[0].subnets;
  return subnets.size() == 1 ? std::optional(subnets[0]) : std::nullopt;
}

}  // namespace reveille
