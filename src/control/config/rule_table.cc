#include "control/config/rule_table.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "control/config/architecture_key.h"
#include "control/config/config_file.h"
#include "control/config/dhcp_option_value.h"
#include "control/config/rule_value.h"
#include "policy/patterns.h"

namespace reveille {
namespace {

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kOptionsMax = 64;

using ParseRange = std::optional<ValueRange> (*)(std::string_view);

struct NumberKey {
  RuleField field;
  std::string_view key;
  ParseRange parse;
  std::string_view form;
};

constexpr std::array kNumberKeys{
    NumberKey{RuleField::mac, "mac", parse_mac_range,
              "a MAC address such as \"52:54:00:12:34:56\", its first octets or a range"},
    NumberKey{RuleField::architecture, "arch", parse_architecture_range,
              "a client architecture such as \"x64-uefi\", or its number"},
    NumberKey{RuleField::firmware, "firmware", parse_firmware_range,
              "\"bios\", \"uefi\", \"http\", \"ipxe\", \"other\" or \"none\""},
    NumberKey{RuleField::subnet, "subnet", parse_network_range,
              "a network such as \"10.77.0.0/16\""},
    NumberKey{RuleField::relay, "relay", parse_address_range,
              "an address such as \"10.9.0.1\", a network or a range"},
    NumberKey{RuleField::vlan, "vlan", parse_vlan_range, "a VLAN id from 0 to 4094, or a range"},
};

struct TextKey {
  RuleField field;
  std::string_view key;
};

constexpr std::array kTextKeys{
    TextKey{RuleField::vendor_class, "vendor_class"}, TextKey{RuleField::user_class, "user_class"},
    TextKey{RuleField::client_id, "client_id"},       TextKey{RuleField::host_name, "host_name"},
    TextKey{RuleField::circuit_id, "circuit_id"},     TextKey{RuleField::remote_id, "remote_id"},
};

constexpr std::array kTextTables{
    TextKey{RuleField::option, "option"},
    TextKey{RuleField::vendor_option, "vendor_option"},
};

Condition leaf(RuleField field, std::uint8_t number = 0) {
  Condition condition;
  condition.kind = Condition::Kind::leaf;
  condition.field = field;
  condition.number = number;
  return condition;
}

// One condition table: every key of it must hold.
class ConditionReader {
 public:
  explicit ConditionReader(Reading& reading) : problems_(reading.problems) {}

  void read(TableReader& table, Condition& to) {
    to.kind = Condition::Kind::all;
    for (const NumberKey& key : kNumberKeys) read_numbers(table, key, to);
    read_known(table, to);
    read_uuids(table, to);
    for (const TextKey& key : kTextKeys) {
      if (const toml::node* node = table.find(key.key)) {
        add(to, read_patterns(*node, key.key, leaf(key.field)));
      }
    }
    for (const TextKey& key : kTextTables) read_text_table(table, key, to);
    read_group(table, "all", Condition::Kind::all, to);
    read_group(table, "any", Condition::Kind::any, to);
    read_group(table, "not", Condition::Kind::none, to);
  }

 private:
  // What held a problem is left out: it has been said.
  static void add(Condition& to, std::optional<Condition> part) {
    if (part) to.parts.push_back(std::move(*part));
  }

  // The elements of a list, or the one value; nullopt when there are none or too many.
  std::optional<std::vector<const toml::node*>> elements(const toml::node& node,
                                                         std::string_view key) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return std::vector{&node};
    std::vector<const toml::node*> all;
    for (const toml::node& one : *array) all.push_back(&one);
    if (all.empty()) {
      problems_.error(origin_of(node), std::string(key) + " is an empty list: nothing would match");
    } else if (all.size() > kRuleValuesMax) {
      problems_.error(origin_of(node), std::string(key) + " has " + std::to_string(all.size()) +
                                           " entries; at most " + std::to_string(kRuleValuesMax) +
                                           " are possible");
    } else {
      return all;
    }
    return std::nullopt;
  }

