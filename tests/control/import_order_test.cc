// Which of several files a machine gets: the order in which the other server looks at them.
#include <array>
#include <cstdio>

#include <gmock/gmock.h>

#include "imported_config.h"

namespace reveille {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kDeclaredSubnet =
    "subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.0 10.77.1.99; }\n";

ImportedConfig dhcpd(std::string_view text) {
  return imported(std::string(kDeclaredSubnet) + std::string(text), "dhcpd");
}
ImportedConfig tagged_dnsmasq(std::string_view text) {
  return imported(std::string(kRange) + std::string(text), "dnsmasq");
}

TEST(ImportOrder, AnArchitectureBeforeAnotherConditionStaysARule) {
  const auto result = dhcpd(R"(
if option arch = 00:07 { filename "snponly.efi"; }
elsif substring(option vendor-class-identifier, 0, 9) = "PXEClient" { filename "undionly.kpxe"; }
)");
  EXPECT_THAT(result.files(), ElementsAre("snponly.efi", "undionly.kpxe"));
  EXPECT_TRUE(result.config.boot.files.empty());
}

TEST(ImportOrder, ArchitecturesAfterAnotherConditionAreBoot) {
  const auto result = dhcpd(R"(
if substring(option vendor-class-identifier, 0, 4) = "SUNW" { filename "sun.img"; }
elsif option arch = 00:07 { filename "snponly.efi"; }
else { filename "undionly.kpxe"; }
)");
  EXPECT_THAT(result.files(), ElementsAre("sun.img"));
  EXPECT_EQ(file_for(result.config, 7), "snponly.efi");
  EXPECT_EQ(result.config.boot.default_file, "undionly.kpxe");
}

TEST(ImportOrder, TheLastLineOfDnsmasqThatIsNotBootKeepsThoseBeforeIt) {
  const std::string_view rack =
      "dhcp-mac=set:rack,02:07:*:*:*:*\n"
      "dhcp-match=set:ipxe,175\n";
  const auto later = tagged_dnsmasq(std::string(rack) +
                                    "dhcp-boot=tag:rack,grubx64.efi\n"
                                    "dhcp-boot=tag:ipxe,boot.ipxe\n");
  EXPECT_THAT(later.files(), ElementsAre("boot.ipxe", "grubx64.efi"));
  EXPECT_EQ(later.config.boot.ipxe_script, "");
  const auto earlier = tagged_dnsmasq(std::string(rack) +
                                      "dhcp-boot=tag:ipxe,boot.ipxe\n"
                                      "dhcp-boot=tag:rack,grubx64.efi\n");
  EXPECT_THAT(earlier.files(), ElementsAre("grubx64.efi"));
  EXPECT_EQ(earlier.config.boot.ipxe_script, "boot.ipxe");
}

TEST(ImportOrder, AFileForIpxeTooIsNotMovedBehindItsScript) {
  // iPXE on x64 gets GRUB there, since that line is the last.
  const auto result = tagged_dnsmasq(
      "dhcp-match=set:ipxe,175\n"
      "dhcp-match=set:efi,option:client-arch,7\n"
      "dhcp-boot=tag:ipxe,boot.ipxe\n"
      "dhcp-boot=tag:efi,grubx64.efi\n");
  EXPECT_THAT(result.files(), ElementsAre("grubx64.efi"));
  EXPECT_EQ(result.config.boot.ipxe_script, "boot.ipxe");
  EXPECT_TRUE(result.config.boot.files.empty());
}

TEST(ImportOrder, NotIpxeCountsForOptions) {
  const auto result = tagged_dnsmasq(
      "dhcp-match=set:ipxe,175\n"
      "dhcp-boot=tag:!ipxe,undionly.kpxe\n"
      "dhcp-boot=tag:ipxe,boot.ipxe\n"
      "dhcp-option=tag:!ipxe,option:root-path,/x\n");
  ASSERT_EQ(result.config.rules.size(), 1U) << result.toml;
  EXPECT_THAT(result.toml, HasSubstr("when = { not = { firmware = \"ipxe\" } }"));
  EXPECT_TRUE(result.config.subnets[0].options.empty());
  EXPECT_EQ(result.config.boot.ipxe_script, "boot.ipxe");
  EXPECT_EQ(result.config.boot.default_file, "undionly.kpxe");
}

TEST(ImportOrder, ElsifIsNotForWhoWasHandledBefore) {
  // The first two decide without a file, so the later ones must leave them out.
  const auto result = dhcpd(R"(
if option arch = 00:07 { option ntp-servers 10.77.0.9; }
elsif exists user-class { }
elsif option vendor-class-identifier = "x" { filename "x.efi"; }
else { filename "rest.efi"; }
)");
  EXPECT_THAT(result.files(), ElementsAre("", "x.efi", "rest.efi"));
  EXPECT_THAT(result.toml, HasSubstr("when = { all = [{ not = { any = [{ arch = 7 }, { user_class "
                                     "= '.' }] } }, { vendor_class = '^x\\z' }] }"));
  EXPECT_EQ(result.config.boot.default_file, "");
}

TEST(ImportOrder, WhoIsIgnoredInAnElsifWasNotHandledBefore) {
  const auto result = dhcpd(R"(
if exists user-class { filename "a.efi"; } elsif option arch = 00:07 { ignore booting; }
)");
  EXPECT_THAT(result.files(), ElementsAre("ignore", "a.efi"));
  EXPECT_THAT(result.toml,
              HasSubstr("when = { all = [{ not = { user_class = '.' } }, { arch = 7 }] }"));
}

TEST(ImportOrder, AfterAnUnknownConditionNothingIsKnown) {
  const auto result = dhcpd(R"(
if hardware = 1:52:54:00:00:00:01 { filename "a.efi"; } else { filename "b.efi"; }
)");
  EXPECT_TRUE(result.config.rules.empty());
  EXPECT_EQ(result.config.boot.default_file, "");
  EXPECT_THAT(result.toml, HasSubstr("it follows a condition that rules cannot make"));
}

TEST(ImportOrder, OfSeveralIfsTheLastOneCounts) {
  const auto result = dhcpd(R"(
if option arch = 00:07 { filename "grubx64.efi"; }
if exists user-class and option user-class = "iPXE" { filename "boot.ipxe"; }
)");
  EXPECT_TRUE(result.config.rules.empty()) << result.toml;
  EXPECT_EQ(result.config.boot.ipxe_script, "boot.ipxe");
  EXPECT_EQ(file_for(result.config, 7), "grubx64.efi");
}

TEST(ImportOrder, AHostGoesBeforeItsClass) {
  const auto result = dhcpd(R"(
class "pxe" {
  match if substring(option vendor-class-identifier, 0, 9) = "PXEClient";
  filename "pxelinux.0";
}
host x { hardware ethernet 52:54:00:00:00:01; filename "special.0"; }
host y { hardware ethernet 52:54:00:00:00:02; option dhcp-client-identifier 01:02;
         filename "special.0"; }
host z { hardware ethernet 52:54:00:00:00:03; }
)");
  EXPECT_THAT(result.files(), ElementsAre("special.0", "pxelinux.0"));
  EXPECT_THAT(result.toml,
              HasSubstr("when = { any = [{ mac = [\"52:54:00:00:00:01\", \"52:54:00:00:00:02\"] }, "
                        "{ client_id = '^\\x01\\x02\\z' }] }"));
  EXPECT_THAT(result.toml, HasSubstr("# \"[[host]]\": a host's own file goes before"));
}

TEST(ImportOrder, ManyHostsShareRules) {
  std::string text = R"(class "a" { match if exists user-class; filename "a.0"; })";
  for (unsigned i = 0; i < 450; ++i) {
    std::array<char, 160> host{};
    std::snprintf(host.data(), host.size(),
                  "host h%u { hardware ethernet 52:54:00:00:%02x:%02x; filename \"h.0\"; }\n", i,
                  i >> 8, i & 255);
    text += host.data();
  }
  const auto result = dhcpd(text);
  EXPECT_THAT(result.files(), ElementsAre("h.0", "h.0", "h.0", "a.0"));
  EXPECT_EQ(result.config.hosts.size(), 450U);
}

TEST(ImportOrder, WithoutClassesAHostNeedsNoRule) {
  const auto result = dhcpd(
      "host x { hardware ethernet 52:54:00:00:00:01; filename \"special.0\"; }\n"
      "if option arch = 00:07 { filename \"snponly.efi\"; }\n");
  EXPECT_TRUE(result.config.rules.empty()) << result.toml;
  EXPECT_EQ(result.config.hosts[0].boot_file, "special.0");
}

TEST(ImportOrder, ASubnetGoesBeforeConditionsForAll) {
  const auto result = imported(R"(
subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.0 10.77.1.99; filename "lab.0"; }
if exists user-class { filename "user.0"; }
)",
                               "dhcpd");
  EXPECT_THAT(result.files(), ElementsAre("lab.0", "user.0"));
  EXPECT_THAT(result.toml, HasSubstr("when = { subnet = \"10.77.0.0/16\" }"));
}

