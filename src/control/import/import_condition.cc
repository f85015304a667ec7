#include "control/import/import_condition.h"

#include <algorithm>

#include "control/import/import_options.h"
#include "control/rule_table.h"
#include "control/value_text.h"

namespace reveille {
namespace {

constexpr std::size_t kPatternOctetsMax = 255;
constexpr std::string_view kEnd = "\\z";  // "$" would let a line end follow
constexpr std::uint8_t kVendorClass = 60;
constexpr std::uint8_t kUserClass = 77;
constexpr std::uint8_t kArchitecture = 93;

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

std::string octets_of_address(Ipv4Address address) {
  std::string octets(4, '\0');
  store_be32(reinterpret_cast<std::uint8_t*>(octets.data()), address.value);
  return octets;
}

// What an expression looks at.
struct Field {
  enum class Kind : std::uint8_t { option, relay_option, mac };
  Kind kind{};
  std::uint8_t code = 0;
  // substring(): from here, so many; without: the whole.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> part{};
};

// Recursive descent: or < and < not < comparison.
class Expression {
 public:
  Expression(std::span<const std::string> words, const ConditionWords& known)
      : words_(words), known_(known) {}

  std::optional<ImportedCondition> read() {
    auto condition = read_choice();
    if (!condition || at_ != words_.size()) return std::nullopt;
    return condition;
  }

 private:
  static constexpr unsigned kDepthMax = 24;

  [[nodiscard]] std::string_view word(std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead]) : std::string_view{};
  }
  bool take(std::string_view text) {
    if (word() != text) return false;
    ++at_;
    return true;
  }

  std::optional<ImportedCondition> read_list(
      std::string_view joint, std::string_view kind,
      std::optional<ImportedCondition> (Expression::*one)()) {
    std::vector<ImportedCondition> parts;
    do {
      auto part = (this->*one)();
      if (!part) return std::nullopt;
      parts.push_back(std::move(*part));
    } while (take(joint));
    return combined(kind, parts);
  }
  std::optional<ImportedCondition> read_choice() {
    return read_list("or", "any", &Expression::read_all);
  }
  std::optional<ImportedCondition> read_all() {
    return read_list("and", "all", &Expression::read_one);
  }

  std::optional<ImportedCondition> read_one() {
    if (depth_ == kDepthMax) return std::nullopt;
    ++depth_;
    auto condition = read_deeper();
    --depth_;
    return condition;
  }
  std::optional<ImportedCondition> read_deeper() {
    if (take("not")) {
      const auto inner = read_one();
      return inner ? std::optional(negated(*inner)) : std::nullopt;
    }
    if (take("(")) {
      auto inner = read_choice();
      return inner && take(")") ? inner : std::nullopt;
    }
    if (take("member")) return read_member();
    if (take("exists")) {
      const auto code = known_.code_of(word());
      ++at_;
      return code ? std::optional(option_exists(*code)) : std::nullopt;
    }
    return read_comparison();
  }

  std::optional<ImportedCondition> read_member() {
    if (!take("(") || known_.classes == nullptr) return std::nullopt;
    const auto found = known_.classes->find(word());
    ++at_;
    if (found == known_.classes->end() || !take(")")) return std::nullopt;
    return found->second;
  }

  std::optional<Field> read_field() {
    if (take("substring")) {
      if (!take("(")) return std::nullopt;
      auto field = read_field();
      if (!field || field->part || !take(",")) return std::nullopt;
      const auto from = whole_number(word());
      ++at_;
      if (!from || !take(",")) return std::nullopt;
      const auto count = word() == "all" ? kPatternOctetsMax : whole_number(word());
      ++at_;
      if (!count || !take(")")) return std::nullopt;
      field->part = {*from, *count};
      return field;
    }
    if (take("hardware")) return std::nullopt;  // with its type octet: rules have none
    if (take("pkt4.mac")) return Field{Field::Kind::mac};
    if (take("option")) return read_option_field(Field::Kind::option);
    if (take("relay4")) return read_option_field(Field::Kind::relay_option);
    return std::nullopt;
  }