  void read_numbers(TableReader& table, const NumberKey& key, Condition& to) {
    const toml::node* node = table.find(key.key);
    if (node == nullptr) return;
    const auto all = elements(*node, key.key);
    if (!all) return;
    Condition condition = leaf(key.field);
    for (const toml::node* one : *all) {
      if (const auto range = number_range(*one, key)) condition.values.push_back(*range);
    }
    if (!condition.values.empty()) add(to, std::move(condition));
  }

  // Architectures and VLANs may be written as numbers.
  std::optional<ValueRange> number_range(const toml::node& node, const NumberKey& key) {
    std::string written;
    if (const auto* text = node.as_string()) {
      written = text->get();
    } else if (const auto* number = node.as_integer()) {
      written = std::to_string(number->get());
    } else {
      problems_.error(origin_of(node), std::string(key.key) + " wants " + std::string(key.form) +
                                           ", not " + std::string(type_text(node)));
      return std::nullopt;
    }
    const auto range = key.parse(written);
    if (!range) {
      problems_.error(origin_of(node), std::string(key.key) + ": " + in_quotes(written) +
                                           " is not " + std::string(key.form) +
                                           meant(key.field, written));
    }
    return range;
  }

  static std::string meant(RuleField field, std::string_view written) {
    if (field != RuleField::architecture) return {};
    const std::vector<std::string> keys = architecture_keys();
    const std::string_view nearest_key = nearest(written, {keys.begin(), keys.end()});
    return nearest_key.empty() ? "" : "; did you mean " + in_quotes(nearest_key) + "?";
  }

  void read_known(TableReader& table, Condition& to) {
    if (table.find("known") == nullptr) return;
    bool known = false;
    table.flag("known", known);
    const std::uint64_t value = known ? 1 : 0;
    Condition condition = leaf(RuleField::known);
    condition.values = {{value, value}};
    add(to, std::move(condition));
  }

  void read_uuids(TableReader& table, Condition& to) {
    Condition condition = leaf(RuleField::uuid);
    table.list("uuid", condition.uuids, Uuid::parse,
               "a UUID such as \"00112233-4455-6677-8899-aabbccddeeff\"", kRuleValuesMax);
    if (!condition.uuids.empty()) add(to, std::move(condition));
  }

  std::optional<Condition> read_patterns(const toml::node& node, std::string_view key,
                                         Condition condition) {
    const auto all = elements(node, key);
    if (!all) return std::nullopt;
    for (const toml::node* one : *all) {
      const auto* text = one->as_string();
      if (text == nullptr) {
        problems_.error(origin_of(*one),
                        std::string(key) +
                            " wants a regular expression such as '^PXEClient', not " +
                            std::string(type_text(*one)));
        continue;
      }
      if (const std::string why = pattern_problem(text->get()); !why.empty()) {
        problems_.error(origin_of(*one),
                        std::string(key) + ": pattern " + in_quotes(text->get()) + ": " + why);
        continue;
      }
      condition.patterns.push_back(text->get());
    }
    if (condition.patterns.empty()) return std::nullopt;
    return condition;
  }

  // option = { 94 = '^\x01' }: patterns by option number.
  void read_text_table(TableReader& table, const TextKey& key, Condition& to) {
    table.entries(key.key, kOptionsMax, [&](const toml::key& name, const toml::node& node) {
      const std::string_view text = name.str();
      unsigned number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > 254) {
        problems_.error(origin_of(node), std::string(key.key) + ": " + in_quotes(text) +
                                             " is not the number of an option, 1 to 254");
        return;
      }
      const std::string called = std::string(key.key) + " " + std::to_string(number);
      add(to, read_patterns(node, called, leaf(key.field, static_cast<std::uint8_t>(number))));
    });
  }