TEST(ImportOrder, AClassGoesBeforeASubnet) {
  const std::string_view kea = R"({ "Dhcp4": {
    "client-classes": [ { "name": "efi", "test": "option[93].hex == 0x0007",
                          "boot-file-name": "efi.0" } ],
    "subnet4": [ { "subnet": "10.77.0.0/16", "boot-file-name": "lab.0",
                   "pools": [ { "pool": "10.77.1.0/24" } ] } ] } })";
  const auto result = imported(kea, "kea");
  EXPECT_THAT(result.files(), ElementsAre("efi.0"));
  EXPECT_TRUE(result.config.boot.files.empty());
  EXPECT_EQ(result.config.subnets[0].boot_file, "lab.0");
}

TEST(ImportOrder, ASharedNetworkGoesBehindItsSubnets) {
  const auto result = imported(R"(
shared-network both {
  filename "both.0";
  if exists user-class { filename "user.0"; }
  subnet 10.77.0.0 netmask 255.255.255.0 { filename "one.0"; }
  subnet 10.77.1.0 netmask 255.255.255.0 { range 10.77.1.1 10.77.1.9; }
}
)",
                               "dhcpd");
  EXPECT_THAT(result.files(), ElementsAre("one.0", "user.0"));
  EXPECT_THAT(result.toml, HasSubstr("when = { all = [{ subnet = [\"10.77.0.0/24\", "
                                     "\"10.77.1.0/24\"] }, { user_class = '.' }] }"));
  EXPECT_EQ(result.config.subnets[1].boot_file, "both.0");
}

