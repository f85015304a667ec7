// Other servers' configurations: what they mean is there, what has no equivalent is said.
#include <gmock/gmock.h>

#include "control/import/dhcpd_syntax.h"
#include "imported_config.h"

namespace reveille {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kDnsmasq = R"(# a lab
domain-needed
interface=eth1
dhcp-range=set:lab,10.77.1.0,10.77.1.200,255.255.0.0,12h
dhcp-range=10.78.0.10,10.78.0.99,255.255.255.0   # another
dhcp-range=1234::2, 1234::500, 64
dhcp-option=3,10.77.0.254
dhcp-option=option:dns-server,10.77.0.53,10.77.0.54
dhcp-option=tag:lab,option:ntp-server,10.77.0.123
dhcp-option=option:mtu,1400
dhcp-option=128,"some text"
dhcp-option=tag:red,option:root-path,/x
domain=lab.example
dhcp-authoritative
dhcp-host=52:54:00:12:34:56,node1,10.77.0.10
dhcp-host=52:54:00:12:34:57,ignore
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:efi64,option:client-arch,7
dhcp-match=set:efi64,option:client-arch,9
dhcp-vendorclass=set:arm64,PXEClient:Arch:00011
dhcp-userclass=set:ipxe,iPXE
dhcp-boot=tag:bios,tag:!ipxe,undionly.kpxe
dhcp-boot=tag:efi64,tag:!ipxe,/snponly.efi
dhcp-boot=tag:arm64,snponly-arm64.efi
dhcp-boot=tag:ipxe,http://10.77.0.1/boot.ipxe
dhcp-boot=pxelinux.0,server,10.77.0.2
enable-tftp
tftp-root=/srv/tftp/
log-dhcp
)";

TEST(ImportDnsmasq, MeansTheSame) {
  const auto [config, toml] = imported(kDnsmasq, "dnsmasq");
  ASSERT_EQ(config.interfaces.size(), 1u);
  EXPECT_EQ(config.interfaces[0].interface, "eth1");
  ASSERT_EQ(config.subnets.size(), 2u);
  const SubnetConfig& lab = config.subnets[0];
  EXPECT_EQ(lab.prefix.text(), "10.77.0.0/16");
  ASSERT_EQ(lab.pools.size(), 1u);
  EXPECT_EQ(lab.pools[0].first, Ipv4Address::of(10, 77, 1, 0));
  EXPECT_EQ(lab.lease_time, Seconds{43200});
  EXPECT_EQ(lab.routers, std::vector{Ipv4Address::of(10, 77, 0, 254)});
  EXPECT_EQ(lab.dns_servers.size(), 2u);
  EXPECT_EQ(lab.domain_name, "lab.example");
  ASSERT_EQ(lab.options.size(), 3u);  // the tagged one, and two for all
  EXPECT_EQ(config.subnets[1].options.size(), 2u);
  EXPECT_TRUE(config.subnets[1].routers.empty());  // the router is of another network
  EXPECT_TRUE(config.dhcp.authoritative);
  ASSERT_EQ(config.hosts.size(), 1u);
  EXPECT_EQ(config.hosts[0].host_name, "node1");
  EXPECT_EQ(file_for(config, 0), "undionly.kpxe");
  EXPECT_EQ(file_for(config, 7), "snponly.efi");
  EXPECT_EQ(file_for(config, 9), "snponly.efi");
  EXPECT_EQ(file_for(config, 11), "snponly-arm64.efi");
  EXPECT_EQ(config.boot.ipxe_script, "http://10.77.0.1/boot.ipxe");
  EXPECT_EQ(config.boot.default_file, "pxelinux.0");
  EXPECT_EQ(config.boot.next_server, Ipv4Address::of(10, 77, 0, 2));
  EXPECT_TRUE(config.tftp.enabled);
  EXPECT_EQ(config.images.root, "/srv/tftp");
}

TEST(ImportDnsmasq, SaysWhatItCannotTakeOver) {
  const std::string toml = imported(kDnsmasq, "dnsmasq").toml;
  EXPECT_THAT(toml, HasSubstr("# 2: \"domain-needed\": has no equivalent\n"));
  EXPECT_THAT(toml, HasSubstr("# 6: \"dhcp-range=1234::2, 1234::500, 64\": reveille serves IPv4 "
                              "only\n"));
  EXPECT_THAT(toml, HasSubstr("# 12: \"dhcp-option=tag:red,option:root-path,/x\": tags that "
                              "nothing sets which rules could know\n"));
  EXPECT_THAT(toml, HasSubstr("when = { mac = \"52:54:00:12:34:57\" }\nignore = true\n"));
  EXPECT_THAT(toml, HasSubstr("# 29: \"log-dhcp\": has no equivalent\n"));
  EXPECT_THAT(toml, HasSubstr("chosen because it is free here"));
}

