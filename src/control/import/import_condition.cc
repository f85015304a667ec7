#include "control/import/import_condition.h"

#include <algorithm>

#include "control/config/rule_table.h"
#include "control/config/value_text.h"
#include "control/import/import_options.h"

namespace reveille {
namespace {

constexpr std::string_view kEnd = "\\z";  // "$" would let a line end follow

// Octets as a piece of a regular expression between single quotes of TOML.
std::string escaped_pattern(std::string_view octets) {
  std::string out;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    const bool plain = (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
                       (octet >= 'a' && octet <= 'z') || c == ':' || c == '/' || c == '-' ||
                       c == '_' || c == ' ' || c == '=' || c == ',';
    out += plain ? std::string(1, c) : octet_escape(c);
  }
  return out;
}

std::string key_of(std::uint8_t code) {
  switch (code) {
    case 12:
      return "host_name";
    case kVendorClass:
      return "vendor_class";
    case 61:
      return "client_id";
    case kUserClass:
      return "user_class";
    default:
      return {};
  }
}

ImportedCondition matching(std::uint8_t code, const std::string& pattern) {
  const std::string key = key_of(code);
  if (!key.empty()) return {"{ " + key + " = '" + pattern + "' }"};
  return {"{ option = { " + std::to_string(code) + " = '" + pattern + "' } }"};
}

// "One of these architectures" and "one of those" is one list, as it is of subnets.
std::optional<ImportedCondition> one_list(std::span<const ImportedCondition* const> parts) {
  ImportedCondition sum;
  std::vector<Ipv4Prefix> subnets;
  for (const ImportedCondition* part : parts) {
    if (part->not_ipxe) return std::nullopt;
    if (part->architectures.empty() != parts[0]->architectures.empty()) return std::nullopt;
    if (part->subnets.empty() != parts[0]->subnets.empty()) return std::nullopt;
    sum.architectures.insert(sum.architectures.end(), part->architectures.begin(),
                             part->architectures.end());
    subnets.insert(subnets.end(), part->subnets.begin(), part->subnets.end());
  }
  if (!subnets.empty()) return in_subnets(subnets);
  if (sum.architectures.empty()) return std::nullopt;
  sum.text = "{ arch = [";
  for (const std::uint16_t one : sum.architectures) {
    sum.text += (sum.text.ends_with('[') ? "" : ", ") + std::to_string(one);
  }
  sum.text += "] }";
  return sum;
}

}  // namespace

std::string octets_of(Ipv4Address address) {
  std::string octets(4, '\0');
  store_be32(reinterpret_cast<std::uint8_t*>(octets.data()), address.value);
  return octets;
}

ImportedCondition option_is(std::uint8_t code, std::string_view octets) {
  if (code == kArchitecture && octets.size() == 2) {
    const auto* const first = reinterpret_cast<const std::uint8_t*>(octets.data());
    return architecture_is(load_be16(first));
  }
  if (code == kUserClass && octets == "iPXE") return runs_ipxe();
  return matching(code, "^" + escaped_pattern(octets) + std::string(kEnd));
}

ImportedCondition option_holds(std::uint8_t code, std::string_view octets) {
  return matching(code, escaped_pattern(octets));
}

ImportedCondition option_has_at(std::uint8_t code, std::uint32_t from, std::string_view octets,
                                bool ends) {
  std::string pattern = "^";
  if (from > 0) pattern += ".{" + std::to_string(from) + "}";
  pattern += escaped_pattern(octets);
  if (ends) pattern += kEnd;
  return matching(code, pattern);
}

std::optional<ImportedCondition> option_begins(
    std::uint8_t code, std::span<const std::optional<std::uint8_t>> octets) {
  if (octets.empty() || octets.size() > kPatternOctetsMax) return std::nullopt;
  std::string pattern = "^";
  for (const auto& octet : octets) {
    pattern += octet ? escaped_pattern(std::string(1, static_cast<char>(*octet))) : ".";
  }
  return matching(code, pattern);
}

ImportedCondition option_lists(std::uint8_t code, Ipv4Address address) {
  return matching(code, "^(.{4})*" + escaped_pattern(octets_of(address)));
}

ImportedCondition option_exists(std::uint8_t code) {
  return matching(code, ".");
}

std::optional<ImportedCondition> relay_option_is(std::uint8_t code, std::string_view octets) {
  if (code != 1 && code != 2) return std::nullopt;
  return ImportedCondition{std::string("{ ") + (code == 1 ? "circuit_id" : "remote_id") + " = '^" +
                           escaped_pattern(octets) + std::string(kEnd) + "' }"};
}

std::optional<ImportedCondition> vendor_class_architecture(std::string_view text) {
  constexpr std::string_view kClass = "PXEClient:Arch:";
  constexpr std::size_t kDigits = 5;
  if (!text.starts_with(kClass) || text.size() != kClass.size() + kDigits) return std::nullopt;
  const auto code = whole_number(text.substr(kClass.size()));
  if (!code || *code > 0xffff) return std::nullopt;
  return architecture_is(static_cast<std::uint16_t>(*code));
}

ImportedCondition architecture_is(std::uint16_t architecture) {
  return {"{ arch = " + std::to_string(architecture) + " }", {architecture}};
}

ImportedCondition is_known() {
  return {"{ known = true }"};
}

ImportedCondition runs_ipxe() {
  return {"{ firmware = \"ipxe\" }", {}, true};
}

ImportedCondition in_subnets(std::span<const Ipv4Prefix> prefixes) {
  std::string list;
  for (const Ipv4Prefix& prefix : prefixes) {
    list += (list.empty() ? "\"" : ", \"") + prefix.text() + "\"";
  }
  if (prefixes.size() != 1) list = "[" + list + "]";
  ImportedCondition condition{"{ subnet = " + list + " }"};
  condition.subnets.assign(prefixes.begin(), prefixes.end());
  return condition;
}

ImportedCondition negated(const ImportedCondition& condition) {
  ImportedCondition inverse{"{ not = " + condition.text + " }"};
  inverse.not_ipxe = condition.is_ipxe;
  return inverse;
}

bool exclude(const ImportedCondition& one, const ImportedCondition& other) {
  if (one.text == negated(other).text || other.text == negated(one).text) return true;
  if ((one.is_ipxe && other.not_ipxe) || (one.not_ipxe && other.is_ipxe)) return true;
  const auto apart = [](const auto& these, const auto& those) {
    if (these.empty() || those.empty()) return false;
    return std::ranges::none_of(these, [&those](const auto& value) {
      return std::ranges::find(those, value) != those.end();
    });
  };
  return apart(one.architectures, other.architectures) || apart(one.subnets, other.subnets);
}

std::optional<ImportedCondition> combined(std::string_view kind,
                                          std::span<const ImportedCondition> parts) {
  constexpr std::size_t kLengthMax = 20'000;
  if (parts.empty() || parts.size() > kRulePartsMax) return std::nullopt;
  const bool is_any = kind == "any";
  std::vector<const ImportedCondition*> said;
  for (const ImportedCondition& part : parts) {
    if (!part.text.empty()) said.push_back(&part);
    if (part.text.empty() && is_any) return part;  // one that always holds decides
  }
  if (said.empty()) return parts.front();
  if (said.size() == 1) return *said.front();
  // "exists user-class and option user-class = "iPXE"" is how dhcpd asks for iPXE.
  const bool is_pair = !is_any && said.size() == 2;
  if (is_pair && said[1]->is_ipxe && said[0]->text == option_exists(kUserClass).text) {
    return *said[1];
  }
  if (is_any) {
    if (auto list = one_list(said)) return list;
  }
  ImportedCondition sum;
  for (const ImportedCondition* part : said) {
    sum.text += (sum.text.empty() ? "" : ", ") + part->text;
    if (sum.text.size() > kLengthMax) return std::nullopt;
  }
  sum.text = "{ " + std::string(kind) + " = [" + sum.text + "] }";
  if (is_pair) {
    const auto only_not_ipxe = [](const ImportedCondition& one) {
      return one.not_ipxe && one.architectures.empty();
    };
    const std::size_t other = only_not_ipxe(*said[0]) ? 1 : 0;
    sum.not_ipxe = only_not_ipxe(*said[1 - other]) && !said[other]->architectures.empty();
    if (sum.not_ipxe) sum.architectures = said[other]->architectures;
  }
  return sum;
}

}  // namespace reveille