TEST(ImportOrder, WhoIsDroppedIsDroppedFirst) {
  const auto result = imported(R"({ "Dhcp4": {
    "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [ { "pool": "10.77.1.0/24" } ] } ],
    "client-classes": [ { "name": "a", "test": "option[77].exists", "boot-file-name": "a.0" },
                        { "name": "DROP", "test": "option[12].text == 'bad'" } ] } })",
                               "kea");
  EXPECT_THAT(result.names(), ElementsAre("DROP", "a"));
}

// ---- next_server

TEST(ImportServers, TheServerOfOneSubnetIsNotEverybodys) {
  const auto result = imported(R"(
subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.0 10.77.1.99; next-server 10.77.0.2; }
subnet 10.78.0.0 netmask 255.255.0.0 { range 10.78.1.0 10.78.1.99; }
filename "pxelinux.0";
)",
                               "dhcpd");
  EXPECT_FALSE(result.config.boot.next_server);
  ASSERT_EQ(result.config.rules.size(), 1U) << result.toml;
  EXPECT_EQ(result.config.rules[0].next_server->text(), "10.77.0.2");
  EXPECT_EQ(result.config.rules[0].boot_file, "");
  EXPECT_EQ(result.config.boot.default_file, "pxelinux.0");
}

TEST(ImportServers, AServerHidesNoFile) {
  const auto result = imported(R"(
class "a" { match if exists user-class; filename "a.0"; }
subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.0 10.77.1.99; next-server 10.77.0.2; }
if option vendor-class-identifier = "x" { filename "x.0"; }
host h { hardware ethernet 52:54:00:00:00:01; next-server 10.77.0.3; }
)",
                               "dhcpd");
  EXPECT_THAT(result.files(), ElementsAre("a.0", "x.0", "", "a.0", "a.0", "x.0", "", "x.0"))
      << result.toml;
  EXPECT_EQ(result.config.rules[0].next_server->text(), "10.77.0.3");
  EXPECT_EQ(result.config.rules[2].next_server->text(), "10.77.0.3");
  EXPECT_EQ(result.config.rules[3].next_server->text(), "10.77.0.2");
  EXPECT_FALSE(result.config.rules[4].next_server);
  EXPECT_EQ(result.config.rules[5].next_server->text(), "10.77.0.2");
  EXPECT_FALSE(result.config.rules[7].next_server);
}

TEST(ImportServers, HostsOfKea) {
  const auto result = imported(R"({ "Dhcp4": {
    "next-server": "10.77.0.2",
    "subnet4": [ { "subnet": "10.77.0.0/16", "next-server": "10.77.0.4", "reservations": [
      { "hw-address": "1a:1b:1c:1d:1e:1f", "next-server": "10.77.0.3",
        "boot-file-name": "own.0", "option-data": [ { "name": "root-path", "data": "/x" } ] } ] } ]
    } })",
                               "kea");
  EXPECT_EQ(result.config.boot.next_server->text(), "10.77.0.2");
  ASSERT_EQ(result.config.rules.size(), 2U) << result.toml;
  EXPECT_THAT(result.toml, HasSubstr("when = { mac = \"1a:1b:1c:1d:1e:1f\" }"));
  EXPECT_EQ(result.config.rules[0].next_server->text(), "10.77.0.3");
  EXPECT_EQ(result.config.rules[0].boot_file, "own.0");
  EXPECT_EQ(result.config.rules[0].options.size(), 1U);
  EXPECT_EQ(result.config.rules[1].next_server->text(), "10.77.0.4");
}

