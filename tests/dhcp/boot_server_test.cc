// The boot server on port 4011.
#include <gtest/gtest.h>

#include "dhcp/boot_lab.h"
#include "dhcp/proxy.h"

namespace reveille {
namespace {

using namespace std::string_view_literals;
using test::BootLab;
using test::BootRequest;
using test::kClient;
using test::kClientMac;
using test::kServer;
using test::kUsualFiles;
using test::octets_of;
using test::Parsed;
using test::text;
using wire::DhcpOption;
using wire::DhcpType;

TEST(BootServer, AcknowledgesEdk2WhereItListens) {
  BootLab lab(kUsualFiles, {}, 512);
  const BootRequest request("edk2_boot_server_request");
  ASSERT_EQ(lab.boot_server(request, kClient, 4011), Outcome::boot_server_acked);
  ASSERT_EQ(lab.sent().size(), 1U);
  const auto& frame = lab.sent()[0];
  EXPECT_EQ(frame.from(), kServer);
  EXPECT_EQ(frame.from_port(), 4011);
  EXPECT_EQ(frame.to(), kClient);
  EXPECT_EQ(frame.to_port(), 4011);
  EXPECT_EQ(frame.to_mac(), kClientMac);
  const Parsed ack(frame.payload());
  const Parsed asked(request);
  EXPECT_EQ(ack->type(), DhcpType::ack);
  EXPECT_EQ(ack->xid(), asked->xid());
  EXPECT_EQ(ack->ciaddr(), kClient);
  EXPECT_TRUE(ack->yiaddr().is_zero());
  EXPECT_EQ(ack->siaddr(), kServer);
  EXPECT_EQ(ack->sname(), "10.78.0.1");
  EXPECT_EQ(ack->file(), "snponly.efi");
  EXPECT_EQ(ack->option_address(DhcpOption::server_identifier), kServer);
  EXPECT_EQ(octets_of(*ack, DhcpOption::vendor_class), text("PXEClient"));
  EXPECT_EQ(octets_of(*ack, DhcpOption::client_machine_identifier), Octets(17, 0));
  EXPECT_EQ(octets_of(*ack, DhcpOption::boot_file_name), text("snponly.efi\0"sv));
  EXPECT_EQ(ack->option_u16(DhcpOption::boot_file_size), 1);
  EXPECT_FALSE(ack->has(DhcpOption::vendor_specific));
  ASSERT_EQ(lab.events().size(), 1U);
  EXPECT_EQ(lab.events()[0].kind, EventKind::boot_server_acked);
  EXPECT_EQ(lab.events()[0].address, kClient);
  EXPECT_EQ(lab.events()[0].text(), "snponly.efi");
}

TEST(BootServer, AcknowledgesIpxeTheItemThatItAskedFor) {
  BootLab lab(kUsualFiles);
  const Ipv4Address client = Ipv4Address::of(10, 78, 0, 156);
  ASSERT_EQ(lab.boot_server(BootRequest("ipxe_boot_server_request"), client, 68),
            Outcome::boot_server_acked);
  EXPECT_EQ(lab.sent()[0].to(), client);
  EXPECT_EQ(lab.sent()[0].to_port(), 68);
  EXPECT_EQ(lab.sent()[0].from_port(), 4011);
  const Parsed ack(lab.sent()[0].payload());
  EXPECT_EQ(ack->xid(), 0U);
  EXPECT_EQ(ack->file(), "boot.ipxe");
  // As dnsmasq answered in the recording.
  EXPECT_EQ(octets_of(*ack, DhcpOption::vendor_specific), (Octets{71, 4, 0x80, 0, 0, 0, 255}));
}

TEST(BootServer, AcknowledgesIpxeThatNamesUs) {
  BootLab lab(kUsualFiles);
  ASSERT_EQ(lab.boot_server(BootRequest("ipxe_efi_boot_server_request"), kClient, 68),
            Outcome::boot_server_acked);
  EXPECT_EQ(Parsed(lab.sent()[0].payload())->file(), "boot.ipxe");
  BootRequest other("ipxe_efi_boot_server_request");
  other.with(DhcpOption::server_identifier, Octets{10, 78, 0, 9});
  EXPECT_EQ(lab.boot_server(other, kClient, 68), Outcome::dhcp_other_server);
  EXPECT_TRUE(lab.sent().empty());
}

TEST(BootServer, AnswersInformAndDiscoverOfOldRoms) {
  BootLab lab(kUsualFiles);
  BootRequest request("edk2_boot_server_request");
  ASSERT_EQ(lab.boot_server(request.type(DhcpType::inform), kClient, 4011),
            Outcome::boot_server_acked);
  EXPECT_EQ(Parsed(lab.sent()[0].payload())->type(), DhcpType::ack);
  ASSERT_EQ(lab.boot_server(request.type(DhcpType::discover), kClient, 4011),
            Outcome::boot_server_acked);
  EXPECT_EQ(Parsed(lab.sent()[0].payload())->type(), DhcpType::offer);
  EXPECT_EQ(lab.sent().size(), 1U);
  for (const DhcpType type : {DhcpType::decline, DhcpType::release, DhcpType::offer}) {
    EXPECT_EQ(lab.boot_server(request.type(type), kClient, 4011), Outcome::dhcp_not_requested);
    EXPECT_TRUE(lab.sent().empty());
  }
}

TEST(BootServer, AnswersAClientWithoutAddressByBroadcast) {
  BootLab lab(kUsualFiles);
  BootRequest request("edk2_boot_server_request");
  request.ciaddr({});
  ASSERT_EQ(lab.boot_server(request, {}, 4011), Outcome::boot_server_acked);
  EXPECT_EQ(lab.sent()[0].to(), Ipv4Address::broadcast());
  EXPECT_EQ(lab.sent()[0].to_port(), 4011);
  EXPECT_EQ(lab.sent()[0].to_mac(), kClientMac);
  ASSERT_EQ(lab.boot_server(request.flags(0x8000), {}, 68), Outcome::boot_server_acked);
  EXPECT_EQ(lab.sent()[0].to_mac(), MacAddress::broadcast());
  EXPECT_EQ(lab.sent()[0].to_port(), 68);
}

TEST(BootServer, IgnoresWhoDoesNotBootAndWhoHasNothing) {
  BootLab lab({"undionly.kpxe"});
  EXPECT_EQ(
      lab.boot_server(BootRequest("edk2_boot_server_request").without(DhcpOption::vendor_class),
                      kClient, 4011),
      Outcome::dhcp_not_pxe);
  EXPECT_EQ(lab.boot_server(BootRequest("edk2_boot_server_request"), kClient, 4011),
            Outcome::boot_file_unknown);
  EXPECT_TRUE(lab.sent().empty());
}

TEST(BootServer, EchoesAWellFormedItemOnly) {
  BootLab lab(kUsualFiles);
  BootRequest request("edk2_boot_server_request");
  for (const Octets& odd : {Octets{71, 3, 1, 2, 3, 255}, Octets{71, 5, 1, 2, 3, 4, 5, 255},
                            Octets{71, 200, 1}, Octets{71}, Octets{255, 71, 4, 1, 2, 3, 4}}) {
    request.with(DhcpOption::vendor_specific, odd);
    ASSERT_EQ(lab.boot_server(request, kClient, 4011), Outcome::boot_server_acked);
    EXPECT_FALSE(Parsed(lab.sent()[0].payload())->has(DhcpOption::vendor_specific));
  }
}

}  // namespace
}  // namespace reveille