TEST(ImportDnsmasq, ProxyAndPxeServices) {
  const auto [config, toml] = imported(
      "dhcp-range=10.77.0.0,proxy,255.255.0.0\n"
      "pxe-service=x86PC,\"Boot\",pxelinux\n"
      "pxe-service=X86-64_EFI,\"Boot\",snponly.efi\n"
      "pxe-service=x86PC,\"Local\",0\n"
      "enable-tftp\ntftp-root=/srv/tftp\n",
      "dnsmasq");
  EXPECT_EQ(config.dhcp.mode, DhcpMode::proxy);
  EXPECT_EQ(file_for(config, 0), "pxelinux.0");
  EXPECT_EQ(file_for(config, 7), "snponly.efi");
  EXPECT_EQ(file_for(config, 9), "snponly.efi");
  EXPECT_THAT(toml, HasSubstr("# 4: "));
}

constexpr std::string_view kDhcpd = R"(
# a site
option domain-name "example.org";
option domain-name-servers 10.77.0.53;
option arch code 93 = unsigned integer 16;
default-lease-time 600;
max-lease-time 7200;
ddns-update-style none;
authoritative;
next-server 10.77.0.2;
subnet 10.77.0.0 netmask 255.255.0.0 {
  range dynamic-bootp 10.77.1.0 10.77.1.254;
  option routers 10.77.1.1;   # in the middle of the range
  option ntp-servers 10.77.0.123, 10.77.0.124;
  filename "/lab/grubx64.efi";
  host inner { hardware ethernet 52:54:00:00:00:01; fixed-address 10.77.0.11; }
}
subnet 10.152.187.0 netmask 255.255.255.0 { }
shared-network halls {
  option domain-name "halls.example";
  subnet 10.17.224.0 netmask 255.255.255.0 { option routers 10.17.224.1; }
  pool { allow members of "foo"; range 10.17.224.10 10.17.224.250; }
}
group {
  filename "group.efi";
  host outer { hardware ethernet 52:54:00:00:00:02; option host-name "outer"; }
}
if exists user-class and option user-class = "iPXE" { filename "boot.ipxe"; }
elsif option arch = 00:07 or option arch = 00:09 { filename "snponly.efi"; }
else { filename "undionly.kpxe"; }
class "foo" { match if substring (option vendor-class-identifier, 0, 4) = "SUNW"; }
)";

TEST(ImportDhcpd, MeansTheSame) {
  const auto [config, toml] = imported(kDhcpd, "dhcpd");
  EXPECT_EQ(config.dhcp.lease_time, Seconds{600});
  EXPECT_TRUE(config.dhcp.authoritative);
  EXPECT_FALSE(config.tftp.enabled);
  ASSERT_EQ(config.subnets.size(), 3u);
  const SubnetConfig& first = config.subnets[0];
  ASSERT_EQ(first.pools.size(), 2u);  // around its router
  EXPECT_EQ(first.pools[0].last, Ipv4Address::of(10, 77, 1, 0));
  EXPECT_EQ(first.pools[1].first, Ipv4Address::of(10, 77, 1, 2));
  EXPECT_EQ(first.domain_name, "example.org");
  EXPECT_EQ(first.boot_file, "lab/grubx64.efi");
  ASSERT_EQ(first.options.size(), 1u);
  EXPECT_EQ(first.options[0].code, 42);
  EXPECT_EQ(first.options[0].value.size(), 8u);
  EXPECT_EQ(config.subnets[2].domain_name, "halls.example");
  EXPECT_TRUE(config.subnets[2].pools.empty());
  ASSERT_EQ(config.pools.size(), 1u);
  EXPECT_EQ(config.pools[0].name, "foo");
  ASSERT_EQ(config.hosts.size(), 2u);
  EXPECT_EQ(config.hosts[0].address, Ipv4Address::of(10, 77, 0, 11));
  EXPECT_EQ(config.hosts[1].host_name, "outer");
  EXPECT_EQ(config.hosts[1].boot_file, "group.efi");
  EXPECT_EQ(config.boot.ipxe_script, "boot.ipxe");
  EXPECT_EQ(file_for(config, 7), "snponly.efi");
  EXPECT_EQ(file_for(config, 9), "snponly.efi");
  EXPECT_EQ(config.boot.default_file, "undionly.kpxe");
  EXPECT_EQ(config.boot.next_server, Ipv4Address::of(10, 77, 0, 2));
  EXPECT_THAT(toml, HasSubstr("# 7: \"max-lease-time 7200;\": a client gets the default"));
  EXPECT_THAT(toml, Not(HasSubstr("ddns-update-style")));
}