TEST(ImportServers, ARuleWithAServerOfItsOwnStaysARule) {
  const auto result = tagged_dnsmasq(
      "dhcp-match=set:efi,option:client-arch,7\n"
      "dhcp-match=set:bios,option:client-arch,0\n"
      "dhcp-boot=tag:efi,snponly.efi,,10.77.0.2\n"
      "dhcp-boot=tag:bios,undionly.kpxe,,10.77.0.3\n"
      "dhcp-boot=pxelinux.0,,10.77.0.3\n"
      "dhcp-boot=tag:lab,lab.0,,10.77.0.4\n");
  EXPECT_EQ(result.config.boot.next_server->text(), "10.77.0.3");
  EXPECT_THAT(result.files(), ElementsAre("lab.0", "undionly.kpxe", "snponly.efi"));
  EXPECT_THAT(result.config.boot.files, IsEmpty());
}

// ---- blocks in blocks

TEST(ImportBlocks, AClassWithConditionsInIt) {
  const auto result = dhcpd(R"(
class "pxeclients" {
  match if substring (option vendor-class-identifier, 0, 9) = "PXEClient";
  next-server 10.77.0.2;
  if option architecture-type = 00:07 { filename "snponly.efi"; }
  else { filename "undionly.kpxe"; }
}
)");
  EXPECT_THAT(result.files(), ElementsAre("snponly.efi", "undionly.kpxe", ""));
  EXPECT_THAT(result.toml, HasSubstr("when = { all = [{ vendor_class = '^PXEClient' }, { arch = 7 "
                                     "}] }\nboot_file = \"snponly.efi\"\nnext_server = "
                                     "\"10.77.0.2\"\n"));
  EXPECT_THAT(result.toml, HasSubstr("when = { vendor_class = '^PXEClient' }\nboot_file = "
                                     "\"undionly.kpxe\"\nnext_server"));
}

TEST(ImportBlocks, AGroupGivesItsHostsWhatItSays) {
  const auto result = dhcpd(R"(
group {
  option root-path "/x";
  filename "group.0";
  default-lease-time 60;
  host a { hardware ethernet 52:54:00:00:00:01; }
  host b { hardware ethernet 52:54:00:00:00:02; filename "b.0"; }
}
)");
  ASSERT_EQ(result.config.hosts.size(), 2U);
  EXPECT_THAT(result.files(), ElementsAre("group.0", "b.0"));
  EXPECT_EQ(result.config.rules[1].options.size(), 1U);
  EXPECT_THAT(result.toml, HasSubstr("lease_time = 60\n"));
}

TEST(ImportBlocks, APoolsOwnValuesAreNotItsSubnets) {
  const auto result = imported(R"(
subnet 10.77.0.0 netmask 255.255.0.0 {
  pool { range 10.77.1.0 10.77.1.99; default-lease-time 60; option ntp-servers 10.77.0.9; }
}
)",
                               "dhcpd");
  EXPECT_FALSE(result.config.subnets[0].lease_time);
  EXPECT_TRUE(result.config.subnets[0].options.empty());
  EXPECT_THAT(result.toml, HasSubstr("\"default-lease-time 60;\": has no equivalent for a single"));
  EXPECT_THAT(result.toml, HasSubstr("ntp-servers 10.77.0.9;\": has no equivalent for a single"));
}

TEST(ImportBlocks, ConditionsInsideConditions) {
  const auto result = dhcpd(R"(
if exists user-class {
  option ntp-servers 10.77.0.9;
  if option arch = 00:07 { filename "a.0"; } else { filename "b.0"; }
} else if option arch = 00:09 { filename "c.0"; }
)");
  EXPECT_THAT(result.files(), ElementsAre("a.0", "b.0", "", "c.0"));
  EXPECT_EQ(result.config.rules[0].options.size(), 1U);
  EXPECT_THAT(result.toml,
              HasSubstr("when = { all = [{ not = { user_class = '.' } }, { arch = 9 }] }"));
  EXPECT_THAT(result.toml, Not(HasSubstr("rules cannot make")));
}

}  // namespace
}  // namespace reveille
