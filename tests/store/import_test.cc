// Lease files of other servers: what they wrote, what a crash left of it, and what is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/import/lease_import.h"

namespace reveille::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Ipv4Address kTen = Ipv4Address::of(10, 77, 1, 10);
constexpr Ipv4Address kEleven = Ipv4Address::of(10, 77, 1, 11);
constexpr MacAddress kMac{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};

ImportedLeases import(std::string_view text) {
  auto imported = import_leases(text);
  EXPECT_TRUE(imported) << imported.error();
  return imported ? *imported : ImportedLeases{};
}

std::vector<std::size_t> lines_of(const ImportedLeases& imported) {
  std::vector<std::size_t> lines;
  for (const ImportProblem& problem : imported.problems) lines.push_back(problem.line);
  return lines;
}

// ---- Kea

constexpr std::string_view kKeaHeader =
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,"
    "user_context\n";

TEST(ImportKea, TheLastLineOfAnAddressStands) {
  const ImportedLeases imported =
      import(std::string(kKeaHeader) +
             "10.77.1.11,52:54:00:12:34:57,,4000,1790004000,1,0,0,,0,\n"
             "10.77.1.10,52:54:00:12:34:56,01:52:54:00:12:34:56,4000,1790004000,1,0,0,node1,0,\n"
             "10.77.1.10,52:54:00:12:34:56,01:52:54:00:12:34:56,4000,1790008000,1,0,0,node1,0,\n"
             "10.77.1.11,52:54:00:12:34:57,,0,1790000000,1,0,0,,0,\n"
             "10.77.1.12,,,3600,1790000000,1,0,0,,1,\n"
             "10.77.1.13,52:54:00:12:34:58,,4294967295,1790000000,1,0,0,,0,\n"
             "10.77.1.14,52:54:00:12:34:59,,60,1790000000,1,0,0,,2,\n");
  EXPECT_EQ(imported.kind, LeaseFile::kea);
  EXPECT_EQ(imported.skipped, 0U);
  ASSERT_EQ(imported.leases.size(), 5U);
  const ImportedLease& ten = imported.leases[0];
  EXPECT_EQ(ten.address, kTen);
  EXPECT_EQ(ten.state, RowState::bound);
  EXPECT_EQ(ten.mac, kMac);
  EXPECT_THAT(ten.client_id, ElementsAre(1, 0x52, 0x54, 0, 0x12, 0x34, 0x56));
  EXPECT_EQ(ten.until, 1790008000);
  EXPECT_EQ(ten.since, 1790004000);
  EXPECT_EQ(ten.line, 4U);
  EXPECT_EQ(imported.leases[1].state, RowState::released);
  EXPECT_EQ(imported.leases[2].state, RowState::declined);
  EXPECT_EQ(imported.leases[3].until, std::nullopt);
  EXPECT_EQ(imported.leases[4].state, RowState::expired);
}

TEST(ImportKea, BadLinesAreNamedAndLeftOut) {
  const ImportedLeases imported =
      import(std::string(kKeaHeader) +
             "10.77.1.999,52:54:00:12:34:56,,4000,1790004000,1,0,0,,0,\n"  // 2
             "10.77.1.10,52:54:00:12:34,,4000,1790004000,1,0,0,,0,\n"      // 3
             "10.77.1.10,52:54:00:12:34:56,xy,4000,1790004000,1,0,0,,0,\n"
             "10.77.1.10,52:54:00:12:34:56,,-1,1790004000,1,0,0,,0,\n"
             "10.77.1.10,52:54:00:12:34:56,,4000,soon,1,0,0,,0,\n"
             "10.77.1.10,52:54:00:12:34:56,,4000,1790004000,1,0,0,,9,\n"
             "10.77.1.10,52:54:00\n"
             "224.0.0.1,52:54:00:12:34:56,,4000,1790004000,1,0,0,,0,\n"
             "\n"
             "10.77.1.11,52:54:00:12:34:56,,4000,1790004000,1,0,0,,0");  // no line end
  EXPECT_THAT(lines_of(imported), ElementsAre(2, 3, 4, 5, 6, 7, 8, 9));
  ASSERT_EQ(imported.leases.size(), 1U);
  EXPECT_EQ(imported.leases[0].address, kEleven);
}

// ---- dnsmasq

TEST(ImportDnsmasq, EachLineIsALease) {
  const ImportedLeases imported = import(
      "1790004000 52:54:00:12:34:56 10.77.1.10 node1 01:52:54:00:12:34:56\n"
      "0 52:54:00:12:34:57 10.77.1.11 * *\n"
      "1790004000 06-01:02:03 10.77.1.12 * *\n"
      "1790004000 52:54:00:12:34:58 10.77.1.13\n"
      "1790004000 52:54:00:12:34:58 node 10.77.1.13 *\n"
      "later 52:54:00:12:34:58 10.77.1.13 * *\n"
      "duid 00:01:00:01:2a:2b\n"
      "1790004000 1234 fd00::10 * 00:01:00:01\n");
  EXPECT_EQ(imported.kind, LeaseFile::dnsmasq);
  ASSERT_EQ(imported.leases.size(), 2U);
  EXPECT_EQ(imported.leases[0].address, kTen);
  EXPECT_EQ(imported.leases[0].mac, kMac);
  EXPECT_EQ(imported.leases[0].client_id.size(), 7U);
  EXPECT_EQ(imported.leases[0].until, 1790004000);
  EXPECT_EQ(imported.leases[1].until, std::nullopt);
  EXPECT_TRUE(imported.leases[1].client_id.empty());
  EXPECT_THAT(lines_of(imported), ElementsAre(3, 4, 5, 6));
}

