// Tags of dnsmasq, classes and conditions of dhcpd and Kea as [[rule]], and what Debian ships.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "imported_config.h"

namespace reveille {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ImportRules, TagsOfDnsmasq) {
  const ImportedConfig result =
      imported(std::string(kRange) +
                   "dhcp-vendorclass=set:sun,SUNW.Ultra\n"
                   "dhcp-mac=set:rack,02:07:*:*:*:*\n"
                   "dhcp-circuitid=set:port,ge-0/0/7\n"
                   "dhcp-match=set:efi,option:client-arch,7\n"
                   "dhcp-match=set:efi,option:client-arch,9\n"
                   "dhcp-match=set:odd,94,01:03:10\n"
                   "dhcp-boot=tag:sun,sun.img,,10.77.0.2\n"
                   "dhcp-boot=tag:efi,tag:rack,rack.efi\n"
                   "dhcp-option=tag:efi,tag:rack,option:ntp-server,10.77.0.9\n"
                   "dhcp-boot=tag:port,tag:!efi,tag:lab,port.kpxe\n"
                   "dhcp-ignore=tag:odd\n",
               "dnsmasq");
  // The last line of dnsmasq counts first; ignoring goes before all.
  EXPECT_THAT(result.names(), ElementsAre("odd", "port, !efi, lab", "efi, rack", "sun"));
  const auto& rules = result.config.rules;
  EXPECT_EQ(rules[0].answer, RuleAnswer::ignore);
  EXPECT_EQ(rules[1].boot_file, "port.kpxe");
  EXPECT_EQ(rules[2].boot_file, "rack.efi");
  ASSERT_EQ(rules[2].options.size(), 1U);
  EXPECT_EQ(rules[2].options[0].code, 42);
  EXPECT_EQ(rules[3].next_server->text(), "10.77.0.2");
  EXPECT_THAT(result.toml, HasSubstr("when = { vendor_class = 'SUNW\\x2eUltra' }"));
  EXPECT_THAT(result.toml, HasSubstr("when = { all = [{ arch = [7, 9] }, { mac = \"02:07\" }] }"));
  EXPECT_THAT(result.toml,
              HasSubstr("{ all = [{ circuit_id = '^ge-0/0/7\\z' }, { not = { arch = [7, "
                        "9] } }, { subnet = \"10.77.0.0/16\" }] }"));
  EXPECT_THAT(result.toml, HasSubstr("{ option = { 94 = '^\\x01\\x03\\x10' } }"));
  EXPECT_THAT(result.toml, HasSubstr("the first rule that matches decides alone"));
}

TEST(ImportRules, ArchitecturesAndIpxeStayInBoot) {
  const ImportedConfig result = imported(std::string(kRange) +
                                             "dhcp-match=set:ipxe,175\n"
                                             "dhcp-match=set:bios,option:client-arch,0\n"
                                             "dhcp-boot=tag:ipxe,boot.ipxe\n"
                                             "dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe\n",
                                         "dnsmasq");
  EXPECT_TRUE(result.config.rules.empty());
  EXPECT_EQ(result.config.boot.ipxe_script, "boot.ipxe");
  ASSERT_EQ(result.config.boot.files.size(), 1U);
  EXPECT_EQ(result.config.boot.files[0].file, "undionly.kpxe");
}

TEST(ImportRules, ClassesAndConditionsOfDhcpd) {
  const ImportedConfig result = imported(R"(
option arch code 93 = unsigned integer 16;
subnet 10.77.0.0 netmask 255.255.0.0 {
  range 10.77.1.0 10.77.1.99;
  if option arch = 00:07 and not (option vendor-class-identifier = "x") {
    filename "a.efi";
    next-server 10.77.0.2;
  } elsif substring(option vendor-class-identifier, 0, 9) = "PXEClient" or exists user-class {
    filename "b.kpxe";
  } else {
    option ntp-servers 10.77.0.9;
  }
}
class "suns" {
  match if substring (option vendor-class-identifier, 0, 4) = "SUNW";
  filename "sun.img";
}
class "by port" {
  match if option agent.circuit-id = "ge-0/0/7";
  filename "port.efi";
}
class "odd" { match hardware; }
)",
                                         "dhcpd");
  EXPECT_THAT(result.names(), ElementsAre("suns", "by port", "line 5", "line 8", "line 10"));
  const auto& rules = result.config.rules;
  EXPECT_EQ(rules[2].boot_file, "a.efi");
  EXPECT_EQ(rules[2].next_server->text(), "10.77.0.2");
  EXPECT_EQ(rules[4].options.size(), 1U);
  EXPECT_THAT(result.toml,
              HasSubstr("{ all = [{ subnet = \"10.77.0.0/16\" }, { all = [{ arch = 7 }, { not = { "
                        "vendor_class = '^x\\z' } }] }] }"));
  EXPECT_THAT(result.toml, HasSubstr("{ any = [{ vendor_class = '^PXEClient' }, { user_class = "
                                     "'.' }] }"));
  EXPECT_THAT(result.toml, HasSubstr("a class is known by what it matches"));
}

