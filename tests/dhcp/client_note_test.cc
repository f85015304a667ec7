// What TFTP learns from ProxyDHCP about a client, and what DHCP says of the file that it will get.
// (The server's side of it is in server_clients_test.cc.)
#include "dhcp/client_note.h"

#include <gtest/gtest.h>

#include "dhcp/boot_lab.h"

namespace reveille {
namespace {

using namespace test;
using wire::DhcpOption;

TEST(ClientNote, ProxyTellsWhoItHasSeenWithoutAnAddress) {
  BootLab lab({"undionly.kpxe", "boot.ipxe"});
  constexpr std::array<std::uint8_t, 17> kUuid{0, 1,  2,  3,  4,  5,  6,  7, 8,
                                               9, 10, 11, 12, 13, 14, 15, 16};
  const auto request = BootRequest("ipxe_discover")
                           .with(DhcpOption::host_name, "node1")
                           .with(DhcpOption::client_machine_identifier, Bytes(kUuid));
  ASSERT_EQ(lab.discover(request), Outcome::proxy_offered);
  ASSERT_EQ(lab.clients().size(), 1U);
  const ClientFacts& client = lab.clients()[0];
  const Parsed parsed("ipxe_discover");
  EXPECT_TRUE(client.address.is_zero());
  EXPECT_EQ(client.mac, parsed->chaddr());
  EXPECT_EQ(client.link, kClientMac);
  EXPECT_EQ(client.next_server, kServer);
  EXPECT_EQ(client.architecture, parsed->option_u16(DhcpOption::client_architecture));
  EXPECT_EQ(client.host_name(), "node1");
  EXPECT_EQ(client.uuid.text(), "01020304-0506-0708-090a-0b0c0d0e0f10");
}

TEST(ClientNote, BootServerKnowsTheAddress) {
  BootLab lab({"undionly.kpxe", "boot.ipxe"});
  const auto request = BootRequest("ipxe_boot_server_request").ciaddr(kClient);
  ASSERT_EQ(lab.boot_server(request, kClient, 68), Outcome::boot_server_acked);
  ASSERT_EQ(lab.clients().size(), 1U);
  EXPECT_EQ(lab.clients()[0].address, kClient);
}

TEST(ClientNote, NobodyIsToldOfWhoGetsNothing) {
  BootLab lab({});
  EXPECT_EQ(lab.discover(BootRequest("ipxe_discover")), Outcome::boot_file_unknown);
  EXPECT_TRUE(lab.clients().empty());
}

// EDK2 loads no file that is larger than option 13 says.
TEST(ClientNote, Option13IsTheSizeOfTheFileThatTheClientWillGet) {
  const auto blocks = [](const BootLab& lab) -> int {
    const Parsed offer(lab.sent().at(0).payload());
    return offer->option_u16(DhcpOption::boot_file_size).value_or(0);
  };
  BootLab lab({"snponly.efi"}, {}, 100'000);
  ASSERT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::proxy_offered);
  EXPECT_EQ(blocks(lab), 196);
  lab.serve("efi/x64-uefi/snponly.efi", 5000);
  lab.rewrite({{"^(.*\\.efi)$", "efi/{{arch}}/\\1"}});
  ASSERT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::proxy_offered);
  EXPECT_EQ(blocks(lab), 10);
  lab.rewrite({{"\\.efi$", "nothing", false}});
  ASSERT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::proxy_offered);
  EXPECT_EQ(blocks(lab), 0) << "the file will not be there";
}

}  // namespace
}  // namespace reveille
