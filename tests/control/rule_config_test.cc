// [[rule]] in a file: what it becomes, and what is said of a file that is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <reveille/event.h>

#include "config_problems.h"
#include "control/config/rule_table.h"
#include "control/config/rule_value.h"

namespace reveille {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string rule_problems(const std::string& rules) {
  return parse_config(rules, "f").problems.text();
}
// With what only shows when all is seen together.
std::string checked(const std::string& rules) {
  return problems_of(kProxy + "[images]\nroot = \"/b\"\n" + kLink + rules);
}
RuleConfig only(const std::string& text) {
  ParsedConfig parsed = parse_config(text, "f");
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.rules.size(), 1U);
  return parsed.config.rules.empty() ? RuleConfig{} : parsed.config.rules[0];
}

TEST(RuleTable, AKeyIsALeafAndAListAChoice) {
  const RuleConfig rule = only(R"([[rule]]
when.arch = ["x64-uefi", 16]
when.mac = ["52:54:00:12:34:56", "00:16:3e", "02:00:00:00:00:10-02:00:00:00:00:1f"]
when.vlan = [20, "30-39"]
when.vendor_class = '^PXEClient'
when.option = { 94 = '^\x01\x03' }
when.uuid = "00112233-4455-6677-8899-aabbccddeeff"
boot_file = "a.efi"
)");
  EXPECT_EQ(rule.name, "rule 1");
  EXPECT_EQ(rule.when.kind, Condition::Kind::all);
  ASSERT_EQ(rule.when.parts.size(), 6U);
  const auto leaf = [&](RuleField field) -> const Condition& {
    return *std::ranges::find(rule.when.parts, field, &Condition::field);
  };
  EXPECT_EQ(leaf(RuleField::architecture).values, (std::vector<ValueRange>{{7, 7}, {16, 16}}));
  EXPECT_EQ(leaf(RuleField::mac).values,
            (std::vector<ValueRange>{{0x525400123456, 0x525400123456},
                                     {0x00163e000000, 0x00163effffff},
                                     {0x020000000010, 0x02000000001f}}));
  EXPECT_EQ(leaf(RuleField::vlan).values, (std::vector<ValueRange>{{20, 20}, {30, 39}}));
  EXPECT_EQ(leaf(RuleField::vendor_class).patterns, std::vector<std::string>{"^PXEClient"});
  EXPECT_EQ(leaf(RuleField::option).number, 94);
  EXPECT_EQ(leaf(RuleField::option).patterns, std::vector<std::string>{R"(^\x01\x03)"});
  EXPECT_EQ(leaf(RuleField::uuid).uuids.size(), 1U);
}

TEST(RuleTable, KnownIsAFlag) {
  const RuleConfig rule = only("[[rule]]\nwhen.known = true\nboot_file = \"a\"\n");
  ASSERT_EQ(rule.when.parts.size(), 1U);
  EXPECT_EQ(rule.when.parts[0].field, RuleField::known);
  EXPECT_EQ(rule.when.parts[0].values, (std::vector<ValueRange>{{1, 1}}));
  EXPECT_EQ(rule_field_key(RuleField::known), "known");
  EXPECT_EQ(value_text(RuleField::known, {0, 0}), "false");
  EXPECT_THAT(rule_problems("[[rule]]\nwhen.known = \"yes\"\nboot_file = \"a\"\n"),
              HasSubstr("known"));
  EXPECT_THAT(checked("[[rule]]\nwhen.known = true\nboot_file = \"a\"\n"
                      "[[rule]]\nwhen.known = true\nboot_file = \"b\"\n"),
              HasSubstr("can never match"));
}

