#include <gtest/gtest.h>

#include <reveille/wire/dhcp.h>

#include "vectors/vectors.h"

namespace reveille::wire {
namespace {

const MacAddress kVirtio = *MacAddress::parse("52:54:00:aa:01:01");
const MacAddress kOvmf = *MacAddress::parse("52:54:00:aa:01:06");

TEST(DhcpView, DiscoverOfIpxe) {
  const Octets message = captured_payload("ipxe_discover");
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->op(), DhcpOp::request);
  EXPECT_EQ(view->htype(), 1);
  EXPECT_EQ(view->hlen(), 6);
  EXPECT_EQ(view->hops(), 0);
  EXPECT_EQ(view->xid(), 0x148d3256U);
  EXPECT_EQ(view->secs(), 4);
  EXPECT_EQ(view->flags(), 0);
  EXPECT_FALSE(view->broadcast_flag());
  EXPECT_TRUE(view->ciaddr().is_zero());
  EXPECT_TRUE(view->yiaddr().is_zero());
  EXPECT_TRUE(view->siaddr().is_zero());
  EXPECT_TRUE(view->giaddr().is_zero());
  EXPECT_EQ(view->chaddr(), kVirtio);
  EXPECT_EQ(view->chaddr_field().size(), 16U);
  EXPECT_EQ(view->sname(), "");
  EXPECT_EQ(view->file(), "");
  EXPECT_EQ(view->type(), DhcpType::discover);
  EXPECT_EQ(view->option_u8(DhcpOption::message_type), 1);
  EXPECT_EQ(view->option_u16(DhcpOption::maximum_message_size), 1472);
  EXPECT_EQ(view->option_u16(DhcpOption::client_architecture), 0);
  EXPECT_EQ(octets(*view->option(DhcpOption::client_network_interface)), (Octets{1, 2, 1}));
  EXPECT_EQ(view->option_text(DhcpOption::vendor_class), "PXEClient:Arch:00000:UNDI:002001");
  EXPECT_EQ(view->option_text(DhcpOption::user_class), "iPXE");
  EXPECT_EQ(view->option(DhcpOption::parameter_request_list)->size(), 23U);
  EXPECT_EQ(octets(*view->option(DhcpOption::client_identifier)),
            (Octets{1, 0x52, 0x54, 0, 0xaa, 1, 1}));
  EXPECT_EQ(view->option(DhcpOption::client_machine_identifier)->size(), 17U);
  // iPXE's own options travel in 175: sub-option 235 is its version.
  EXPECT_EQ(view->option(DhcpOption::ipxe)->size(), 48U);
  EXPECT_EQ(view->suboption(DhcpOption::ipxe, 235)->size(), 3U);
  EXPECT_FALSE(view->has(DhcpOption::server_identifier));
  EXPECT_EQ(view->option(DhcpOption::server_identifier), std::nullopt);
}

TEST(DhcpView, RequestOfIpxe) {
  const Octets message = captured_payload("ipxe_request");
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->type(), DhcpType::request);
  EXPECT_EQ(view->secs(), 18);
  EXPECT_EQ(view->option_address(DhcpOption::requested_address), Ipv4Address::of(10, 78, 0, 152));
  EXPECT_EQ(view->option_address(DhcpOption::server_identifier), Ipv4Address::of(10, 78, 0, 1));
}

TEST(DhcpView, OfferOfDnsmasq) {
  const Octets message = captured_payload("dnsmasq_offer");
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->op(), DhcpOp::reply);
  EXPECT_EQ(view->type(), DhcpType::offer);
  EXPECT_EQ(view->yiaddr(), Ipv4Address::of(10, 78, 0, 152));
  EXPECT_EQ(view->siaddr(), Ipv4Address::of(10, 78, 0, 1));
  EXPECT_EQ(view->option_u32(DhcpOption::lease_time), 3600U);
  EXPECT_EQ(view->option_u32(DhcpOption::renewal_time), 1800U);
  EXPECT_EQ(view->option_u32(DhcpOption::rebinding_time), 3150U);
  EXPECT_EQ(view->option_address(DhcpOption::subnet_mask), Ipv4Address::of(255, 255, 255, 0));
  EXPECT_EQ(view->option_address(DhcpOption::broadcast_address), Ipv4Address::of(10, 78, 0, 255));
  EXPECT_EQ(view->option_address(DhcpOption::router), Ipv4Address::of(10, 78, 0, 1));
  // dnsmasq ends the name with a NUL; the text has none.
  EXPECT_EQ(view->option(DhcpOption::boot_file_name)->size(), 11U);
  EXPECT_EQ(view->option_text(DhcpOption::boot_file_name), "hello.ipxe");
}

TEST(DhcpView, ProxyOfferOfDnsmasq) {
  const Octets message = captured_payload("ipxe_proxy_offer");
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option_text(DhcpOption::vendor_class), "PXEClient");
  ASSERT_TRUE(view->has(DhcpOption::vendor_specific));
  // RFC 4578 leaves 43 to the PXE specification: 6 = discovery control.
  EXPECT_TRUE(view->suboption(DhcpOption::vendor_specific, 6));
}

TEST(DhcpView, DiscoverOfEdk2) {
  const Octets message = captured_payload("edk2_discover");
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->xid(), 0x775fc0d9U);
  EXPECT_EQ(view->flags(), 0x8000);
  EXPECT_TRUE(view->broadcast_flag());
  EXPECT_EQ(view->chaddr(), kOvmf);
  EXPECT_EQ(view->option_u16(DhcpOption::client_architecture), 7);
  EXPECT_EQ(octets(*view->option(DhcpOption::client_network_interface)), (Octets{1, 3, 0}));
  EXPECT_EQ(view->option_text(DhcpOption::vendor_class), "PXEClient:Arch:00007:UNDI:003000");
  EXPECT_EQ(view->option(DhcpOption::client_machine_identifier)->size(), 17U);
  EXPECT_EQ(view->option(DhcpOption::parameter_request_list)->size(), 35U);
}

TEST(DhcpView, HttpDiscoverOfEdk2) {
  const Octets message = captured_payload("edk2_http_discover");
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->option_text(DhcpOption::vendor_class)->starts_with("HTTPClient:Arch:00016"));
  EXPECT_EQ(view->option_u16(DhcpOption::client_architecture), 16);
}

TEST(DhcpView, BootServerRequests) {
  for (const char* name : {"ipxe_boot_server_request", "edk2_boot_server_request"}) {
    const Octets message = captured_payload(name);
    const auto view = DhcpView::parse(message);
    ASSERT_TRUE(view) << name;
    EXPECT_EQ(view->type(), DhcpType::request);
    EXPECT_FALSE(view->ciaddr().is_zero());
  }
}

}  // namespace
}  // namespace reveille::wire