TEST(ImportRules, ClassesOfKea) {
  const ImportedConfig result = imported(R"({ "Dhcp4": {
  "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [ { "pool": "10.77.1.0 - 10.77.1.99" } ] } ],
  "client-classes": [
    { "name": "base", "test": "substring(option[60].hex,0,9) == 'PXEClient'" },
    { "name": "one", "test": "member('base') and pkt4.mac == 0x020304050607",
      "boot-file-name": "one.efi", "next-server": "10.77.0.2",
      "option-data": [ { "name": "ntp-servers", "data": "10.77.0.9" } ] },
    { "name": "port", "test": "relay4[1].hex == 0x0a0b or not option[77].exists",
      "boot-file-name": "port.efi" },
    { "name": "DROP", "test": "option[12].text == 'bad'" },
    { "name": "odd", "test": "concat(option[12].text, 'x') == 'x'", "boot-file-name": "x" } ] } })",
                                         "kea");
  EXPECT_THAT(result.names(), ElementsAre("DROP", "one", "port"));
  EXPECT_EQ(result.config.rules[1].options.size(), 1U);
  EXPECT_EQ(result.config.rules[0].answer, RuleAnswer::ignore);
  EXPECT_THAT(result.toml, HasSubstr("{ all = [{ vendor_class = '^PXEClient' }, { mac = "
                                     "\"02:03:04:05:06:07\" }] }"));
  EXPECT_THAT(result.toml, HasSubstr("{ any = [{ circuit_id = '^\\x0a\\x0b\\z' }, { not = { "
                                     "user_class = '.' } }] }"));
  EXPECT_THAT(result.toml, HasSubstr("its test is none that rules can make"));
}

// ---- what the Debian packages ship: as it is, and with every example in it switched on

std::string text_of(const std::string& file) {
  const std::ifstream stream(file);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  return text.str();
}

TEST(ImportSamples, Dnsmasq) {
  const std::string text = text_of("/usr/share/doc/dnsmasq-base/examples/dnsmasq.conf.example");
  if (text.empty()) GTEST_SKIP() << "the sample of dnsmasq-base is not installed";
  // As it is it says nothing: there is nothing to serve.
  const ImportResult as_it_is = import_text(text, "dnsmasq", "dnsmasq.conf");
  ASSERT_TRUE(as_it_is);
  EXPECT_TRUE(as_it_is->subnets.empty() && as_it_is->remarks.size() <= 1);
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_example = line.size() > 2 && line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
    all += (is_example ? line.substr(1) : line) + "\n";
  }
  const ImportedConfig result = imported(all, "dnsmasq");
  ASSERT_FALSE(result.config.subnets.empty());
  EXPECT_EQ(result.config.subnets[0].prefix.text(), "192.168.0.0/24");
  EXPECT_FALSE(result.config.subnets[0].pools.empty());
  EXPECT_EQ(result.config.hosts.size(), 4U);
  EXPECT_GE(result.config.rules.size(), 1U);
  EXPECT_THAT(result.names(), ElementsAre("ignored hosts", "!known", "x86PC", "red"));
  EXPECT_TRUE(result.config.dhcp.authoritative);
  EXPECT_THAT(result.toml, HasSubstr("has no equivalent"));
}

TEST(ImportSamples, Dhcpd) {
  const std::string text = text_of("/etc/dhcp/dhcpd.conf");
  if (text.empty()) GTEST_SKIP() << "isc-dhcp-server is not installed";
  const ImportResult as_it_is = import_text(text, "dhcpd", "dhcpd.conf");
  ASSERT_TRUE(as_it_is) << as_it_is.error();
  EXPECT_EQ(as_it_is->global.lease_time, Seconds{600});
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of('#');
    const bool is_code = line.starts_with('#') && first != std::string::npos &&
                         line[first] != ' ' && line.find_first_of(";{}") != std::string::npos;
    const bool is_inner = line.starts_with("#  ");
    all += (is_code || is_inner ? line.substr(1) : line) + "\n";
  }
  const ImportedConfig result = imported(all, "dhcpd");
  EXPECT_GE(result.config.subnets.size(), 4U) << result.toml;
  EXPECT_GE(result.config.hosts.size(), 1U);
}

TEST(ImportSamples, Kea) {
  const std::string text = text_of("/etc/kea/kea-dhcp4.conf");
  if (text.empty()) GTEST_SKIP() << "kea-dhcp4-server is not installed";
  const ImportedConfig result = imported(text, "kea");
  ASSERT_EQ(result.config.subnets.size(), 1U) << result.toml;
  EXPECT_EQ(result.config.subnets[0].prefix.text(), "192.0.2.0/24");
  EXPECT_EQ(result.config.subnets[0].pools.size(), 1U);
  EXPECT_GE(result.config.hosts.size(), 4U);
}

}  // namespace
}  // namespace reveille