TEST(RuleTable, GroupsNest) {
  const RuleConfig rule = only(R"([[rule]]
name = "nested"
boot_file = "a.efi"
[rule.when]
any = [{ firmware = "ipxe" }, { subnet = "10.1.0.0/16", not = { relay = "10.9.0.0/24" } }]
not = [{ host_name = "^a" }, { host_name = "^b" }]
)");
  ASSERT_EQ(rule.when.parts.size(), 2U);
  const Condition& any = rule.when.parts[0];
  EXPECT_EQ(any.kind, Condition::Kind::any);
  ASSERT_EQ(any.parts.size(), 2U);
  EXPECT_EQ(any.parts[0].parts[0].values[0].first, static_cast<std::uint64_t>(Firmware::ipxe));
  EXPECT_EQ(any.parts[1].parts[1].kind, Condition::Kind::none);
  EXPECT_EQ(rule.when.parts[1].kind, Condition::Kind::none);
  EXPECT_EQ(rule.when.parts[1].parts.size(), 2U);
}

TEST(RuleTable, WhatARuleGives) {
  const RuleConfig rule = only(R"([[rule]]
next_server = "10.0.0.9"
root_path = "aoe:e1.2"
[rule.options]
ntp-servers = ["10.0.0.5"]
150 = { ip = "10.0.0.8" }
)");
  EXPECT_EQ(rule.next_server, Ipv4Address::of(10, 0, 0, 9));
  EXPECT_EQ(rule.root_path, "aoe:e1.2");
  EXPECT_EQ(rule.lease_time, std::nullopt);
  EXPECT_EQ(only("[[rule]]\nlease_time = \"10m\"\n").lease_time, std::chrono::minutes{10});
  EXPECT_THAT(rule_problems("[[rule]]\nlease_time = \"2s\"\n"),
              HasSubstr("lease_time must be 10s to"));
  EXPECT_THAT(rule_problems("[[rule]]\nlease_time = \"10m\"\ndeny = true\n"),
              HasSubstr("gives them nothing"));
  ASSERT_EQ(rule.options.size(), 2U);
  EXPECT_EQ(only("[[rule]]\ndeny = true\n").answer, RuleAnswer::deny);
  EXPECT_EQ(only("[[rule]]\nignore = true\n").answer, RuleAnswer::ignore);
  EXPECT_EQ(only("[[rule]]\nboot_file = \"a\"\n").answer, RuleAnswer::serve);
}

TEST(RuleTable, AScriptInTheRuleIsATemplateOfItsOwn) {
  const ParsedConfig parsed = parse_config(R"([[rule]]
boot_file = "a.efi"
ipxe_script = "menu.ipxe"
[[rule]]
ipxe_script = '''
#!ipxe
echo {{mac}}
'''
)",
                                           "f");
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.rules[0].ipxe_script, "menu.ipxe");
  EXPECT_EQ(parsed.config.rules[1].ipxe_script, "rule-2.ipxe");
  ASSERT_EQ(parsed.config.templates.size(), 1U);
  EXPECT_EQ(parsed.config.templates[0].name, "rule-2.ipxe");
  EXPECT_EQ(parsed.config.templates[0].text, "#!ipxe\necho {{mac}}\n");
  EXPECT_EQ(parsed.origins.of("template[0].text").line, 5U);
}

TEST(RuleTable, ProblemsHaveTheirPlaceAllAtOnce) {
  const std::string text = R"x([[rule]]
when.mac = "52:54:0"
when.arch = ["x64-uefi", "x64-efi"]
when.vlan = 5000
when.firmware = "openfirmware"
when.vendor_class = ['ok', '(a)\1']
when.user_class = 7
when.option = { 300 = 'a', 60 = '(?=b)' }
when.colour = "red"
boot_file = "a.efi"
options = { ntp-server = "10.0.0.1" }
)x";
  const std::string expected =
      R"x(f:2:12: error: mac: "52:54:0" is not a MAC address such as "52:54:00:12:34:56", its first octets or a range
