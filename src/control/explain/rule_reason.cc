#include "control/explain/rule_reason.h"

#include <algorithm>

#include "control/config/rule_table.h"
#include "control/config/rule_value.h"
#include "control/explain/option_text.h"
#include "policy/fields.h"

namespace reveille {
namespace {

constexpr std::size_t kNamedMax = 4;  // values of a list

template <class List, class Text>
std::string choice(const List& list, const Text& text) {
  std::string all;
  const std::size_t named = std::min(list.size(), kNamedMax);
  for (std::size_t i = 0; i < named; ++i) {
    all += (i == 0 ? "" : i + 1 == list.size() ? " or " : ", ") + text(list[i]);
  }
  if (named == list.size()) return all;
  return all + " or one of " + std::to_string(list.size() - named) + " more";
}

std::string key_of(const RuleAtom& atom) {
  std::string key(rule_field_key(atom.field));
  const bool numbered = atom.field == RuleField::option || atom.field == RuleField::vendor_option;
  return numbered ? key + " " + std::to_string(atom.number) : key;
}

// Empty: the client does not have it.
std::string value_of(const Facts& facts, RuleField field, std::uint8_t number) {
  if (field == RuleField::uuid) return facts.uuid ? facts.uuid->text() : "";
  if (is_number(field)) {
    const auto value = number_of(facts, field);
    return value ? value_text(field, ValueRange{*value, *value}) : "";
  }
  const Bytes octets = octets_of(facts, field, number);
  return octets.empty() ? "" : octets_text(octets);
}

}  // namespace

std::string reason_text(const RuleAtom& atom, bool holds, const Facts& facts) {
  const std::string should = holds ? " should " : " should not ";
  std::string wanted;
  if (is_text(atom.field)) {
    const auto in_single_quotes = [](const std::string& pattern) { return "'" + pattern + "'"; };
    wanted = should + "match " + choice(atom.patterns, in_single_quotes);
  } else if (atom.field == RuleField::uuid) {
    wanted = should + "be " + choice(atom.uuids, [](const Uuid& uuid) { return uuid.text(); });
  } else {
    const auto text = [&](const ValueRange& range) { return value_text(atom.field, range); };
    wanted = should + "be " + choice(atom.values, text);
  }
  const std::string is = value_of(facts, atom.field, atom.number);
  return key_of(atom) + wanted + (is.empty() ? ", and there is none" : ", and is " + is);
}

std::vector<std::pair<std::string, std::string>> fact_texts(const Facts& facts) {
  std::vector<std::pair<std::string, std::string>> texts;
  const auto add = [&](RuleField field) {
    std::string value = value_of(facts, field, 0);
    if (!value.empty()) texts.emplace_back(rule_field_key(field), std::move(value));
  };
  for (const RuleField field :
       {RuleField::mac, RuleField::architecture, RuleField::firmware, RuleField::uuid,
        RuleField::subnet, RuleField::relay, RuleField::vlan, RuleField::vendor_class,
        RuleField::user_class, RuleField::client_id, RuleField::host_name, RuleField::circuit_id,
        RuleField::remote_id}) {
    add(field);
  }
  if (facts.known) add(RuleField::known);
  for (unsigned code = 1; code < 255 && facts.message != nullptr; ++code) {
    const auto option = static_cast<std::uint8_t>(code);
    const bool has_key = code == 12 || code == 60 || code == 61 || code == 77 || code == 82 ||
                         code == 93 || code == 97;
    const bool is_exchange = code >= 50 && code <= 59;
    const std::string value = value_of(facts, RuleField::option, option);
    if (!has_key && !is_exchange && !value.empty()) {
      texts.emplace_back("option " + std::to_string(code), value);
    }
  }
  return texts;
}

}  // namespace reveille
