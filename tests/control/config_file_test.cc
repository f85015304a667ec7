// What can be said of the text alone: shape, keys, types, ranges; and what a good file becomes.
#include "control/config/config_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/config/config_check.h"
#include "control/config/toml_shape.h"

namespace reveille {
namespace {

using ::testing::HasSubstr;

struct BadTextCase {
  const char* name;
  std::string toml;
  std::string expected;  // all problems of parse_config()
};

void PrintTo(const BadTextCase& one, std::ostream* out) {
  *out << one.name;
}

class BadText : public ::testing::TestWithParam<BadTextCase> {};

TEST_P(BadText, IsSaidWithItsPlace) {
  EXPECT_EQ(parse_config(GetParam().toml, "f").problems.text(), GetParam().expected);
}

const BadTextCase kBadTexts[] = {
    {"UnknownKeyAtTheTop", "[images]\n[dhpc]\n",
     "f:2:2: error: unknown key \"dhpc\"; did you "
     "mean \"dhcp\"?\n"},
    {"UnknownKeyInATable", "[tftp]\nblocksize = 512\n",
     "f:2:1: error: unknown key \"blocksize\" in [tftp]; did you mean \"block_size_max\"?\n"},
    {"UnknownKeyLikeNothing", "[workers]\nzzzz = 1\n",
     "f:2:1: error: unknown key \"zzzz\" in [workers]; known are count, idle\n"},
    {"UnknownKeyInAList", "[[subnet]]\nprefix = \"10.0.0.0/24\"\nrouter = \"10.0.0.1\"\n",
     "f:3:1: error: unknown key \"router\" in [[subnet]]; did you mean \"routers\"?\n"},
    {"UnknownKeyInAVlan", "[[interface]]\n[[interface.vlan]]\nid = 2\nadress = \"10.0.0.1/24\"\n",
     "f:4:1: error: unknown key \"adress\" in [[interface.vlan]]; did you mean \"address\"?\n"},
    {"TextForANumber", "[workers]\ncount = \"two\"\n",
     "f:2:9: error: count wants a whole number from 1 to 32, not text\n"},
    {"NumberTooSmall", "[workers]\ncount = 0\n", "f:2:9: error: count must be 1 to 32, not 0\n"},
    {"NumberTooLarge", "[dhcp]\nhops_max = 17\n",
     "f:2:12: error: hops_max must be 0 to 16, not 17\n"},
    {"NumberHuge", "[tftp]\nblock_size_max = 9223372036854775807\n",
     "f:2:18: error: block_size_max must be 8 to 65464, not 9223372036854775807\n"},
    {"BlockSizeTooSmall", "[tftp]\nblock_size_max = 7\n",
     "f:2:18: error: block_size_max must be 8 to 65464, not 7\n"},
    {"WindowTooLarge", "[tftp]\nwindow_size_max = 65536\n",
     "f:2:19: error: window_size_max must be 1 to 64, not 65536\n"},
    {"VlanId4095", "[[interface]]\n[[interface.vlan]]\nid = 4095\naddress = \"10.0.0.1/24\"\n",
     "f:3:6: error: id must be 1 to 4094, not 4095\n"},
    {"Fraction", "[workers]\ncount = 1.5\n",
     "f:2:9: error: count wants a whole number from 1 to 32, not a number with a fraction\n"},
    {"NumberForAFlag", "[dhcp]\nbootp = 1\n",
     "f:2:9: error: bootp wants true or false, not a whole number\n"},
    {"NumberForText", "[images]\nroot = 5\n",
     "f:2:8: error: root wants text, not a whole number\n"},
    {"DateForText", "[images]\nroot = 2024-01-01\n",
     "f:2:8: error: root wants text, not a date or time\n"},
    {"ControlCharacter", "[images]\nroot = \"a\\u0000b\"\n",
     "f:2:8: error: root: \"a\\x00b\" holds a control character\n"},
    {"TextTooLong", "[[host]]\nhost_name = \"" + std::string(256, 'a') + "\"\n",
     "f:2:13: error: host_name is longer than 255 octets\n"},
    {"UnknownWord", "[dhcp]\nmode = \"relay\"\n",
     "f:2:8: error: mode is \"server\", \"proxy\" or \"off\", not \"relay\"\n"},
    {"BadAddress", "[boot]\nnext_server = \"10.77.0\"\n",
     "f:2:15: error: next_server: \"10.77.0\" is not an address such as \"10.77.0.1\"\n"},
    {"AddressWithoutLength", "[[interface]]\naddress = \"10.77.0.1\"\n",
     "f:2:11: error: address: \"10.77.0.1\" is not an address with its prefix length such as "
     "\"10.77.0.1/16\"\n"},
    {"BadPool", "[[subnet]]\npools = [\"10.77.1.0-10.77.2.0\", \"10.77.1.0/24\"]\n",
     "f:2:33: error: pools: \"10.77.1.0/24\" is not a pool of addresses such as "
     "\"10.77.1.0-10.77.255.254\"\n"},
    {"NumberAmongPools", "[[subnet]]\npools = [7]\n",
     "f:2:10: error: pools wants a pool of addresses such as \"10.77.1.0-10.77.255.254\", not a "
     "whole number\n"},
    {"TooManyRouters",
     "[[subnet]]\nrouters = [" +
         [] {
           std::string list;
           for (int i = 0; i < 17; ++i) list += "\"10.0.0.1\",";
           return list;
         }() +
         "]\n",
     "f:2:11: error: routers has 17 entries; at most 16 are possible\n"},
    {"BadMac", "[[host]]\nmac = \"52:54:00:12:34\"\n",
     "f:2:7: error: mac: \"52:54:00:12:34\" is not a MAC address such as "
     "\"52:54:00:12:34:56\"\n"},
    {"BadClientId", "[[host]]\nclient_id = \"0\"\n",
     "f:2:13: error: client_id: \"0\" is not octets such as \"01:52:54:00:12:34:56\"\n"},
    {"BadUuid", "[[host]]\nuuid = \"1-2-3\"\n",
     "f:2:8: error: uuid: \"1-2-3\" is not a UUID such as "
     "\"00112233-4455-6677-8899-aabbccddeeff\"\n"},
    {"BadDuration", "[dhcp]\nlease_time = \"soon\"\n",
     "f:2:14: error: lease_time: \"soon\" is not a duration such as \"90s\", \"10m\" or \"1h\"\n"},
    {"DurationTooShort", "[dhcp]\nlease_time = 5\n",
     "f:2:14: error: lease_time must be 10s to 4294967294s, not 5\n"},
    {"DurationNegative", "[dhcp]\nlease_time = -5\n",
     "f:2:14: error: lease_time must be 10s to 4294967294s, not -5\n"},
    {"DurationTooLong", "[tftp]\ntimeout = \"256s\"\n",
     "f:2:11: error: timeout must be 10ms to 255s, not \"256s\"\n"},
    {"DurationOfAnotherType", "[relay]\nwindow = true\n",
     "f:2:10: error: window wants a duration such as \"90s\", or seconds, not true or false\n"},
    {"BadSize", "[images]\nmemory_max = \"much\"\n",
     "f:2:14: error: memory_max: \"much\" is not a size such as \"4 GiB\"\n"},
    {"SizeNegative", "[images]\nmemory_max = -1\n",
     "f:2:14: error: memory_max must be 0 B to 64 TiB, not -1\n"},
    {"TableForTables", "[subnet]\nprefix = \"10.0.0.0/24\"\n",
     "f:1:1: error: subnet wants tables: [[subnet]], not a table\n"},
    {"ValueForTables", "subnet = [1]\n",
     "f:1:11: error: subnet wants tables: [[subnet]], not a whole number\n"},
    {"ValueForATable", "dhcp = \"on\"\n", "f:1:8: error: dhcp wants a table: [dhcp], not text\n"},
    {"UnknownArchitecture", "[boot]\nfiles = { x64-efi = \"a\" }\n",
     "f:2:11: error: unknown client architecture \"x64-efi\"; did you mean \"x64-uefi\"?\n"},
    {"ArchitectureTooLarge", "[boot.files]\n70000 = \"a\"\n",
     "f:2:1: error: unknown client architecture \"70000\"; give a name such as \"x64-uefi\" or its "
     "number\n"},
    {"ArchitectureTwice", "[boot.files]\n7 = \"a\"\nx64-uefi = \"b\"\n",
     "f:3:1: error: architecture 7 has two files, by name and by number\n"},
    {"ArchitectureWithoutFile", "[boot.files]\n7 = 7\n",
     "f:2:5: error: \"7\" wants a file name, not a whole number\n"},
    {"AllAtOnce", "[dhcp]\nmode = 1\nbootp = 2\n[tftp]\nretries = 61\nfoo = 1\n",
     "f:2:8: error: mode wants text, not a whole number\n"
     "f:3:9: error: bootp wants true or false, not a whole number\n"
     "f:5:11: error: retries must be 0 to 60, not 61\n"
     "f:6:1: error: unknown key \"foo\" in [tftp]; known are block_size_max, enabled, "
     "errors_per_second, half_open_max, ignore_case, retries, retries_half_open, rewrite, "
     "timeout, transfers_max, window_size_max\n"},
};
INSTANTIATE_TEST_SUITE_P(Config, BadText, ::testing::ValuesIn(kBadTexts),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(ConfigFile, SaysWhereSyntaxEnds) {
  const std::string text = parse_config("[dhcp]\nmode = \n", "f").problems.text();
  EXPECT_THAT(text, ::testing::StartsWith("f:2:8: error: not TOML: "));
}

TEST(ConfigFile, RefusesAKeyTwice) {
  const std::string text =
      parse_config("[dhcp]\nbootp = true\nbootp = true\n", "f").problems.text();
  EXPECT_THAT(text, ::testing::StartsWith("f:3:"));
}

TEST(ConfigFile, RefusesInvalidUtf8) {
  EXPECT_TRUE(parse_config("[images]\nroot = \"\xff\xfe\"\n", "f").problems.any_error());
}

TEST(ConfigFile, RefusesDeepNesting) {
  EXPECT_EQ(parse_config("a = " + std::string(17, '['), "f").problems.text(),
            "f:1:21: error: nested deeper than 16 levels; no table of reveille needs that\n");
  std::string dots = "[dhcp]\na";
  for (int i = 0; i < 1'000'000; ++i) dots += ".a";
  EXPECT_EQ(parse_config(dots + " = 1\n", "f").problems.text(),
            "f:2:34: error: nested deeper than 16 levels; no table of reveille needs that\n");
  EXPECT_TRUE(parse_config(std::string(1'000'000, '{'), "f").problems.any_error());
}

TEST(ConfigFile, DotsAndBracketsInTextAndCommentsAreNoNesting) {
  const std::string many(1000, '.');
  const std::string brackets(1000, '[');
  for (const std::string& quote :
       {std::string("\""), std::string("'"), std::string("\"\"\""), std::string("'''")}) {
    const std::string toml = "x = " + quote + many + brackets + quote + " # " + many + brackets;
    EXPECT_FALSE(toml_shape_problem(toml)) << quote;
    EXPECT_TRUE(toml_shape_problem(toml + "\n" + many)) << quote;
  }
  EXPECT_FALSE(toml_shape_problem("x = \"\\\"" + many + "\""));
  EXPECT_FALSE(toml_shape_problem("x = \"\"\"a\\\"\"\"b" + many + "\"\"\"\"\""));
  EXPECT_FALSE(toml_shape_problem("x = '''\n" + many + "\n" + many + "'''"));
}

TEST(ConfigFile, RefusesWhatIsTooLarge) {
  EXPECT_EQ(parse_config(std::string(kConfigBytesMax + 1, '\n'), "f").problems.text(),
            "f: error: larger than 16 MiB\n");
  EXPECT_FALSE(parse_config(std::string(kConfigBytesMax, '\n'), "f").problems.any_error());
}

TEST(ConfigFile, ThatIsNotThereIsAProblem) {
  EXPECT_EQ(read_config("/nonexistent/reveille.toml").problems.text(),
            "/nonexistent/reveille.toml: error: there is no such file\n");
  EXPECT_EQ(read_config("/").problems.text(), "/: error: is a folder, not a file\n");
}

TEST(ConfigFile, ThatNeverEndsIsReadToTheLimit) {
  EXPECT_EQ(read_config("/dev/zero").problems.text(), "/dev/zero: error: larger than 16 MiB\n");
}

TEST(ConfigFile, AnEmptyOneHasTheDocumentedDefaults) {
  const Config config = parse_config("", "f").config;
  EXPECT_EQ(config.dhcp.mode, DhcpMode::server);
  EXPECT_EQ(config.dhcp.lease_time, 1h);
  EXPECT_EQ(config.tftp.block_size_max, 1468);
  EXPECT_EQ(config.workers.count, 1);
  EXPECT_TRUE(config.interfaces.empty());
}

TEST(ConfigFile, PathsAreTakenFromItsFolder) {
  const Config config = parse_config("[images]\nroot = \"boot\"\n[log]\nfile = \"/var/log/r\"\n",
                                     "/etc/reveille/r.toml")
                            .config;
  EXPECT_EQ(config.images.root, "/etc/reveille/boot");
  EXPECT_EQ(config.log.file, "/var/log/r");
  EXPECT_EQ(config.control.socket, "/run/reveille/control.sock");
}

// ---- the documented example

const std::string kComplete = std::string(REVEILLE_TEST_FOLDER) + "/complete.toml";

TEST(CompleteExample, HasNoProblem) {
  ParsedConfig parsed = read_config(kComplete);
  check_config(parsed.config, parsed.origins, parsed.problems);
  EXPECT_EQ(parsed.problems.text(), "");
}

TEST(CompleteExample, NamesEveryKeyOfTheParser) {
  const ParsedConfig parsed = read_config(kComplete);
  std::ifstream stream(kComplete);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_GE(parsed.keys.size(), 60U);
  for (const std::string& path : parsed.keys) {
    const std::string key = path.substr(path.rfind('.') + 1);
    const bool assigned = text.find("\n" + key + " = ") != std::string::npos ||
                          text.find("  " + key + " = ") != std::string::npos;
    const bool table = text.find("[" + path + "]") != std::string::npos;
    EXPECT_TRUE(assigned || table) << path;
  }
}

TEST(CompleteExample, SaysTheTrueDefaults) {
  const Config written = read_config(kComplete).config;
  const Config fresh;
  EXPECT_EQ(written.dhcp.mode, fresh.dhcp.mode);
  EXPECT_EQ(written.dhcp.identity, fresh.dhcp.identity);
  EXPECT_EQ(written.dhcp.authoritative, fresh.dhcp.authoritative);
  EXPECT_EQ(written.dhcp.bootp, fresh.dhcp.bootp);
  EXPECT_EQ(written.dhcp.lease_time, fresh.dhcp.lease_time);
  EXPECT_EQ(written.dhcp.offer_time, fresh.dhcp.offer_time);
  EXPECT_EQ(written.dhcp.decline_time, fresh.dhcp.decline_time);
  EXPECT_EQ(written.dhcp.hops_max, fresh.dhcp.hops_max);
  EXPECT_EQ(written.boot.quiet_router_advertisement, fresh.boot.quiet_router_advertisement);
  EXPECT_EQ(written.leases.database, fresh.leases.database);
  EXPECT_EQ(written.leases.renewal_unrecorded_percent, fresh.leases.renewal_unrecorded_percent);
  EXPECT_EQ(written.relay.drop_copies, fresh.relay.drop_copies);
  EXPECT_EQ(written.relay.window, fresh.relay.window);
  EXPECT_EQ(written.relay.entries, fresh.relay.entries);
  EXPECT_EQ(written.tftp.enabled, fresh.tftp.enabled);
  EXPECT_EQ(written.tftp.ignore_case, fresh.tftp.ignore_case);
  EXPECT_EQ(written.tftp.block_size_max, fresh.tftp.block_size_max);
  EXPECT_EQ(written.tftp.window_size_max, fresh.tftp.window_size_max);
  EXPECT_EQ(written.tftp.transfers_max, fresh.tftp.transfers_max);
  EXPECT_EQ(written.tftp.half_open_max, fresh.tftp.half_open_max);
  EXPECT_EQ(written.tftp.timeout, fresh.tftp.timeout);
  EXPECT_EQ(written.tftp.retries, fresh.tftp.retries);
  EXPECT_EQ(written.tftp.retries_half_open, fresh.tftp.retries_half_open);
  EXPECT_EQ(written.tftp.errors_per_second, fresh.tftp.errors_per_second);
  EXPECT_EQ(written.images.memory_max_bytes, fresh.images.memory_max_bytes);
  EXPECT_EQ(written.images.files_max, fresh.images.files_max);
  EXPECT_EQ(written.disk_limits.memory_max_bytes, fresh.disk_limits.memory_max_bytes);
  EXPECT_EQ(written.disk_limits.overlay_memory_max_bytes,
            fresh.disk_limits.overlay_memory_max_bytes);
  EXPECT_EQ(written.disk_limits.overlay_file_max_bytes, fresh.disk_limits.overlay_file_max_bytes);
  EXPECT_EQ(written.disk_limits.clients_max, fresh.disk_limits.clients_max);
  EXPECT_EQ(written.disk_limits.discoveries_per_second, fresh.disk_limits.discoveries_per_second);
  EXPECT_EQ(written.disk_limits.work_folder, fresh.disk_limits.work_folder);
  EXPECT_EQ(written.workers.count, fresh.workers.count);
  EXPECT_EQ(written.workers.idle, fresh.workers.idle);
  EXPECT_EQ(written.log.format, fresh.log.format);
  EXPECT_EQ(written.log.file, fresh.log.file);
  EXPECT_EQ(written.log.lines_per_client_per_minute, fresh.log.lines_per_client_per_minute);
  EXPECT_EQ(written.log.quiet, fresh.log.quiet);
  EXPECT_EQ(written.control.socket, fresh.control.socket);
}

TEST(CompleteExample, BecomesTheseValues) {
  const Config config = read_config(kComplete).config;
  ASSERT_EQ(config.interfaces.size(), 3U);
  EXPECT_EQ(config.interfaces[0].interface, "eth1");
  EXPECT_EQ(config.interfaces[0].address->text(), "10.77.0.1/16");
  EXPECT_EQ(config.interfaces[0].mtu, 9000);
  EXPECT_EQ(config.interfaces[0].driver, KernelDriver::af_packet);
  EXPECT_EQ(config.interfaces[1].driver, KernelDriver::automatic);
  ASSERT_EQ(config.interfaces[0].vlans.size(), 1U);
  EXPECT_EQ(config.interfaces[0].vlans[0].id, 20);
  EXPECT_EQ(config.interfaces[0].vlans[0].address.text(), "10.20.0.1/24");
  EXPECT_EQ(config.interfaces[1].device, "0000:65:00.0");
  EXPECT_EQ(config.interfaces[2].vdev, "net_tap0,iface=boot0");
  ASSERT_EQ(config.subnets.size(), 4U);
  const SubnetConfig& subnet = config.subnets[0];
  EXPECT_EQ(subnet.prefix.text(), "10.77.0.0/16");
  ASSERT_EQ(subnet.pools.size(), 2U);
  EXPECT_EQ(subnet.pools[1].last, Ipv4Address::of(10, 77, 255, 254));
  EXPECT_EQ(subnet.routers, std::vector{Ipv4Address::of(10, 77, 0, 254)});
  EXPECT_EQ(subnet.dns_servers.size(), 2U);
  EXPECT_EQ(subnet.domain_name, "lab.example");
  EXPECT_EQ(subnet.lease_time, 8h);
  EXPECT_EQ(subnet.relays.size(), 2U);
  EXPECT_EQ(subnet.boot_file, "lab/grubx64.efi");
  ASSERT_EQ(subnet.options.size(), 5U);
  ASSERT_EQ(config.hosts.size(), 1U);
  EXPECT_EQ(config.hosts[0].mac->text(), "52:54:00:12:34:56");
  EXPECT_EQ(config.hosts[0].client_id.size(), 7U);
  EXPECT_EQ(config.hosts[0].uuid->text(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(config.hosts[0].address, Ipv4Address::of(10, 77, 0, 10));
  EXPECT_EQ(config.hosts[0].host_name, "node1");
  EXPECT_EQ(config.hosts[0].boot_file, "special.efi");
  EXPECT_EQ(read_config(kComplete).host_files.size(), 2U);
  ASSERT_EQ(config.boot.files.size(), 4U);
  EXPECT_EQ(config.boot.files[0].architecture, 27);
  EXPECT_EQ(config.boot.files[3].architecture, 0);
  EXPECT_EQ(config.boot.files[3].file, "undionly.kpxe");
  EXPECT_EQ(config.boot.next_server, Ipv4Address::of(10, 77, 0, 1));
  EXPECT_EQ(config.images.root, "/srv/boot");
  ASSERT_EQ(config.disks.size(), 1U);
  const DiskConfig& disk = config.disks[0];
  EXPECT_EQ(disk.address, (DiskAddress{0, 1}));
  EXPECT_EQ(disk.file, "/srv/disks/lab.img");
  EXPECT_EQ(disk.mode, DiskMode::shared);
  ASSERT_EQ(disk.clients.size(), 2U);
  EXPECT_EQ(disk.clients[1].octets, 3);
  EXPECT_EQ(disk.overlay, OverlayPlace::file);
  EXPECT_EQ(disk.overlay_folder, "/var/lib/reveille");
  EXPECT_EQ(disk.offset_bytes, 1U << 20);
  EXPECT_EQ(disk.length_bytes, std::uint64_t{8} << 30);
}

}  // namespace
}  // namespace reveille
