#include "control/import/import_expression.h"

#include <algorithm>

#include "control/config/value_text.h"
#include "control/import/import_options.h"

namespace reveille {
namespace {

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
    auto condition = compared(*field, octets);
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
    if (const auto address = Ipv4Address::parse(text)) return reveille::octets_of(*address);
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
    return option_has_at(field.code, from, octets, count > octets.size());
  }

  std::span<const std::string> words_;
  const ConditionWords& known_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  bool exists_ = false;
};

}  // namespace

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
