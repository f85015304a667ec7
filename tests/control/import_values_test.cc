// Values of options and of conditions on options, as each server means them.
#include <gmock/gmock.h>

#include "imported_config.h"

namespace reveille {
namespace {

using testing::HasSubstr;
using testing::Not;

using Octets = std::vector<std::uint8_t>;

// The octets of an option of the first subnet, as clients get them.
Octets octets_of(const ImportedConfig& result, std::uint8_t code) {
  if (result.config.subnets.empty()) return {};
  for (const DhcpOptionConfig& option : result.config.subnets[0].options) {
    if (option.code == code) return option.value;
  }
  return {};
}
Octets text(std::string_view text) {
  return {text.begin(), text.end()};
}

ImportedConfig dnsmasq(std::string_view text) {
  return imported("dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n" + std::string(text), "dnsmasq");
}

TEST(ImportValues, DnsmasqTellsTypesByTheirLooks) {
  const auto one = [](std::string_view value) {
    return octets_of(dnsmasq("dhcp-option=224," + std::string(value) + "\n"), 224);
  };
  EXPECT_EQ(one("1.2.3.4"), (Octets{1, 2, 3, 4}));
  EXPECT_EQ(one("1.2.3.4, 5.6.7.8"), (Octets{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(one("\"1.2.3.4\""), text("1.2.3.4"));
  EXPECT_EQ(one("\"5\""), text("5"));
  EXPECT_EQ(one("5"), (Octets{5}));
  EXPECT_EQ(one("300"), (Octets{1, 44}));
  EXPECT_EQ(one("70000"), (Octets{0, 1, 17, 112}));
  EXPECT_EQ(one("5b"), (Octets{5}));
  EXPECT_EQ(one("5s"), (Octets{0, 5}));
  EXPECT_EQ(one("5i"), (Octets{0, 0, 0, 5}));
  EXPECT_EQ(one("0a:0b"), (Octets{10, 11}));
  EXPECT_EQ(one("hello"), text("hello"));
  EXPECT_EQ(one("hello,world"), text("hello,world"));
  EXPECT_EQ(one("\"a, b # c\""), text("a, b # c"));
  EXPECT_EQ(one("\"say \\\"x\\\"\""), text("say \"x\""));
}

TEST(ImportValues, DnsmasqKnowsSomeOptions) {
  const auto result = dnsmasq(
      "dhcp-option=26,1400\n"
      "dhcp-option=option:root-path,\"/x\"\n"
      "dhcp-option=option:domain-search,eng.example,lab.example\n");
  EXPECT_EQ(octets_of(result, 26), (Octets{5, 120}));
  EXPECT_THAT(result.toml, HasSubstr("root-path = \"/x\"\n"));
  EXPECT_TRUE(octets_of(result, 119).empty());
  EXPECT_THAT(result.toml, HasSubstr("the value of option 119 is not understood"));
}

TEST(ImportValues, DnsmasqIsRouterAndDnsServerByItself) {
  constexpr std::string_view kRouter = "without option 3 dnsmasq hands out itself as router";
  constexpr std::string_view kDns = "without option 6 dnsmasq hands out itself as DNS server";
  const std::string neither = dnsmasq("").toml;
  EXPECT_THAT(neither, HasSubstr(std::string(kRouter)));
  EXPECT_THAT(neither, HasSubstr(std::string(kDns)));
  // Without a value they are turned off.
  const std::string both = dnsmasq("dhcp-option=3\ndhcp-option=6,10.77.0.53\n").toml;
  EXPECT_THAT(both, Not(HasSubstr(std::string(kRouter))));
  EXPECT_THAT(both, Not(HasSubstr(std::string(kDns))));
  EXPECT_THAT(dnsmasq("port=0\n").toml, Not(HasSubstr(std::string(kDns))));
  const std::string of_subnets = imported(
                                     "dhcp-range=set:a,10.77.1.0,10.77.1.99,255.255.0.0\n"
                                     "dhcp-range=set:b,10.78.1.0,10.78.1.99,255.255.0.0\n"
                                     "dhcp-option=tag:a,3,10.77.0.1\n",
                                     "dnsmasq")
                                     .toml;
  EXPECT_THAT(of_subnets, Not(HasSubstr("10.77.0.0/16\": " + std::string(kRouter))));
  EXPECT_THAT(of_subnets, HasSubstr("10.78.0.0/16\": " + std::string(kRouter)));
}

TEST(ImportValues, DnsmasqsOwnAddress) {
  const auto result = dnsmasq(
      "dhcp-option=3,0.0.0.0\n"
      "dhcp-option=42,0.0.0.0,10.77.0.9\n"
      "dhcp-option=66,0.0.0.0\n"
      "dhcp-boot=a.0,,0.0.0.0\n");
  EXPECT_TRUE(result.config.subnets[0].routers.empty());
  EXPECT_EQ(octets_of(result, 42), (Octets{10, 77, 0, 9}));
  EXPECT_FALSE(result.config.boot.next_server);
  EXPECT_THAT(result.toml, HasSubstr("# 2: \"dhcp-option=3,0.0.0.0\": 0.0.0.0 is dnsmasq's own"));
  EXPECT_THAT(result.toml, HasSubstr("# 3: \"dhcp-option=42,0.0.0.0,10.77.0.9\": 0.0.0.0 is"));
  EXPECT_THAT(result.toml, Not(HasSubstr("# 4: ")));
}

TEST(ImportValues, MatchesOfDnsmasq) {
  const auto when = [](std::string_view match) {
    return dnsmasq("dhcp-match=set:x," + std::string(match) + "\ndhcp-ignore=tag:x\n").toml;
  };
  // Text may stand anywhere, octets at the beginning, an address in a list.
  EXPECT_THAT(when("option:user-class,abc"), HasSubstr("when = { user_class = 'abc' }"));
  EXPECT_THAT(when("94,01:*:10"), HasSubstr("when = { option = { 94 = '^\\x01.\\x10' } }"));
  EXPECT_THAT(when("54,10.77.0.1"),
              HasSubstr("when = { option = { 54 = '^(.{4})*\\x0aM\\x00\\x01' } }"));
  EXPECT_THAT(when("93,7"), HasSubstr("when = { arch = 7 }"));
  EXPECT_THAT(when("57,1500"), HasSubstr("57,1500\": a condition that rules cannot make"));
}

TEST(ImportValues, ServicesForTagsAreForTheirArchitecture) {
  const auto result = dnsmasq(
      "dhcp-mac=set:rack,02:07:*:*:*:*\n"
      "pxe-service=tag:rack,x86PC,\"Boot\",rack\n"
      "pxe-service=x86PC,\"Boot\",all\n"
      "pxe-service=x86PC,\"Other\",other\n");
  EXPECT_THAT(result.files(), testing::ElementsAre("rack.0"));
  EXPECT_THAT(result.toml, HasSubstr("when = { all = [{ arch = 0 }, { mac = \"02:07\" }] }"));
  EXPECT_EQ(file_for(result.config, 0), "all.0");
  EXPECT_THAT(result.toml, HasSubstr("the first entry is what boots"));
}

TEST(ImportValues, TextThatIsNotAscii) {
  EXPECT_EQ(dnsmasq("dhcp-boot=b\xc3\xbc"
                    "cher.efi\n")
                .config.boot.default_file,
            "b\xc3\xbc"
            "cher.efi");
  const std::string latin = dnsmasq(
                                "dhcp-boot=b\xfc"
                                "cher.efi\n")
                                .toml;
  EXPECT_THAT(latin, HasSubstr("# 2: \"dhcp-boot=b\\xfccher.efi\": not UTF-8"));
}

}  // namespace
}  // namespace reveille