  // dhcpd: option NAME. Kea: option[NAME].hex, or relay4[N].hex.
  std::optional<Field> read_option_field(Field::Kind kind) {
    const bool bracket = take("[");
    const std::string name(word());
    ++at_;
    if (bracket && (!take("]") || (word() != ".hex" && word() != ".text" && word() != ".exists"))) {
      return std::nullopt;
    }
    if (bracket) exists_ = word() == ".exists";
    if (bracket) ++at_;
    if (!bracket && name == "agent.circuit-id") return Field{Field::Kind::relay_option, 1};
    if (!bracket && name == "agent.remote-id") return Field{Field::Kind::relay_option, 2};
    const auto code = known_.code_of(name);
    if (!code) return std::nullopt;
    return Field{kind, *code};
  }

  std::optional<ImportedCondition> read_comparison() {
    exists_ = false;
    const auto field = read_field();
    if (!field) return std::nullopt;
    if (exists_) {
      if (field->kind != Field::Kind::option || field->part) return std::nullopt;
      return option_exists(field->code);
    }
    const bool differs = take("!=");
    if (!differs && !take("==") && !take("=")) return std::nullopt;
    const std::string octets = octets_of(word());
    ++at_;
    if (octets.empty() || octets.size() > kPatternOctetsMax) return std::nullopt;
    const auto condition = compared(*field, octets);
    if (!condition || !differs) return condition;
    return negated(*condition);
  }

  // 0x0007, 00:07, or text as it is.
  static std::string octets_of(std::string_view text) {
    const bool prefixed = text.starts_with("0x");
    if (prefixed || text.find(':') != std::string_view::npos) {
      const auto octets = parse_hex(prefixed ? text.substr(2) : text);
      if (octets) return {octets->begin(), octets->end()};
    }
    if (const auto address = Ipv4Address::parse(text)) return octets_of_address(*address);
    return std::string(text);
  }

  static std::optional<ImportedCondition> compared(const Field& field, std::string_view octets) {
    if (field.kind == Field::Kind::mac) {
      if (octets.size() != 6 || field.part) return std::nullopt;
      const auto* const first = reinterpret_cast<const std::uint8_t*>(octets.data());
      return ImportedCondition{"{ mac = \"" + MacAddress::from(first).text() + "\" }"};
    }
    if (!field.part) {
      if (field.kind == Field::Kind::relay_option) return relay_option_is(field.code, octets);
      return option_is(field.code, octets);
    }
    const auto [from, count] = *field.part;
    if (field.kind == Field::Kind::relay_option || count < octets.size() ||
        from > kPatternOctetsMax) {
      return std::nullopt;
    }
    if (from == 0 && field.code == kUserClass && octets == "iPXE") return runs_ipxe();
    if (from == 0 && field.code == kVendorClass) {
      if (auto architecture = vendor_class_architecture(octets)) return architecture;
    }
    std::string pattern = "^";
    if (from > 0) pattern += ".{" + std::to_string(from) + "}";
    pattern += escaped_pattern(octets);
    if (count > octets.size()) pattern += kEnd;
    return matching(field.code, pattern);
  }

  std::span<const std::string> words_;
  const ConditionWords& known_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  bool exists_ = false;
};

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
  return matching(code, "^(.{4})*" + escaped_pattern(octets_of_address(address)));
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

std::optional<ImportedCondition> condition_of(std::span<const std::string> words,
                                              const ConditionWords& known) {
  constexpr std::size_t kWordsMax = 2000;
  if (words.empty() || words.size() > kWordsMax) return std::nullopt;
  return Expression(words, known).read();
}

std::vector<std::string> expression_words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return words;
    text.remove_prefix(first);
    std::size_t length = 1;
    if (text.front() == '\'') {
      const std::size_t end = std::min(text.find('\'', 1), text.size());
      words.emplace_back(text.substr(1, end - 1));
      text.remove_prefix(std::min(end + 1, text.size()));
      continue;
    }
    if (text.starts_with("==") || text.starts_with("!=")) {
      length = 2;
    } else if (std::string_view("()[],").find(text.front()) == std::string_view::npos) {
      length = std::min(text.find_first_of(" \t\r\n()[],=!'", 1), text.size());
    }
    words.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
}

}  // namespace reveille
