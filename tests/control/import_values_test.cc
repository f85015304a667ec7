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

TEST(ImportValues, DhcpdDeclaresTypes) {
  const auto result = imported(R"(
option a code 224 = unsigned integer 16;
option b code 225 = integer 32;
option c code 226 = array of integer 8;
option d code 227 = string;
option e code 228 = string;
option f code 229 = text;
option g code 230 = boolean;
option h code 231 = array of ip-address;
option i code 232 = domain-list;
option j code 233 = integer 8;
option a 5; option b -2; option c 1, 2; option d 01:02; option e "01:02"; option f "7";
option g true; option h 1.2.3.4, 5.6.7.8; option i "x.example"; option j 256;
subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.0 10.77.1.99; }
)",
                               "dhcpd");
  EXPECT_EQ(octets_of(result, 224), (Octets{0, 5}));
  EXPECT_EQ(octets_of(result, 225), (Octets{255, 255, 255, 254}));
  EXPECT_EQ(octets_of(result, 226), (Octets{1, 2}));
  EXPECT_EQ(octets_of(result, 227), (Octets{1, 2}));
  EXPECT_EQ(octets_of(result, 228), text("01:02"));
  EXPECT_EQ(octets_of(result, 229), text("7"));
  EXPECT_EQ(octets_of(result, 230), (Octets{1}));
  EXPECT_EQ(octets_of(result, 231), (Octets{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_TRUE(octets_of(result, 232).empty());
  EXPECT_TRUE(octets_of(result, 233).empty());
  EXPECT_THAT(result.toml, HasSubstr("\"option i x.example;\": a value of this type cannot be"));
  EXPECT_THAT(result.toml, HasSubstr("\"option j 256;\": the value of option 233 is not"));
}

TEST(ImportValues, KeaDeclaresTypes) {
  const auto result = imported(R"({ "Dhcp4": {
    "option-def": [ { "name": "a", "code": 224, "type": "uint16" },
                    { "name": "b", "code": 225, "type": "uint16", "array": true },
                    { "name": "c", "code": 226, "type": "string" },
                    { "name": "d", "code": 227, "type": "record", "record-types": "uint8, uint8" } ],
    "option-data": [ { "name": "a", "data": "5" }, { "code": 225, "data": "1, 2" },
                     { "name": "c", "data": "1,2" }, { "name": "d", "data": "1, 2" },
                     { "code": 228, "csv-format": false, "data": "01020304" },
                     { "code": 6, "csv-format": false, "data": "0a4d0001" },
                     { "code": 229, "data": "7" },
                     { "name": "root-path", "data": "a,b" } ],
    "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [ { "pool": "10.77.1.0/24" } ] } ] } })",
                               "kea");
  EXPECT_EQ(octets_of(result, 224), (Octets{0, 5}));
  EXPECT_EQ(octets_of(result, 225), (Octets{0, 1, 0, 2}));
  EXPECT_EQ(octets_of(result, 226), text("1,2"));
  EXPECT_TRUE(octets_of(result, 227).empty());
  EXPECT_EQ(octets_of(result, 228), (Octets{1, 2, 3, 4}));
  EXPECT_TRUE(result.config.subnets[0].dns_servers.empty());
  EXPECT_EQ(octets_of(result, 17), text("a,b"));
  EXPECT_THAT(result.toml, HasSubstr("# Dhcp4.option-data[3]: "));
  EXPECT_THAT(result.toml, HasSubstr("# Dhcp4.option-data[5]: "));
  EXPECT_EQ(octets_of(result, 229), (Octets{7}));
  EXPECT_THAT(result.toml, HasSubstr("nothing says of what type it is; taken for { u8 = 7 }"));
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