  // all, any and not: a list of condition tables, or one.
  void read_group(TableReader& table, std::string_view key, Condition::Kind kind, Condition& to) {
    const toml::node* node = table.find(key);
    if (node == nullptr) return;
    Condition group;
    group.kind = kind;
    const auto read_part = [&](TableReader& inner) { read(inner, group.parts.emplace_back()); };
    if (node->is_table()) {
      table.table(key, read_part);
    } else {
      table.tables(key, kRulePartsMax, [&](TableReader& inner, std::size_t) { read_part(inner); });
    }
    if (group.parts.empty()) {
      if (node->is_array() && node->as_array()->empty()) {
        problems_.error(origin_of(*node), in_quotes(key) + " has no conditions in it");
      }
      return;
    }
    add(to, std::move(group));
  }

  Problems& problems_;
};

void read_rule_options(TableReader& rule, std::vector<DhcpOptionConfig>& to) {
  Reading& reading = rule.reading();
  rule.entries("options", kOptionsMax, [&](const toml::key& key, const toml::node& value) {
    DhcpOptionConfig option;
    if (!read_option(key, value, option, reading.problems)) return;
    if (std::ranges::find(to, option.code, &DhcpOptionConfig::code) != to.end()) {
      reading.problems.error(origin_of(value), "option " + std::to_string(option.code) +
                                                   " is set twice, by name and by number");
      return;
    }
    to.push_back(std::move(option));
  });
}

void read_answer(TableReader& table, RuleConfig& rule) {
  bool deny = false;
  bool ignore = false;
  table.flag("deny", deny);
  table.flag("ignore", ignore);
  Problems& problems = table.reading().problems;
  const Origin origin = table.reading().origins.of(table.path());
  const bool gives = !rule.boot_file.empty() || !rule.ipxe_script.empty() || rule.next_server ||
                     !rule.root_path.empty() || rule.address || !rule.pool.empty() ||
                     rule.lease_time || !rule.options.empty();
  if (deny && ignore) {
    problems.error(origin, "a rule can deny or ignore a machine, not both");
  } else if ((deny || ignore) && gives) {
    problems.error(origin,
                   "a rule that turns machines away gives them nothing: leave out either "
                   "`" +
                       std::string(deny ? "deny" : "ignore") + "` or the rest");
  }
  if (deny) rule.answer = RuleAnswer::deny;
  if (ignore) rule.answer = RuleAnswer::ignore;
}

}  // namespace

std::string_view rule_field_key(RuleField field) {
  for (const NumberKey& known : kNumberKeys) {
    if (known.field == field) return known.key;
  }
  for (const TextKey& known : kTextKeys) {
    if (known.field == field) return known.key;
  }
  for (const TextKey& known : kTextTables) {
    if (known.field == field) return known.key;
  }
  return field == RuleField::known ? "known" : "uuid";
}

void read_rules(TableReader& file, std::vector<RuleConfig>& to) {
  file.tables("rule", kRulesMax, [&](TableReader& table, std::size_t index) {
    RuleConfig& rule = to.emplace_back();
    table.text("name", rule.name, kNameMax);
    if (rule.name.empty()) rule.name = "rule " + std::to_string(index + 1);
    table.table("when",
                [&](TableReader& when) { ConditionReader(table.reading()).read(when, rule.when); });
    table.text("boot_file", rule.boot_file, kNameMax);
    table.lines("ipxe_script", rule.ipxe_script, kTemplateBytesMax);
    table.parsed("next_server", rule.next_server, Ipv4Address::parse,
                 "an address such as \"10.77.0.1\"");
    table.text("root_path", rule.root_path, kNameMax);
    table.parsed("address", rule.address, Ipv4Address::parse, "an address such as \"10.77.0.50\"");
    table.text("pool", rule.pool, kPoolNameMax);
    table.duration("lease_time", rule.lease_time, kLeaseTimeMin, kLeaseTimeMax);
    read_rule_options(table, rule.options);
    read_answer(table, rule);
  });
}

}  // namespace reveille
