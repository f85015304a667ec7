// [subnet.options]: names, shapes, octets.
#include <gtest/gtest.h>

#include "control/config/config_file.h"
#include "control/config/dhcp_option_names.h"

namespace reveille {
namespace {

struct Good {
  const char* toml;
  std::uint8_t code;
  std::vector<std::uint8_t> octets;
};

TEST(DhcpOption, BecomesOctets) {
  const Good cases[] = {
      {"swap-server = \"10.0.0.1\"", 16, {10, 0, 0, 1}},
      {"ntp-servers = [\"10.0.0.1\", \"10.0.0.2\"]", 42, {10, 0, 0, 1, 10, 0, 0, 2}},
      {"ntp-servers = \"10.0.0.1\"", 42, {10, 0, 0, 1}},
      {"static-routes = [\"10.9.0.0\", \"10.0.0.1\"]", 33, {10, 9, 0, 0, 10, 0, 0, 1}},
      {"default-ip-ttl = 64", 23, {64}},
      {"interface-mtu = 1500", 26, {0x05, 0xdc}},
      {"arp-cache-timeout = 65536", 35, {0, 1, 0, 0}},
      {"time-offset = -3600", 2, {0xff, 0xff, 0xf1, 0xf0}},
      {"path-mtu-plateau-table = [68, 296]", 25, {0, 68, 1, 40}},
      {"ip-forwarding = true", 19, {1}},
      {"root-path = \"/a\"", 17, {'/', 'a'}},
      {"classless-static-routes = \"18:0a:09:08:0a:00:00:01\"", 121, {24, 10, 9, 8, 10, 0, 0, 1}},
      {"224 = \"0a0b\"", 224, {10, 11}},
      {"224 = { hex = \"0a\" }", 224, {10}},
      {"224 = { ip = [\"10.0.0.1\"] }", 224, {10, 0, 0, 1}},
      {"224 = { u8 = 7 }", 224, {7}},
      {"224 = { u16 = 7 }", 224, {0, 7}},
      {"224 = { u32 = 7 }", 224, {0, 0, 0, 7}},
      {"224 = { text = \"a\" }", 224, {'a'}},
      {"42 = { ip = \"10.0.0.1\" }", 42, {10, 0, 0, 1}},
  };
  for (const Good& one : cases) {
    const ParsedConfig parsed =
        parse_config(std::string("[[subnet]]\n[subnet.options]\n") + one.toml + "\n", "f");
    EXPECT_EQ(parsed.problems.text(), "") << one.toml;
    ASSERT_EQ(parsed.config.subnets.size(), 1U) << one.toml;
    ASSERT_EQ(parsed.config.subnets[0].options.size(), 1U) << one.toml;
    EXPECT_EQ(parsed.config.subnets[0].options[0].code, one.code) << one.toml;
    EXPECT_EQ(parsed.config.subnets[0].options[0].value, one.octets) << one.toml;
  }
}

struct BadOption {
  const char* toml;
  const char* expected;
};

TEST(DhcpOption, SaysWhatItWants) {
  const BadOption cases[] = {
      {"ntp-server = \"10.0.0.1\"",
       "f:3:1: error: unknown DHCP option \"ntp-server\"; did you mean \"ntp-servers\"?\n"},
      {"qqqqqqqqqqqq = 1", "f:3:1: error: unknown DHCP option \"qqqqqqqqqqqq\"; give its number\n"},
      {"256 = \"00\"", "f:3:1: error: unknown DHCP option \"256\"; give its number\n"},
      {"swap-server = \"10.0.0\"",
       "f:3:15: error: option \"swap-server\" wants an address such as \"10.0.0.1\"\n"},
      {"ntp-servers = []",
       "f:3:15: error: option \"ntp-servers\" wants addresses such as [\"10.0.0.1\"]\n"},
      {"static-routes = [\"10.9.0.0\"]",
       "f:3:17: error: option \"static-routes\" wants pairs of addresses such as [\"10.9.0.0\", "
       "\"10.0.0.1\"]\n"},
      {"default-ip-ttl = 256",
       "f:3:18: error: option \"default-ip-ttl\" wants a whole number from 0 to 255\n"},
      {"interface-mtu = \"big\"",
       "f:3:17: error: option \"interface-mtu\" wants a whole number from 0 to 65535\n"},
      {"ip-forwarding = 1", "f:3:17: error: option \"ip-forwarding\" wants true or false\n"},
      {"root-path = \"\"", "f:3:13: error: option \"root-path\" wants text that is not empty\n"},
      {"domain-search = \"lab\"",
       "f:3:17: error: option \"domain-search\" wants octets such as \"0a:0b:0c\"\n"},
      {"224 = { u64 = 1 }",
       "f:3:7: error: option \"224\" wants a shape and a value, one of { ip = }, { u8 = }, { u16 = "
       "}, { u32 = }, { text = }, { hex = }\n"},
      {"224 = 5",
       "f:3:7: error: option \"224\" wants a shape and a value, one of { ip = }, { u8 = }, { u16 = "
       "}, { u32 = }, { text = }, { hex = }\n"},
      {"53 = \"05\"",
       "f:3:6: error: option \"53\" cannot be set by hand: it belongs to the DHCP exchange "
       "itself\n"},
      {"3 = { ip = \"10.0.0.1\" }",
       "f:3:5: error: option \"3\" cannot be set by hand: set the subnet's `routers`\n"},
      {"42 = { ip = \"10.0.0.1\" }\nntp-servers = \"10.0.0.1\"",
       "f:4:15: error: option 42 is set twice, by name and by number\n"},
  };
  for (const BadOption& one : cases) {
    const std::string toml = std::string("[[subnet]]\n[subnet.options]\n") + one.toml + "\n";
    EXPECT_EQ(parse_config(toml, "f").problems.text(), one.expected) << one.toml;
  }
}

TEST(DhcpOption, TooLongForAnyClientIsRefused) {
  const std::string toml =
      "[[subnet]]\n[subnet.options]\nroot-path = \"" + std::string(1025, 'a') + "\"\n";
  EXPECT_EQ(parse_config(toml, "f").problems.text(),
            "f:3:13: error: option \"root-path\" is longer than 1024 octets\n");
}

TEST(DhcpOption, NamesAreUniqueAndNoneIsReserved) {
  for (const std::string_view name : option_names()) {
    const OptionName* known = find_option(name);
    ASSERT_NE(known, nullptr) << name;
    EXPECT_EQ(known->name, name);
    EXPECT_EQ(find_option(known->code), known) << name;
    EXPECT_EQ(reserved_option(known->code), "") << name;
  }
}

TEST(DhcpOption, WhatTheServerWritesItselfIsReserved) {
  for (const int code : {0,  1,  3,  6,  12, 13, 15, 43, 50, 51, 52, 53,  54, 55,
                         57, 58, 59, 60, 61, 66, 67, 82, 93, 94, 97, 175, 255}) {
    EXPECT_NE(reserved_option(static_cast<std::uint8_t>(code)), "") << code;
  }
}

}  // namespace
}  // namespace reveille