TEST(ImportDhcpd, SyntaxErrorsHaveTheirLine) {
  const auto error = [](std::string_view text) {
    const auto parsed = parse_dhcpd(text);
    return parsed ? "none" : std::to_string(parsed.error().line) + ": " + parsed.error().text;
  };
  EXPECT_EQ(error("a b;\nsubnet x {\n"), "3: a block is not closed");
  EXPECT_EQ(error("a b\n"), "2: a semicolon is missing at the end");
  EXPECT_EQ(error("a { b }"), "1: a semicolon is missing before the brace");
  EXPECT_EQ(error("}\n"), "1: a block ends that did not begin");
  EXPECT_EQ(error("\n\"x\n\";"), "2: a quote is not closed");
  EXPECT_EQ(error(std::string(100, '{')), "1: blocks are nested too deep");
  EXPECT_EQ(import_text("subnet {", "dhcpd", "f").error(), "line 1: a block is not closed");
}

constexpr std::string_view kKea = R"({ // a comment
"Dhcp4": {
  "interfaces-config": { "interfaces": ["eth1/10.77.0.1"], "dhcp-socket-type": "raw" },
  "valid-lifetime": 4000, "renew-timer": 900,
  "next-server": "10.77.0.2",
  "option-data": [ { "name": "domain-name-servers", "data": "10.77.0.53, 10.77.0.54" },
                   { "code": 15, "data": "example.org" } ],
  "client-classes": [
    { "name": "odd", "test": "pkt4.mac == 0x010203040506", "boot-file-name": "x" },
    { "name": "bios", "test": "option[93].hex == 0x0000", "boot-file-name": "undionly.kpxe" },
    { "name": "efi", "test": "option[93].hex == 0x0007 or option[93].hex == 0x0009",
      "boot-file-name": "snponly.efi" },
    { "name": "ipxe", "test": "substring(option[77].hex,0,4) == 'iPXE'",
      "boot-file-name": "http://10.77.0.1/boot.ipxe" },
    { "name": "arm", "test": "substring(option[60].hex,0,20) == 'PXEClient:Arch:00011'",
      "boot-file-name": "snponly-arm64.efi" } ],
  "subnet4": [ {
    "id": 1, "subnet": "10.77.0.0/16",
    "pools": [ { "pool": "10.77.1.0 - 10.77.1.200" }, { "pool": "10.77.2.0/24" } ],
    "relay": { "ip-addresses": [ "10.90.0.1" ] },
    "option-data": [ { "name": "routers", "data": "10.77.0.254" },
                     { "name": "ntp-servers", "data": "10.77.0.123" } ],
    /* reservations */
    "reservations": [
      { "hw-address": "1a:1b:1c:1d:1e:1f", "ip-address": "10.77.0.10", "hostname": "node1" },
      { "client-id": "01:11:22:33:44:55:66", "ip-address": "10.77.0.11",
        "option-data": [ { "name": "domain-name-servers", "data": "10.1.1.1" } ] },
      { "duid": "01:02:03:04:05", "ip-address": "10.77.0.12" } ] } ],
  "loggers": [ { "name": "kea-dhcp4" } ]
} }
)";