f:3:26: error: arch: "x64-efi" is not a client architecture such as "x64-uefi", or its number; did you mean "x64-uefi"?
f:4:13: error: vlan: "5000" is not a VLAN id from 0 to 4094, or a range
f:5:17: error: firmware: "openfirmware" is not "bios", "uefi", "http", "ipxe", "other" or "none"
f:6:28: error: vendor_class: pattern "(a)\\1": a pattern cannot refer back (\1); list the alternatives, as in (aa|bb)
f:7:19: error: user_class wants a regular expression such as '^PXEClient', not a whole number
f:8:23: error: option: "300" is not the number of an option, 1 to 254
f:8:33: error: option 60: pattern "(?=b)": a pattern cannot look ahead or behind; say what must match, and in rules use `not`
f:9:6: error: unknown key "colour" in [rule.when]; known are all, any, arch, circuit_id, client_id, firmware, host_name, known, mac, not, option, relay, remote_id, subnet, user_class, uuid, vendor_class, vendor_option, vlan
f:11:13: error: unknown DHCP option "ntp-server"; did you mean "ntp-servers"?
)x";
  EXPECT_EQ(rule_problems(text), expected);
}

TEST(RuleTable, EmptyListsAndContradictionsAreErrors) {
  EXPECT_THAT(rule_problems("[[rule]]\nwhen.mac = []\nboot_file = \"a\"\n"),
              HasSubstr("f:2:12: error: mac is an empty list: nothing would match"));
  EXPECT_THAT(rule_problems("[[rule]]\nwhen.any = []\nboot_file = \"a\"\n"),
              HasSubstr("f:2:12: error: \"any\" has no conditions in it"));
  EXPECT_THAT(rule_problems("[[rule]]\ndeny = true\nignore = true\n"),
              HasSubstr("deny or ignore a machine, not both"));
  EXPECT_THAT(rule_problems("[[rule]]\ndeny = true\nboot_file = \"a\"\n"),
              HasSubstr("leave out either `deny` or the rest"));
  EXPECT_THAT(rule_problems("[[rule]]\nwhen = 5\nboot_file = \"a\"\n"), HasSubstr("wants a table"));
  EXPECT_THAT(rule_problems("[[rule]]\nwhen.not = [7]\nboot_file = \"a\"\n"),
              HasSubstr("wants tables"));
  EXPECT_THAT(rule_problems("[[rule]]\nwhen.mac = \"02:00:00:00:00:09-02:00:00:00:00:01\"\n"),
              HasSubstr("is not a MAC address"));
}

TEST(RuleCheck, ARuleSaysSomething) {
  EXPECT_EQ(
      checked("[[rule]]\nname = \"empty\"\nwhen.arch = 7\n"),
      "f:8:1: error: rule \"empty\" says nothing: give `boot_file`, `ipxe_script`, `next_server`, "
      "`root_path`, `address`, `pool`, `lease_time`, options, `deny` or `ignore`\n");
  EXPECT_THAT(checked("[[rule]]\nboot_file = \"/b/x.efi\"\n"),
              HasSubstr("is a path on this machine"));
  EXPECT_THAT(checked("[[rule]]\nboot_file = \"../x.efi\"\n"),
              HasSubstr("leaves the image folder"));
  EXPECT_THAT(checked("[[rule]]\nnext_server = \"224.0.0.1\"\n"),
              HasSubstr("is a multicast address"));
}

TEST(RuleCheck, WarnsOfRulesThatCanNeverMatch) {
  EXPECT_EQ(
      checked(R"([[rule]]
name = "lab"
when.subnet = "10.77.0.0/16"
boot_file = "lab.efi"
[[rule]]
name = "rack"
when.subnet = "10.77.7.0/24"
when.arch = "x64-uefi"
boot_file = "rack.efi"
[[rule]]
when.vlan = 3
when.not = { vlan = "1-9" }
boot_file = "never.efi"
)"),
      "f:12:1: warning: rule \"rack\" can never match: rule \"lab\" (line 8) matches whatever "
      "it would\n"
      "f:17:1: warning: rule \"rule 3\" can never match: its conditions exclude each other\n");
  EXPECT_THAT(checked("[[rule]]\nname = \"a\"\nwhen.arch = 7\nboot_file = \"x\"\n"
                      "[[rule]]\nname = \"a\"\nwhen.arch = 8\nboot_file = \"x\"\n"),
              HasSubstr("another rule is called \"a\" already"));
  EXPECT_EQ(checked("[[rule]]\nwhen.arch = 7\nboot_file = \"x\"\n[[rule]]\nboot_file = \"y\"\n"),
            "");
}

