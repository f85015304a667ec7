// Hosts files: both formats, every slip at its place, and many hosts at once.
#include <chrono>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/config/config_check.h"
#include "control/hosts/host_files.h"
#include "control/hosts/host_text.h"
#include "dhcp/subnets.h"
#include "test_folder.h"

namespace reveille {
namespace {

using testing::HasSubstr;

struct Parsed {
  std::vector<HostConfig> hosts;
  std::string problems;
};

Parsed parsed(std::string_view text, std::size_t hosts_max = kHostsMax) {
  Parsed result;
  Origins origins;
  Problems problems("r.toml");
  parse_hosts(text, "h", hosts_max, result.hosts, origins, problems);
  result.problems = problems.text();
  return result;
}

TEST(HostsCsv, ColumnsInAnyOrder) {
  const Parsed result = parsed(
      "# our machines\n"
      "host_name,mac,address,boot_file,uuid,client_id\r\n"
      "node1,52:54:00:12:34:56,10.77.0.10,,,\n"
      "\n"
      "\"node2\", 52-54-00-12-34-57 ,,\"a,\"\"b\"\".efi\",,\n"
      ",,,,00112233-4455-6677-8899-aabbccddeeff,\n"
      "node4,,,,,01:52:54:00:12:34:58");
  EXPECT_EQ(result.problems, "");
  ASSERT_EQ(result.hosts.size(), 4u);
  EXPECT_EQ(result.hosts[0].mac->text(), "52:54:00:12:34:56");
  EXPECT_EQ(result.hosts[0].address, Ipv4Address::of(10, 77, 0, 10));
  EXPECT_EQ(result.hosts[0].host_name, "node1");
  EXPECT_EQ(result.hosts[1].mac->text(), "52:54:00:12:34:57");
  EXPECT_EQ(result.hosts[1].boot_file, "a,\"b\".efi");
  EXPECT_FALSE(result.hosts[1].address);
  EXPECT_EQ(result.hosts[2].uuid->text(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(result.hosts[3].client_id.size(), 7u);
}

TEST(HostsCsv, AllThatIsWrongAtOnce) {
  const Parsed result = parsed(
      "mac,address,host_name\n"
      "52:54:00:12:34,10.77.0.10,\n"
      "52:54:00:12:34:56,10.77.0.300,x\n"
      "52:54:00:12:34:57,,,\n"
      "\"52:54:00:12:34:58,,\n"
      "\"52:54:00:12:34:58\" x,,\n"
      ",10.77.0.1,\n"
      "52:54:00:12:34:59,10.77.0.11\n");
  EXPECT_EQ(result.problems,
            "h:2:1: error: \"52:54:00:12:34\" is not a MAC address such as \"52:54:00:12:34:56\"\n"
            "h:3:19: error: \"10.77.0.300\" is not an address such as \"10.77.0.1\"\n"
            "h:4:21: error: the line has 4 fields, its header 3\n"
            "h:5:1: error: the quote is not closed\n"
            "h:6:21: error: a comma was expected after the quote\n"
            "h:7:1: error: a host needs a `mac`, a `client_id` or a `uuid` to be known by\n"
            "h:8:19: error: the line has 2 fields, its header 3\n");
  EXPECT_TRUE(result.hosts.empty());
}

TEST(HostsCsv, ColumnsThatNobodyKnows) {
  const Parsed result = parsed("mac,adress,mac\n52:54:00:12:34:56,10.77.0.1,x\n");
  EXPECT_EQ(result.problems,
            "h:1:5: error: unknown column \"adress\"; did you mean \"address\"?\n"
            "h:1:12: error: column \"mac\" stands there twice\n");
}

TEST(HostsCsv, AFirstLineThatIsNoHostNamesTheColumnsThereAre) {
  for (const char* const header : {"mac;address;host_name\n", "MAC,IP,Hostname\n"}) {
    EXPECT_EQ(parsed(std::string(header) + "52:54:00:12:34:56;10.77.0.1;x\n").problems,
              "h:1:1: error: no column of a hosts file is named there; there are mac, client_id, "
              "uuid, address, host_name, boot_file, separated by commas\n");
  }
}

TEST(HostsDnsmasq, FieldsByTheirLooks) {
  const Parsed result = parsed(
      "# dnsmasq\n"
      "dhcp-host=52:54:00:12:34:56,node1,10.77.0.10\n"
      "dhcp-host = 01-52:54:00:12:34:57 , 10.77.0.11\t# the second\n"
      "52:54:00:12:34:58,id:*,node3\n"
      "id:01:02:03,10.77.0.12\n"
      "id:marvin,node5\n"
      "52:54:00:12:34:59,52:54:00:12:34:5a,laptop\n");
  EXPECT_EQ(result.problems, "");
  ASSERT_EQ(result.hosts.size(), 7u);
  EXPECT_EQ(result.hosts[0].host_name, "node1");
  EXPECT_EQ(result.hosts[0].address, Ipv4Address::of(10, 77, 0, 10));
  EXPECT_EQ(result.hosts[1].mac->text(), "52:54:00:12:34:57");
  EXPECT_EQ(result.hosts[1].address, Ipv4Address::of(10, 77, 0, 11));
  EXPECT_EQ(result.hosts[2].host_name, "node3");
  EXPECT_EQ(result.hosts[3].client_id, (std::vector<std::uint8_t>{1, 2, 3}));
  const std::string_view marvin = "marvin";
  EXPECT_TRUE(std::ranges::equal(result.hosts[4].client_id, marvin));
  EXPECT_EQ(result.hosts[6].mac->text(), "52:54:00:12:34:5a");
  EXPECT_EQ(result.hosts[6].host_name, "laptop");
}

TEST(HostsDnsmasq, SaysWhatItLeavesOutOnce) {
  const Parsed result = parsed(
      "52:54:00:12:34:56,set:red,45m\n"
      "52:54:00:12:34:57,set:blue,infinite,[fe80::1]\n");
  EXPECT_EQ(result.hosts.size(), 2u);
  EXPECT_THAT(result.problems, HasSubstr("h:1:19: warning: tags of dnsmasq are left out"));
  EXPECT_THAT(result.problems, HasSubstr("h:1:27: warning: lease times of single hosts"));
  EXPECT_THAT(result.problems, HasSubstr("h:2:37: warning: IPv6 addresses are left out"));
  EXPECT_EQ(std::ranges::count(result.problems, '\n'), 3);
}

TEST(HostsDnsmasq, WhatCannotBe) {
  const Parsed result = parsed(
      "52:54:00:*:*:*,10.77.0.10\n"
      "52:54:00:12:34:56,ignore\n"
      "node1,10.77.0.10\n"
      "52:54:00:12:34:57,52:54:00:12:34:58,10.77.0.11\n"
      "dhcp-hosts=52:54:00:12:34:59\n"
      "52:54:00:12:34:5a,10.77.0.12,10.77.0.13,node6\n"
      "52:54:00:12:34:5b,node7,junk\n"
      "id:a,id:b,node8\n"
      "52-54-00-12-34-5c,10.77.0.14\n");
  EXPECT_TRUE(result.hosts.empty());
  EXPECT_THAT(result.problems,
              HasSubstr("h:6:30: error: \"10.77.0.13\" would be a second address"));
  EXPECT_THAT(result.problems, HasSubstr("h:7:25: error: \"junk\" would be a second host name"));
  EXPECT_THAT(result.problems, HasSubstr("h:8:6: error: \"id:b\" would be a second client-id"));
  EXPECT_THAT(result.problems,
              HasSubstr("h:9:1: error: \"52-54-00-12-34-5c\" is a name to dnsmasq"));
  EXPECT_THAT(result.problems, HasSubstr("h:1:1: error: \"52:54:00:*:*:*\" stands for many"));
  EXPECT_THAT(result.problems, HasSubstr("h:2:19: error: reveille cannot ignore"));
  EXPECT_THAT(result.problems, HasSubstr("h:3:1: error: a host needs a MAC address or `id:`"));
  EXPECT_THAT(result.problems, HasSubstr("h:4:1: error: an address belongs to one MAC address"));
  EXPECT_THAT(result.problems, HasSubstr("h:5:1: error: a line such as dhcp-host="));
}

TEST(Hosts, AreBounded) {
  const Parsed result = parsed("mac\n52:54:00:00:00:01\n52:54:00:00:00:02\n52:54:00:00:00:03\n", 2);
  EXPECT_EQ(result.hosts.size(), 2u);
  EXPECT_EQ(result.problems, "h:4:1: error: there are more than 2 hosts\n");
  EXPECT_THAT(parsed("mac\n" + std::string(5000, 'x')).problems,
              HasSubstr("h:2:1: error: the line"));
}

class HostFiles : public testing::Test {
 protected:
  ParsedConfig configured(const std::string& more = {}) {
    ParsedConfig result = read_config(folder.write("r.toml", R"(
[[interface]]
interface = "eth1"
address = "10.77.0.1/16"
[[subnet]]
prefix = "10.77.0.0/16"
[images]
root = "/srv/boot"
[[host]]
mac = "52:54:00:00:00:01"
address = "10.77.0.10"
)" + more));
    read_host_files(result);
    check_config(result.config, result.origins, result.problems);
    return result;
  }
  test::Folder folder;
};

TEST_F(HostFiles, FilesAndFoldersInTheirOrder) {
  std::filesystem::create_directory(folder.path("d"));
  folder.write("d/b.csv", "mac\n52:54:00:00:00:03\n");
  folder.write("d/a.csv", "52:54:00:00:00:02\n");
  folder.write("d/.hidden", "nonsense");
  folder.write("d/a.csv~", "nonsense");
  folder.write("late.csv", "mac,host_name\n52:54:00:00:00:04,late\n");
  const ParsedConfig result = configured("[hosts]\nfiles = [\"d\", \"late.csv\"]\n");
  EXPECT_EQ(result.problems.text(), "");
  ASSERT_EQ(result.config.hosts.size(), 4u);
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(result.config.hosts[i].mac->octets[5], i + 1);
}

TEST_F(HostFiles, DuplicatesAreNamedAcrossFiles) {
  folder.write("a.csv", "mac,address\n52:54:00:00:00:02,10.77.0.10\n52:54:00:00:00:03,\n");
  folder.write("b.csv", "mac,address\n52:54:00:00:00:03,10.99.0.1\n");
  const std::string text = configured("[hosts]\nfiles = [\"a.csv\", \"b.csv\"]\n").problems.text();
  EXPECT_THAT(text, HasSubstr("a.csv:2:1: error: address 10.77.0.10 belongs to another [[host]] "
                              "already (line 11 of the configuration)"));
  EXPECT_THAT(text, HasSubstr("b.csv:2:1: error: MAC address 52:54:00:00:00:03 belongs to another "
                              "[[host]] already (line 3 of "));
  EXPECT_THAT(text, HasSubstr("b.csv:2:1: error: address 10.99.0.1 is not inside any [[subnet]]"));
}

TEST_F(HostFiles, OneThatIsNotThere) {
  const std::string text = configured("[hosts]\nfiles = [\"none.csv\"]\n").problems.text();
  EXPECT_THAT(text, HasSubstr("r.toml:13:10: error: there is no hosts file"));
}

// Never taken for an empty one: a reload would give the addresses of its hosts to others.
TEST_F(HostFiles, OneThatCannotBeReadIsAnError) {
  folder.write("hosts.csv", "mac\n52:54:00:00:00:02\n");
  std::filesystem::create_directory(folder.path("hosts.d"));
  ASSERT_EQ(mkfifo(folder.path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(configured("[hosts]\nfiles = [\"fifo\"]\n").problems.text(),
              HasSubstr("fifo\" cannot be read: it is no ordinary file"));

  // Root reads everything but what a file system refuses; another user does not.
  for (const char* const name : {"hosts.csv", "hosts.d"}) {
    ASSERT_EQ(chmod(folder.path(name).c_str(), 0), 0);
  }
  const bool is_root = geteuid() == 0;
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  if (is_root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  std::vector<std::string> said;
  for (const char* const name : {"hosts.csv", "hosts.d"}) {
    ParsedConfig parsed;
    parsed.host_files = {folder.path(name)};
    read_host_files(parsed);
    said.push_back(parsed.problems.text());
  }
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_THAT(said[0], HasSubstr("hosts.csv\" cannot be read: Permission denied"));
  EXPECT_THAT(said[1], HasSubstr("hosts.d\" cannot be read: Permission denied"));
}

TEST_F(HostFiles, AHundredThousandHosts) {
  std::string text = "mac,address,host_name,boot_file\n";
  for (unsigned i = 0; i < kHostsMax - 1; ++i) {
    char line[100];
    (void)std::snprintf(line, sizeof line, "02:00:00:%02x:%02x:%02x,10.77.%u.%u,n%u,node.efi\n",
                        i >> 16, i >> 8 & 255, i & 255, 1 + i / 250 % 250, 1 + i % 250, i);
    // More hosts than a /16 has such addresses: the rest go without.
    if (i >= 250 * 250)
      (void)std::snprintf(line, sizeof line, "02:00:00:%02x:%02x:%02x,,n%u,node.efi\n", i >> 16,
                          i >> 8 & 255, i & 255, i);
    text += line;
  }
  folder.write("all.csv", text);
  const auto began = std::chrono::steady_clock::now();
  const ParsedConfig result = configured("[hosts]\nfiles = \"all.csv\"\n");
  const Subnets subnets(result.config);
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(result.problems.text(), "");
  EXPECT_EQ(result.config.hosts.size(), kHostsMax);
  const MacAddress last{{2, 0, 0, 1, 0x86, 0x9e}};
  ASSERT_NE(subnets.host(&last, nullptr, {}), nullptr);
  EXPECT_EQ(subnets.host(&last, nullptr, {})->host_name, "n99998");
  RecordProperty(
      "milliseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_LT(took, std::chrono::seconds{20});  // a fraction of a second where nothing else runs
}

}  // namespace
}  // namespace reveille