TEST(ImportKea, MeansTheSame) {
  const auto [config, toml] = imported(kKea, "kea");
  EXPECT_EQ(config.interfaces[0].interface, "eth1");
  EXPECT_EQ(config.interfaces[0].address->text(), "10.77.0.1/16");
  EXPECT_EQ(config.dhcp.lease_time, Seconds{4000});
  ASSERT_EQ(config.subnets.size(), 1u);
  const SubnetConfig& subnet = config.subnets[0];
  ASSERT_EQ(subnet.pools.size(), 2u);
  EXPECT_EQ(subnet.pools[1].last, Ipv4Address::of(10, 77, 2, 255));
  EXPECT_EQ(subnet.relays, std::vector{Ipv4Address::of(10, 90, 0, 1)});
  EXPECT_EQ(subnet.dns_servers.size(), 2u);
  EXPECT_EQ(subnet.domain_name, "example.org");
  EXPECT_EQ(subnet.options.size(), 1u);
  ASSERT_EQ(config.hosts.size(), 2u);
  EXPECT_EQ(config.hosts[1].client_id.size(), 7u);
  EXPECT_EQ(file_for(config, 0), "undionly.kpxe");
  EXPECT_EQ(file_for(config, 7), "snponly.efi");
  EXPECT_EQ(file_for(config, 9), "snponly.efi");
  EXPECT_EQ(file_for(config, 11), "snponly-arm64.efi");
  EXPECT_EQ(config.boot.ipxe_script, "http://10.77.0.1/boot.ipxe");
  ASSERT_EQ(config.rules.size(), 1U);
  EXPECT_EQ(config.rules[0].boot_file, "x");
  EXPECT_THAT(toml, HasSubstr("# Dhcp4.subnet4[0].reservations[2]: "));
  EXPECT_THAT(toml, HasSubstr("# Dhcp4.subnet4[0].reservations[1].option-data: "));
  EXPECT_THAT(toml, HasSubstr("# Dhcp4.renew-timer: \"900\": has no equivalent"));
}

TEST(ImportKea, WhatIsNotKea) {
  EXPECT_EQ(import_text("[1]", "kea", "f").error(), "it is not a JSON object");
  EXPECT_THAT(import_text("{ /* a\nb */ # c\n\"Dhcp4\": { \"x\": tru } }", "kea", "f").error(),
              StartsWith("it is no JSON: at line 3, column "));
  EXPECT_THAT(import_text("{ \"Dhcp4\": { <?include \"x.json\"?> } }", "kea", "f").error(),
              StartsWith("it includes other files, which are not followed"));
  EXPECT_EQ(import_text("{}", "kea", "f").error(), "it has no object \"Dhcp4\"");
  const std::size_t deep = std::size_t{1} << 20;
  const std::string nested =
      R"({ "Dhcp4": { "x": )" + std::string(deep, '[') + std::string(deep, ']') + "} }";
  EXPECT_EQ(import_text(nested, "kea", "f").error(), "it is nested too deep");
}

TEST(Import, KnowsTheFormatByItsLooks) {
  EXPECT_EQ(import_format(kDnsmasq, "x"), "dnsmasq");
  EXPECT_EQ(import_format(kDhcpd, "x"), "dhcpd");
  EXPECT_EQ(import_format(kKea, "x"), "kea");
  EXPECT_EQ(import_format("", "/etc/dhcp/dhcpd.conf"), "dhcpd");
  EXPECT_THAT(import_text("", "bind", "f").error(), HasSubstr("there are dnsmasq, dhcpd and kea"));
}

TEST(Import, SettlesWhatWouldBeRefused) {
  const auto [config, toml] = imported(
      "dhcp-range=10.77.1.0,10.77.1.99,255.255.0.0\n"
      "dhcp-range=10.77.1.50,10.77.1.200,255.255.0.0\n"
      "dhcp-host=52:54:00:00:00:01,10.77.0.10\n"
      "dhcp-host=52:54:00:00:00:01,10.77.0.11\n"
      "dhcp-host=52:54:00:00:00:02,10.77.0.10\n"
      "dhcp-host=52:54:00:00:00:03,10.99.0.10,bad_-name-\n"
      "dhcp-boot=../secret\n",
      "dnsmasq");
  EXPECT_EQ(config.subnets[0].pools.size(), 1u);
  ASSERT_EQ(config.hosts.size(), 3u);
  EXPECT_FALSE(config.hosts[1].address);
  EXPECT_FALSE(config.hosts[2].address);
  EXPECT_EQ(config.boot.default_file, "");
  EXPECT_THAT(toml, HasSubstr("not a pool of 10.77.0.0/16 alone"));
  EXPECT_THAT(toml, HasSubstr("not a MAC address of this host alone"));
  EXPECT_THAT(toml, HasSubstr("not a file of the image folder"));
}

}  // namespace
}  // namespace reveille