TEST(RuleCheck, SaysWhenCombinationsAreTooMany) {
  std::string rule = "[[rule]]\nboot_file = \"a\"\n[rule.when]\nall = [\n";
  for (int i = 0; i < 11; ++i) {
    rule +=
        "{ any = [{ vlan = " + std::to_string(i) + " }, { arch = " + std::to_string(i) + " }] },\n";
  }
  EXPECT_THAT(checked(rule + "]\n"), HasSubstr("more than 1024 combinations"));
}

TEST(RuleValues, HaveManyForms) {
  using Range = std::optional<ValueRange>;
  EXPECT_EQ(parse_mac_range("02-00-00-00-00-01"), (Range{{0x020000000001, 0x020000000001}}));
  EXPECT_EQ(parse_mac_range("02"), (Range{{0x020000000000, 0x02ffffffffff}}));
  EXPECT_EQ(parse_mac_range("02:00:*"), (Range{{0x020000000000, 0x0200ffffffff}}));
  EXPECT_EQ(parse_mac_range("ff:ff:ff:ff:ff"), (Range{{0xffffffffff00, 0xffffffffffff}}));
  for (const char* bad : {"", "*", "0", "02:", "02:0", "0200", "02:00:00:00:00:01:02", "02::00",
                          "02:00:00:00:00:01-", "zz"}) {
    EXPECT_EQ(parse_mac_range(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_address_range("10.0.0.9"), (Range{{0x0a000009, 0x0a000009}}));
  EXPECT_EQ(parse_address_range("10.0.0.9-10.0.0.11"), (Range{{0x0a000009, 0x0a00000b}}));
  EXPECT_EQ(parse_address_range("10.0.0.9-10.0.0.1"), std::nullopt);
  EXPECT_EQ(parse_address_range("10.0.0.0/24"), (Range{{0x0a000000, 0x0a0000ff}}));
  EXPECT_EQ(parse_network_range("10.0.0.1"), std::nullopt);
  EXPECT_EQ(parse_vlan_range("7"), (Range{{7, 7}}));
  for (const char* bad : {"", "-", "7-", "-7", "9-7", "4095", "0x7", "7 "}) {
    EXPECT_EQ(parse_vlan_range(bad), std::nullopt) << bad;
  }
}

TEST(RuleValues, AreWrittenAsTheyAreRead) {
  const auto again = [](RuleField field, const char* text, auto parse) {
    const auto range = parse(text);
    return range ? value_text(field, *range) : std::string("-");
  };
  for (const char* text : {"52:54:00:12:34:56", "02:00:00:00:00:01-02:00:00:00:00:09"}) {
    EXPECT_EQ(again(RuleField::mac, text, parse_mac_range), text);
  }
  for (const char* text : {"10.0.0.9", "10.0.0.0/24", "10.0.0.9-10.0.0.11", "0.0.0.0/0"}) {
    EXPECT_EQ(again(RuleField::relay, text, parse_address_range), text);
  }
  EXPECT_EQ(again(RuleField::vlan, "20-29", parse_vlan_range), "20-29");
  EXPECT_EQ(again(RuleField::architecture, "7", parse_architecture_range), "x64-uefi");
  EXPECT_EQ(again(RuleField::architecture, "9999", parse_architecture_range), "9999");
  EXPECT_EQ(again(RuleField::firmware, "ipxe", parse_firmware_range), "ipxe");
  EXPECT_EQ(rule_field_key(RuleField::uuid), "uuid");
  EXPECT_EQ(rule_field_key(RuleField::vendor_option), "vendor_option");
  EXPECT_EQ(rule_field_key(RuleField::circuit_id), "circuit_id");
}

}  // namespace
}  // namespace reveille