// ---- ISC dhcpd

TEST(ImportDhcpd, BlocksCommentsStringsAndEscapes) {
  const ImportedLeases imported = import(R"(# The format of this file is documented in the
# dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
server-duid "\000\001\000\001*+;}{";

lease 10.77.1.10 {
  starts 0 2026/11/22 06:00:00;
  ends 0 2026/11/22 07:00:00;
  cltt 0 2026/11/22 06:00:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 52:54:00:12:34:56;
  uid "\001RT\000\0224V";  # octal, and plain
  set vendor-class-identifier = "PXEClient:Arch:00000";
  on expiry or release { execute ("x", "}"); }
  client-hostname "node1";
}
host fixed { dynamic; hardware ethernet 52:54:00:99:99:99; fixed-address 10.77.9.9; }
lease 10.77.1.11 { starts epoch 1790000000; ends never; binding state active;
  hardware ethernet 52:54:00:12:34:57; uid 01:52:54; }
lease 10.77.1.12 { binding state abandoned; ends 0 2026/11/22 07:00:00; }
lease 10.77.1.13 { binding state free; hardware ethernet 52:54:00:12:34:58; }
lease 10.77.1.14 { abandoned; }
lease 10.77.1.15 { starts 0 2026/11/22 06:00:00; ends 0 2026/11/22 07:00:00; binding state expired; }
)");
  EXPECT_EQ(imported.kind, LeaseFile::dhcpd);
  EXPECT_EQ(imported.skipped, 0U);
  ASSERT_EQ(imported.leases.size(), 6U);
  const ImportedLease& ten = imported.leases[0];
  EXPECT_EQ(ten.address, kTen);
  EXPECT_EQ(ten.state, RowState::bound);
  EXPECT_EQ(ten.mac, kMac);
  EXPECT_THAT(ten.client_id, ElementsAre(1, 'R', 'T', 0, 0x12, '4', 'V'));
  EXPECT_EQ(ten.since, 1795327200);  // date -u -d '2026-11-22 06:00:00' +%s
  EXPECT_EQ(ten.until, 1795330800);
  EXPECT_EQ(ten.line, 6U);
  EXPECT_EQ(imported.leases[1].since, 1790000000);
  EXPECT_EQ(imported.leases[1].until, std::nullopt);
  EXPECT_THAT(imported.leases[1].client_id, ElementsAre(1, 0x52, 0x54));
  EXPECT_EQ(imported.leases[2].state, RowState::declined);
  EXPECT_EQ(imported.leases[3].state, RowState::released);
  EXPECT_EQ(imported.leases[4].state, RowState::declined);
  EXPECT_EQ(imported.leases[5].state, RowState::expired);
}

TEST(ImportDhcpd, TheLastBlockStandsAndACutOneIsNamed) {
  const ImportedLeases imported = import(
      "lease 10.77.1.10 { binding state active; hardware ethernet 52:54:00:12:34:56; }\n"
      "lease 10.77.1.10 { binding state free; hardware ethernet 52:54:00:12:34:56; }\n"
      "lease fd00::1 { binding state active; }\n"
      "lease 10.77.1.11 { binding state sleepy; }\n"
      "lease 10.77.1.12 { ends 0 2026/13/99 99:00:00; }\n"
      "lease 10.77.1.13 { hardware ethernet 52:54; }\n"
      "lease 10.77.1.14 { uid \"\\777\"; }\n"
      "lease 10.77.1.15 { binding state active;\n  hardware ether");
  ASSERT_EQ(imported.leases.size(), 1U);
  EXPECT_EQ(imported.leases[0].state, RowState::released);
  EXPECT_THAT(lines_of(imported), ElementsAre(3, 4, 5, 6, 7, 8));
  EXPECT_THAT(imported.problems.back().text, HasSubstr("ends inside"));
}

TEST(ImportDhcpd, AStringWithoutAnEndDoesNotSwallowTheRest) {
  const ImportedLeases imported = import(
      "lease 10.77.1.10 { client-hostname \"broken; \n}\n"
      "lease 10.77.1.11 { binding state active; hardware ethernet 52:54:00:12:34:56; }\n");
  ASSERT_FALSE(imported.leases.empty());
  EXPECT_EQ(imported.leases.back().address, kEleven);
}

TEST(ImportDhcpd, DeepBlocksEndIt) {
  std::string text = "lease 10.77.1.10 { ";
  for (int i = 0; i < 100000; ++i) text += "on x { ";
  const ImportedLeases imported = import(text);
  EXPECT_TRUE(imported.leases.empty());
  EXPECT_THAT(lines_of(imported), ElementsAre(1));
}

// ---- limits

TEST(Import, WhatIsNoLeaseFileIsRefused) {
  for (const std::string_view text :
       {"", "\n\n", "# only a comment\n", "hello\n", "[leases]\n", "1790004000\n",
        "\x7f"
        "ELF",
        "{\"Dhcp4\": {}}", "1790004000 52:54:00:12:34:56 not-an-address * *\n"}) {
    const auto imported = import_leases(text);
    ASSERT_FALSE(imported) << text;
    EXPECT_THAT(imported.error(), HasSubstr("no lease file of")) << text;
  }
}

TEST(Import, ProblemsAreCountedAndAHundredAreNamed) {
  std::string text(kKeaHeader);
  for (int i = 0; i < 1000; ++i) text += "bad,line\n";
  const ImportedLeases imported = import(text);
  EXPECT_EQ(imported.skipped, 1000U);
  EXPECT_EQ(imported.problems.size(), ImportedLeases::kProblemsMax);
}

}  // namespace
}  // namespace reveille::test
