// Values that exclude each other. Each case is a good configuration with one thing wrong.
#include "control/config/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_problems.h"

namespace reveille {
namespace {

const std::string kSubnet =
    "[[subnet]]\nprefix = \"10.77.0.0/16\"\npools = [\"10.77.1.0-10.77.255.254\"]\n";

TEST(ConfigCheck, TheLeastThatWorks) {
  EXPECT_EQ(problems_of(kLink + kImages + kSubnet), "");
}

TEST(ConfigCheck, ProxyNeedsNoPool) {
  EXPECT_EQ(problems_of(kLink + kImages + kProxy), "");
}

TEST(ConfigCheck, NothingAtAll) {
  EXPECT_EQ(problems_of(""),
            "f: error: no interface to serve: add an [[interface]] table, or give --interface\n"
            "f: error: no image folder: set `root` in [images], or give --root\n"
            "f: error: no address to hand out: add a [[subnet]] with `pools`, or give --pool; or "
            "boot clients beside another DHCP server with mode = \"proxy\" or --proxy\n");
}

TEST(ConfigCheck, NothingToServe) {
  EXPECT_EQ(problems_of(kLink + "[dhcp]\nmode = \"off\"\n[tftp]\nenabled = false\n"),
            "f:5:8: error: DHCP and TFTP are both off and there is no [[disk]]: nothing is left to "
            "serve\n");
}

struct WrongConfig {
  const char* name;
  std::string toml;
  std::string expected;
};

void PrintTo(const WrongConfig& one, std::ostream* out) {
  *out << one.name;
}

class Wrong : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(Wrong, IsSaidWithItsPlace) {
  EXPECT_EQ(problems_of(GetParam().toml), GetParam().expected);
}

// ---- interfaces: the table begins at line 1

const std::string kRest = kSubnet + kImages;

std::string interface(const std::string& lines) {
  return "[[interface]]\n" + lines + kRest;
}

const WrongConfig kInterfaces[] = {
    {"NoKind", interface("address = \"10.77.0.1/16\"\n"),
     "f:1:1: error: say what to serve: `interface` (a kernel interface), `device` (a PCI address) "
     "or `vdev` (a DPDK virtual device)\n"},
    {"TwoKinds",
     interface("interface = \"eth1\"\ndevice = \"0000:65:00.0\"\naddress = \"10.77.0.1/16\"\n"),
     "f:1:1: error: give one of `interface`, `device` and `vdev`, not several\n"},
    {"NoAddress", interface("interface = \"eth1\"\n"),
     "f:1:1: error: eth1 has no address to answer on: set `address`, or give --address\n"},
    {"NameTooLong", interface("interface = \"abcdefghijklmnop\"\naddress = \"10.77.0.1/16\"\n"),
     "f:2:13: error: \"abcdefghijklmnop\" cannot be the name of an interface\n"},
    {"NameWithComma", interface("interface = \"e,x=1\"\naddress = \"10.77.0.1/16\"\n"),
     "f:2:13: error: \"e,x=1\" cannot be the name of an interface\n"},
    {"BadDevice", interface("device = \"65:00.0\"\naddress = \"10.77.0.1/16\"\n"),
     "f:2:10: error: \"65:00.0\" is not a PCI address such as \"0000:65:00.0\"\n"},
    {"DriverOfAVdev",
     interface("vdev = \"net_tap0\"\naddress = \"10.77.0.1/16\"\ndriver = \"af_packet\"\n"),
     "f:4:10: error: `driver` is for an `interface` of the kernel only\n"},
    {"AfXdpAndJumbo",
     interface("interface = \"eth1\"\naddress = \"10.77.0.1/16\"\nmtu = 9000\n"
               "driver = \"af_xdp\"\n"),
     "f:5:10: error: AF_XDP carries packets of at most 1500 octets; longer ones need "
     "\"af_packet\"\n"},
    {"AfXdpBesideANic",
     interface("interface = \"eth1\"\naddress = \"10.77.0.1/16\"\ndriver = \"af_xdp\"\n"
               "[[interface]]\ndevice = \"0000:65:00.0\"\naddress = \"10.78.0.1/16\"\n"),
     "f:4:10: error: AF_XDP does not go with a `device` or a longer `mtu` on another interface; "
     "\"af_packet\" does\n"
     "f:7:11: warning: no [[subnet]] contains 10.78.0.1: clients on 0000:65:00.0 will get no "
     "address\n"},
    {"AfXdpAndVlans",
     interface("interface = \"eth1\"\ndriver = \"af_xdp\"\n[[interface.vlan]]\nid = 7\n"
               "address = \"10.77.0.1/16\"\n"),
     "f:3:10: error: AF_XDP does not see VLAN tags; VLANs need \"af_packet\"\n"},
    {"BadVdev", interface("vdev = \"tap0\"\naddress = \"10.77.0.1/16\"\n"),
     "f:2:8: error: \"tap0\" is not a DPDK network device such as \"net_tap0,iface=boot0\"\n"},
    {"NetworkAddress", interface("interface = \"eth1\"\naddress = \"10.77.0.0/16\"\n"),
     "f:3:11: error: address 10.77.0.0/16 is the network's own address\n"},
    {"BroadcastAddress", interface("interface = \"eth1\"\naddress = \"10.77.255.255/16\"\n"),
     "f:3:11: error: address 10.77.255.255/16 is the network's broadcast address\n"},
    {"Multicast", interface("interface = \"eth1\"\naddress = \"224.0.0.5/16\"\n"),
     "f:3:11: error: address 224.0.0.5/16 is a multicast address\n"},
    {"Loopback", interface("interface = \"eth1\"\naddress = \"127.0.0.1/8\"\n"),
     "f:3:11: error: address 127.0.0.1/8 is a loopback address\n"},
    {"Zero", interface("interface = \"eth1\"\naddress = \"0.0.0.1/8\"\n"),
     "f:3:11: error: address 0.0.0.1/8 is in 0.0.0.0/8, which means this network\n"},
    {"HostLength", interface("interface = \"eth1\"\naddress = \"10.77.0.1/32\"\n"),
     "f:3:11: error: address 10.77.0.1/32 needs a prefix length of 8 to 31\n"},
    {"InterfaceTwice",
     "[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.1/16\"\n"
     "[[interface]]\ninterface = \"eth1\"\naddress = \"10.78.0.1/16\"\n"
     "[[subnet]]\nprefix = \"10.78.0.0/16\"\n" +
         kRest,
     "f:4:1: error: eth1 is configured twice; VLANs of one interface go into its "
     "[[interface.vlan]] tables\n"},
    {"SameNetworkTwice",
     "[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.1/16\"\n"
     "[[interface]]\ninterface = \"eth2\"\naddress = \"10.77.3.1/24\"\n" +
         kRest,
     "f:6:11: error: address 10.77.3.1/24 of eth2 is in the same network as 10.77.0.1/16 of "
     "eth1\n"
     "f:9:10: error: pool 10.77.1.0-10.77.255.254 contains 10.77.3.1, the server's own address on "
     "eth2\n"},
    {"VlanTwice",
     interface("interface = \"eth1\"\n[[interface.vlan]]\nid = 5\naddress = \"10.77.0.1/16\"\n"
               "[[interface.vlan]]\nid = 5\naddress = \"10.78.0.1/16\"\n"),
     "f:7:6: error: VLAN 5 is configured twice on this interface\n"
     "f:8:11: warning: no [[subnet]] contains 10.78.0.1: clients on eth1 VLAN 5 will get no "
     "address\n"},
    {"VlanWithoutId",
     interface("interface = \"eth1\"\n[[interface.vlan]]\naddress = \"10.77.0.1/16\"\n"),
     "f:3:1: error: a VLAN needs its `id`\n"},
    {"VlanWithoutAddress", interface("interface = \"eth1\"\n[[interface.vlan]]\nid = 5\n"),
     "f:3:1: error: a VLAN needs an `address` of its own\n"},
};
INSTANTIATE_TEST_SUITE_P(Interface, Wrong, ::testing::ValuesIn(kInterfaces),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- subnets: the table begins at line 6

std::string subnet(const std::string& lines) {
  return kLink + kImages + "[[subnet]]\n" + lines;
}

const std::string kPrefix = "prefix = \"10.77.0.0/16\"\n";
const std::string kGoodSubnet = kPrefix + "pools = [\"10.77.1.0-10.77.2.0\"]\n";

const WrongConfig kSubnetCases[] = {
    {"NoPrefix", subnet("pools = [\"10.77.1.0-10.77.2.0\"]\n"),
     "f:6:1: error: a subnet needs its `prefix`\n"},
    {"HostBits", subnet("prefix = \"10.77.0.1/16\"\npools = [\"10.77.1.0-10.77.2.0\"]\n"),
     "f:7:10: error: prefix 10.77.0.1/16 has bits beyond its length; write 10.77.0.0/16\n"},
    {"PrefixTooWide", subnet("prefix = \"10.0.0.0/7\"\npools = [\"10.77.1.0-10.77.2.0\"]\n"),
     "f:7:10: error: prefix 10.0.0.0/7 needs a length of 8 to 31\n"},
    {"PrefixMulticast", subnet("prefix = \"224.0.0.0/16\"\npools = [\"224.0.1.0-224.0.1.9\"]\n"),
     "f:3:11: warning: no [[subnet]] contains 10.77.0.1: clients on eth1 will get no address\n"
     "f:7:10: error: prefix 224.0.0.0/16 holds no usable address: it is a multicast address\n"},
    {"Overlap", subnet(kGoodSubnet + "[[subnet]]\nprefix = \"10.77.128.0/24\"\n"),
     "f:10:10: error: subnet 10.77.128.0/24 overlaps subnet 10.77.0.0/16\n"},
    {"PoolOutside", subnet(kPrefix + "pools = [\"10.77.1.0-10.78.0.5\"]\n"),
     "f:8:10: error: pool 10.77.1.0-10.78.0.5 is not inside its subnet 10.77.0.0/16\n"},
    {"PoolBackwards", subnet(kPrefix + "pools = [\"10.77.2.0-10.77.1.0\"]\n"),
     "f:8:10: error: pool 10.77.2.0-10.77.1.0 ends before it begins\n"},
    {"PoolWithNetwork",
     subnet("prefix = \"10.77.4.0/24\"\npools = [\"10.77.4.0-10.77.4.9\"]\n[[subnet]]\nprefix = "
            "\"10.77.0.0/24\"\n"),
     "f:8:10: error: pool 10.77.4.0-10.77.4.9 contains 10.77.4.0, which is the network's own "
     "address\n"},
    {"PoolWithBroadcast", subnet(kPrefix + "pools = [\"10.77.1.0-10.77.255.255\"]\n"),
     "f:8:10: error: pool 10.77.1.0-10.77.255.255 contains 10.77.255.255, which is the network's "
     "broadcast address\n"},
    {"PoolWithOwnAddress", subnet(kPrefix + "pools = [\"10.77.0.1-10.77.0.9\"]\n"),
     "f:8:10: error: pool 10.77.0.1-10.77.0.9 contains 10.77.0.1, the server's own address on "
     "eth1\n"},
    {"PoolWithRouter",
     subnet(kPrefix + "pools = [\"10.77.1.0-10.77.1.9\"]\nrouters = [\"10.77.1.5\"]\n"),
     "f:8:10: error: pool 10.77.1.0-10.77.1.9 contains the subnet's router 10.77.1.5\n"},
    {"PoolWithDns", subnet(kPrefix + "pools = [\"10.77.1.0-10.77.1.9\"]\ndns = \"10.77.1.5\"\n"),
     "f:8:10: error: pool 10.77.1.0-10.77.1.9 contains the subnet's DNS server 10.77.1.5\n"},
    {"PoolsOverlap",
     subnet(kPrefix + "pools = [\"10.77.1.0-10.77.1.9\", \"10.77.1.9-10.77.1.20\"]\n"),
     "f:8:33: error: pool 10.77.1.9-10.77.1.20 overlaps pool 10.77.1.0-10.77.1.9\n"},
    {"PoolInsidePool",
     subnet(kPrefix +
            "pools = [\"10.77.1.0-10.77.9.0\", \"10.77.2.0\", \"10.77.3.0-10.77.4.0\"]\n"),
     "f:8:33: error: pool 10.77.2.0 overlaps pool 10.77.1.0-10.77.9.0\n"
     "f:8:46: error: pool 10.77.3.0-10.77.4.0 overlaps pool 10.77.1.0-10.77.9.0\n"},
    {"PoolsTooLarge",
     subnet(kGoodSubnet + "[[subnet]]\nprefix = \"11.0.0.0/8\"\n"
                          "pools = [\"11.0.0.1-11.64.0.0\"]\n"),
     "f:6:1: error: the pools hold 4 194 561 addresses together; at most 4 194 304 are "
     "possible\n"},
    {"RouterOutside", subnet(kGoodSubnet + "routers = [\"10.78.0.1\"]\n"),
     "f:9:12: error: router 10.78.0.1 is not inside its subnet 10.77.0.0/16; clients could not "
     "reach it\n"},
    {"RouterBroadcast", subnet(kGoodSubnet + "routers = [\"10.77.255.255\"]\n"),
     "f:9:12: error: router 10.77.255.255 is the network's broadcast address\n"},
    {"DnsLoopback", subnet(kGoodSubnet + "dns = [\"10.77.0.2\", \"127.0.0.53\"]\n"),
     "f:9:21: error: DNS server 127.0.0.53 is a loopback address\n"},
    {"BadDomain", subnet(kGoodSubnet + "domain = \"lab..example\"\n"),
     "f:9:10: error: \"lab..example\" is not a domain name\n"},
    {"RelayIsOurs", subnet(kGoodSubnet + "relays = [\"10.77.0.1\"]\n"),
     "f:9:11: error: relay 10.77.0.1 is the server's own address\n"},
    {"RelayOfTwoSubnets",
     subnet(kGoodSubnet +
            "relays = [\"10.9.0.1\"]\n[[subnet]]\nprefix = \"10.78.0.0/16\"\nrelays = "
            "[\"10.9.0.1\"]\n"),
     "f:12:11: error: relay 10.9.0.1 belongs to subnet 10.77.0.0/16 already\n"},
    {"NoSubnetForALink", subnet("prefix = \"10.78.0.0/16\"\npools = \"10.78.0.9\"\n"),
     "f:3:11: warning: no [[subnet]] contains 10.77.0.1: clients on eth1 will get no address\n"},
    {"NoPool", subnet(kPrefix),
     "f:6:1: error: no address to hand out: add a [[subnet]] with `pools`, or give --pool; or boot "
     "clients beside another DHCP server with mode = \"proxy\" or --proxy\n"},
    {"PoolsOfAProxy", subnet(kGoodSubnet + kProxy),
     "f:8:9: warning: these pools are not used: `mode` in [dhcp] is not \"server\"\n"},
    {"TooManyOptions",
     subnet(kGoodSubnet + "[subnet.options]\nroot-path = \"" + std::string(600, 'a') +
            "\"\nwpad = \"" + std::string(600, 'a') + "\"\n"),
     "f:9:1: error: the options take 1204 octets; no client accepts more than 1024\n"},
    // One mistake is one problem: what hangs on it is not reported again.
    {"BadPoolAlone", subnet(kPrefix + "pools = [\"all\"]\n"),
     "f:8:10: error: pools: \"all\" is not a pool of addresses such as "
     "\"10.77.1.0-10.77.255.254\"\n"},
    {"BadPrefixAlone",
     subnet("prefix = \"10.77/16\"\npools = [\"10.77.1.0-10.77.2.0\"]\n[[host]]\nmac = "
            "\"52:54:00:00:00:01\"\naddress = \"10.77.0.9\"\n"),
     "f:7:10: error: prefix: \"10.77/16\" is not a network with its length such as "
     "\"10.77.0.0/16\"\n"},
};
INSTANTIATE_TEST_SUITE_P(Subnet, Wrong, ::testing::ValuesIn(kSubnetCases),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- hosts: the table begins at line 9

std::string host(const std::string& lines) {
  return kLink + kImages + kSubnet + "[[host]]\n" + lines;
}

const std::string kMac = "mac = \"52:54:00:00:00:01\"\n";

const WrongConfig kHosts[] = {
    {"NoKey", host("address = \"10.77.0.9\"\n"),
     "f:9:1: error: a host needs a `mac`, a `client_id` or a `uuid` to be known by\n"},
    {"GroupMac", host("mac = \"01:00:5e:00:00:01\"\n"),
     "f:10:7: error: 01:00:5e:00:00:01 is not the address of one machine\n"},
    {"MacTwice", host(kMac + "[[host]]\n" + kMac),
     "f:12:7: error: MAC address 52:54:00:00:00:01 belongs to another [[host]] already (line "
     "10)\n"},
    {"ClientIdTwice", host("client_id = \"01:02\"\n[[host]]\nclient_id = \"0102\"\n"),
     "f:12:13: error: client-id 01:02 belongs to another [[host]] already (line 10)\n"},
    {"UuidTwice",
     host("uuid = \"00112233-4455-6677-8899-aabbccddeeff\"\n[[host]]\n"
          "uuid = \"00112233-4455-6677-8899-AABBCCDDEEFF\"\n"),
     "f:12:8: error: UUID 00112233-4455-6677-8899-aabbccddeeff belongs to another [[host]] already "
     "(line 10)\n"},
    {"AddressTwice",
     host(kMac + "address = \"10.77.0.9\"\n[[host]]\nclient_id = \"0102\"\naddress = "
                 "\"10.77.0.9\"\n"),
     "f:14:11: error: address 10.77.0.9 belongs to another [[host]] already (line 11)\n"},
    {"AddressOutside", host(kMac + "address = \"10.78.0.9\"\n"),
     "f:11:11: error: address 10.78.0.9 is not inside any [[subnet]]\n"},
    {"AddressOurs", host(kMac + "address = \"10.77.0.1\"\n"),
     "f:11:11: error: address 10.77.0.1 is the server's own address on eth1\n"},
    {"AddressBroadcast", host(kMac + "address = \"10.77.255.255\"\n"),
     "f:11:11: error: address 10.77.255.255 is the network's broadcast address\n"},
    {"AddressMulticast", host(kMac + "address = \"224.1.1.1\"\n"),
     "f:11:11: error: address 224.1.1.1 is a multicast address\n"},
    {"BadName", host(kMac + "host_name = \"node 1\"\n"),
     "f:11:13: error: \"node 1\" is not a host name\n"},
    {"BootFileAbsolute", host(kMac + "boot_file = \"/srv/boot/a/b.efi\"\n"),
     "f:11:13: error: boot_file \"/srv/boot/a/b.efi\" is a path on this machine; clients ask for "
     "\"a/b.efi\"\n"},
};
INSTANTIATE_TEST_SUITE_P(Host, Wrong, ::testing::ValuesIn(kHosts),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- boot and tftp: the table begins at line 9

std::string after_subnet(const std::string& lines) {
  return kLink + kImages + kSubnet + lines;
}

const WrongConfig kBoot[] = {
    {"FileAbsolute", after_subnet("[boot.files]\n7 = \"/other/snponly.efi\"\n"),
     "f:10:5: error: boot file \"/other/snponly.efi\" begins at the root; name the file as it is "
     "in "
     "the image folder\n"},
    {"FileWithDrive", after_subnet("[boot]\ndefault_file = 'C:\\boot\\wdsnbp.com'\n"),
     "f:10:16: error: default_file \"C:\\\\boot\\\\wdsnbp.com\" begins at the root; name the file "
     "as it is in the image folder\n"},
    {"FileClimbs", after_subnet("[boot]\nipxe_script = \"a/../../boot.ipxe\"\n"),
     "f:10:15: error: ipxe_script \"a/../../boot.ipxe\" leaves the image folder; only files in it "
     "are served\n"},
    {"FileEmpty", after_subnet("[boot.files]\n7 = \"\"\n"),
     "f:10:5: error: the boot file's name is empty\n"},
    {"FileUrl", after_subnet("[boot]\nipxe_script = \"http://10.0.0.1/a/../boot.ipxe\"\n"), ""},
    {"FileWithDots", after_subnet("[boot]\ndefault_file = \"a..b/..c/d..\"\n"), ""},
    {"NextServer", after_subnet("[boot]\nnext_server = \"0.0.0.0\"\n"),
     "f:10:15: error: next_server 0.0.0.0 is in 0.0.0.0/8, which means this network\n"},
    {"HalfOpen", after_subnet("[tftp]\nhalf_open_max = 100\ntransfers_max = 10\n"),
     "f:10:17: error: half_open_max (100) is more than transfers_max (10)\n"},
    {"HalfOpenByDefault", after_subnet("[tftp]\ntransfers_max = 10\n"),
     "f:10:17: error: half_open_max (4096) is more than transfers_max (10)\n"},
    {"FewerTransfersThanWorkers",
     after_subnet("[tftp]\nhalf_open_max = 1\ntransfers_max = 1\n[workers]\ncount = 2\n"),
     "f:11:17: error: transfers_max is less than one a worker\n"},
};
INSTANTIATE_TEST_SUITE_P(Boot, Wrong, ::testing::ValuesIn(kBoot),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(ConfigCheck, ALinkOfTwoHasNoBroadcastAddress) {
  EXPECT_EQ(
      problems_of("[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.0/31\"\n" + kImages +
                  "[[subnet]]\nprefix = \"10.77.0.0/31\"\npools = [\"10.77.0.1\"]\n"),
      "");
}

TEST(ConfigCheck, TheControlSocketsPathFits) {
  const std::string good = "/" + std::string(106, 's');
  const std::string text = kLink + kImages + kSubnet + "[control]\nsocket = \"";
  EXPECT_EQ(problems_of(text + good + "\"\n"), "");
  EXPECT_EQ(problems_of(text + good + "s\"\n"),
            "f:10:10: error: the control socket's path has 108 bytes; sockets have at most 107\n");
}

TEST(ConfigCheck, AllAtOnce) {
  const std::string text = problems_of(
      "[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.0/16\"\n"
      "[[subnet]]\nprefix = \"10.77.0.0/16\"\npools = [\"10.77.1.0-10.78.0.0\"]\n"
      "[[host]]\naddress = \"10.99.0.1\"\n[tftp]\nretires = 5\n");
  EXPECT_EQ(text,
            "f: error: no image folder: set `root` in [images], or give --root\n"
            "f:3:11: error: address 10.77.0.0/16 is the network's own address\n"
            "f:6:10: error: pool 10.77.1.0-10.78.0.0 is not inside its subnet 10.77.0.0/16\n"
            "f:7:1: error: a host needs a `mac`, a `client_id` or a `uuid` to be known by\n"
            "f:8:11: error: address 10.99.0.1 is not inside any [[subnet]]\n"
            "f:10:1: error: unknown key \"retires\" in [tftp]; did you mean \"retries\"?\n");
}

TEST(ConfigCheck, ManyHostsTakeNoTime) {
  std::string toml = kLink + kImages + kSubnet;
  for (unsigned i = 0; i < 20'000; ++i) {
    char lines[120];
    (void)std::snprintf(lines, sizeof lines,
                        "[[host]]\nmac = \"52:54:00:01:%02x:%02x\"\naddress = \"10.77.%u.%u\"\n",
                        i >> 8, i & 255, 1 + i / 250, 1 + i % 250);
    toml += lines;
  }
  EXPECT_EQ(problems_of(toml), "");
}

}  // namespace
}  // namespace reveille
