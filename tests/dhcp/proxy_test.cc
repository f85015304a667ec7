#include "dhcp/proxy.h"

#include <gtest/gtest.h>

#include "dhcp/boot_lab.h"

namespace reveille {
namespace {

using namespace std::string_view_literals;
using test::BootLab;
using test::BootRequest;
using test::kClient;
using test::kClientMac;
using test::kNoDiscovery;
using test::kOtherServer;
using test::kServer;
using test::kUsualFiles;
using test::octets_of;
using test::Parsed;
using test::text;
using wire::DhcpOption;
using wire::DhcpType;

BootRequest bios_discover() {
  BootRequest request("ipxe_discover");
  request.without(DhcpOption::ipxe).without(DhcpOption::user_class);
  return request;
}

// ---- OFFER on port 67

TEST(ProxyDhcp, OffersIpxeAllThatItNeedsInOneMessage) {
  for (const char* capture :
       {"ipxe_discover", "e1000_discover", "rtl8139_discover", "ipxe_efi_discover"}) {
    BootLab lab(kUsualFiles);
    const BootRequest request(capture);
    ASSERT_EQ(lab.discover(request), Outcome::proxy_offered) << capture;
    ASSERT_EQ(lab.sent().size(), 1U);
    const Parsed asked(request);
    const Parsed offer(lab.sent()[0].payload());
    EXPECT_EQ(offer->op(), wire::DhcpOp::reply);
    EXPECT_EQ(offer->xid(), asked->xid());
    EXPECT_EQ(offer->secs(), 0);
    EXPECT_EQ(offer->flags(), 0);
    EXPECT_EQ(offer->chaddr(), asked->chaddr());
    EXPECT_TRUE(offer->ciaddr().is_zero());
    EXPECT_TRUE(offer->yiaddr().is_zero());
    EXPECT_TRUE(offer->giaddr().is_zero());
    // iPXE comes to port 4011 unless siaddr and a file name are there (dhcp_has_pxeopts).
    EXPECT_EQ(offer->siaddr(), kServer);
    EXPECT_EQ(offer->file(), "boot.ipxe");
    EXPECT_EQ(offer->sname(), "10.78.0.1");
    EXPECT_EQ(offer->type(), DhcpType::offer);
    EXPECT_EQ(offer->option_address(DhcpOption::server_identifier), kServer);
    EXPECT_EQ(octets_of(*offer, DhcpOption::vendor_class), text("PXEClient"));
    EXPECT_EQ(octets_of(*offer, DhcpOption::vendor_specific), kNoDiscovery);
    EXPECT_EQ(octets_of(*offer, DhcpOption::client_machine_identifier), Octets(17, 0));
    EXPECT_EQ(octets_of(*offer, DhcpOption::boot_file_name), text("boot.ipxe\0"sv));
    EXPECT_EQ(octets_of(*offer, DhcpOption::tftp_server_name), text("10.78.0.1"));
    // Nothing of an address, and not "listen to no proxy": that would be us.
    for (const DhcpOption code :
         {DhcpOption::subnet_mask, DhcpOption::router, DhcpOption::lease_time, DhcpOption::ipxe}) {
      EXPECT_FALSE(offer->has(code)) << static_cast<int>(code);
    }
  }
}

TEST(ProxyDhcp, OffersUefiBothWays) {
  BootLab lab(kUsualFiles, {}, 1025);
  ASSERT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::proxy_offered);
  ASSERT_EQ(lab.sent().size(), 2U);
  for (const std::size_t i : {0U, 1U}) {
    const Parsed offer(lab.sent()[i].payload());
    EXPECT_EQ(offer->type(), DhcpType::offer);
    EXPECT_TRUE(offer->yiaddr().is_zero());
    EXPECT_EQ(offer->siaddr(), kServer);
    EXPECT_EQ(offer->file(), "snponly.efi");
    EXPECT_EQ(offer->flags(), 0x8000);
    EXPECT_EQ(offer->option_address(DhcpOption::server_identifier), kServer);
    EXPECT_EQ(octets_of(*offer, DhcpOption::vendor_class), text("PXEClient"));
    EXPECT_EQ(octets_of(*offer, DhcpOption::boot_file_name), text("snponly.efi\0"sv));
    EXPECT_EQ(offer->option_u16(DhcpOption::boot_file_size), 3);
    EXPECT_EQ(octets_of(*offer, DhcpOption::client_machine_identifier), Octets(17, 0));
    // With a discovery control for EDK2 of today, without any for that of before 2017.
    EXPECT_EQ(octets_of(*offer, DhcpOption::vendor_specific), i == 0 ? kNoDiscovery : Octets{});
  }
  EXPECT_EQ(lab.events().size(), 1U);
}

TEST(ProxyDhcp, OffersABiosRomOnce) {
  BootLab lab(kUsualFiles);
  ASSERT_EQ(lab.discover(bios_discover()), Outcome::proxy_offered);
  ASSERT_EQ(lab.sent().size(), 1U);
  const Parsed offer(lab.sent()[0].payload());
  EXPECT_EQ(offer->file(), "undionly.kpxe");
  EXPECT_EQ(octets_of(*offer, DhcpOption::vendor_specific), kNoDiscovery);
}

TEST(ProxyDhcp, OffersHttpBootItsUrl) {
  Config config;
  config.boot.files = {{0x10, "http://10.78.0.1/boot.efi"}};
  BootLab lab(kUsualFiles, config);
  ASSERT_EQ(lab.discover(BootRequest("edk2_http_discover")), Outcome::proxy_offered);
  ASSERT_EQ(lab.sent().size(), 1U);
  const Parsed offer(lab.sent()[0].payload());
  EXPECT_EQ(octets_of(*offer, DhcpOption::vendor_class), text("HTTPClient"));
  EXPECT_EQ(offer->option_text(DhcpOption::boot_file_name), "http://10.78.0.1/boot.efi");
  BootLab without(kUsualFiles);
  EXPECT_EQ(without.discover(BootRequest("edk2_http_discover")), Outcome::boot_file_unknown);
  EXPECT_TRUE(without.sent().empty());
}

TEST(ProxyDhcp, NeverRefusesAnArchitectureThatItDoesNotKnow) {
  BootLab lab(kUsualFiles);
  for (const std::uint16_t code : std::vector<std::uint16_t>{0x2a, 0x1234, 0xfffe}) {
    EXPECT_EQ(lab.discover(BootRequest("edk2_discover").architecture(code)),
              Outcome::proxy_offered);
  }
  for (const Octets& odd : {Octets{}, Octets{1}, Octets(64, 0xee)}) {
    BootRequest request("edk2_discover");
    request.with(DhcpOption::client_architecture, odd);
    EXPECT_EQ(lab.discover(request), Outcome::proxy_offered);
  }
}

TEST(ProxyDhcp, TellsWhoWasOfferedWhat) {
  BootLab lab(kUsualFiles);
  lab.discover(BootRequest("edk2_discover"));
  ASSERT_EQ(lab.events().size(), 1U);
  const Event& event = lab.events()[0];
  EXPECT_EQ(event.kind, EventKind::proxy_offered);
  EXPECT_EQ(event.outcome, Outcome::proxy_offered);
  EXPECT_EQ(event.firmware, Firmware::uefi_pxe);
  EXPECT_EQ(event.architecture, 0x07);
  EXPECT_EQ(event.client, *MacAddress::parse("52:54:00:aa:01:06"));
  EXPECT_EQ(event.text(), "snponly.efi");
  EXPECT_EQ(event.at, Instant(5s));
}

TEST(ProxyDhcp, SaysWhichArchitectureHasNothingToBoot) {
  BootLab lab({"undionly.kpxe"});
  EXPECT_EQ(lab.discover(BootRequest("edk2_discover").architecture(0x0b)),
            Outcome::boot_file_unknown);
  EXPECT_TRUE(lab.sent().empty());
  ASSERT_EQ(lab.events().size(), 1U);
  EXPECT_EQ(lab.events()[0].kind, EventKind::boot_file_unknown);
  EXPECT_EQ(lab.events()[0].architecture, 0x0b);
}

// ---- where offers go (RFC 2131 4.1, PXE 2.1 2.2.3)

TEST(ProxyDhcp, SpeaksToAClientWithoutAddressByBroadcastIp) {
  BootLab lab(kUsualFiles);
  lab.discover(BootRequest("edk2_discover"));  // sets the broadcast flag
  ASSERT_FALSE(lab.sent().empty());
  EXPECT_EQ(lab.sent()[0].to_mac(), MacAddress::broadcast());
  EXPECT_EQ(lab.sent()[0].to(), Ipv4Address::broadcast());
  EXPECT_EQ(lab.sent()[0].to_port(), 68);
  EXPECT_EQ(lab.sent()[0].from(), kServer);
  EXPECT_EQ(lab.sent()[0].from_port(), 67);
  lab.discover(BootRequest("ipxe_discover"));  // does not
  ASSERT_EQ(lab.sent().size(), 1U);
  EXPECT_EQ(lab.sent()[0].to_mac(), kClientMac);
  EXPECT_EQ(lab.sent()[0].to(), Ipv4Address::broadcast());
  EXPECT_EQ(lab.sent()[0].to_port(), 68);
}

TEST(ProxyDhcp, SpeaksToTheRelayThatBroughtIt) {
  BootLab lab(kUsualFiles);
  const Ipv4Address relay = Ipv4Address::of(10, 99, 0, 1);
  BootRequest request("edk2_discover");
  request.giaddr(relay).with(DhcpOption::relay_agent_information, Octets{1, 2, 7, 9});
  ASSERT_EQ(lab.proxy(request, relay, kServer), Outcome::proxy_offered);
  ASSERT_EQ(lab.sent().size(), 2U);
  for (const auto& frame : lab.sent()) {
    EXPECT_EQ(frame.to(), relay);
    EXPECT_EQ(frame.to_port(), 67);
    EXPECT_EQ(frame.to_mac(), kClientMac);  // the layer-2 source: the router
    const Parsed offer(frame.payload());
    EXPECT_EQ(offer->giaddr(), relay);
    EXPECT_EQ(octets_of(*offer, DhcpOption::relay_agent_information), (Octets{1, 2, 7, 9}));
  }
  EXPECT_EQ(lab.events()[0].relay, relay);
}

TEST(ProxyDhcp, SpeaksToTheAddressThatAClientHas) {
  BootLab lab(kUsualFiles);
  ASSERT_EQ(lab.proxy(BootRequest("ipxe_discover").ciaddr(kClient), kClient, kServer),
            Outcome::proxy_offered);
  EXPECT_EQ(lab.sent()[0].to(), kClient);
  EXPECT_EQ(lab.sent()[0].to_port(), 68);
}

TEST(ProxyDhcp, UsesTheBootFileOfHostAndRelayedSubnet) {
  Config config;
  HostConfig host;
  host.mac = MacAddress::parse("52:54:00:aa:01:06");
  host.boot_file = "grubx64.efi";
  config.hosts = {host};
  SubnetConfig subnet;
  subnet.prefix = *Ipv4Prefix::parse("10.99.0.0/16");
  subnet.boot_file = "shimx64.efi";
  config.subnets = {subnet};
  BootLab lab(kUsualFiles, config);
  const auto offered = [&lab](const BootRequest& request) {
    lab.proxy(request, Ipv4Address::of(10, 99, 0, 1), kServer);
    return std::string(Parsed(lab.sent().at(0).payload())->file());
  };
  EXPECT_EQ(offered(BootRequest("edk2_discover")), "grubx64.efi");
  BootRequest other("edk2_discover");
  other.mac("52:54:00:00:00:01");
  EXPECT_EQ(offered(other), "snponly.efi");
  EXPECT_EQ(offered(other.giaddr(Ipv4Address::of(10, 99, 0, 1))), "shimx64.efi");
}

// ---- silence on port 67

TEST(ProxyDhcp, IgnoresWhoDoesNotBoot) {
  BootLab lab(kUsualFiles);
  BootRequest request("edk2_discover");
  EXPECT_EQ(lab.discover(request.without(DhcpOption::vendor_class)), Outcome::dhcp_not_pxe);
  EXPECT_EQ(lab.discover(request.with(DhcpOption::vendor_class, "MSFT 5.0")),
            Outcome::dhcp_not_pxe);
  EXPECT_EQ(lab.discover(request.with(DhcpOption::vendor_class, "PXEClien")),
            Outcome::dhcp_not_pxe);
  EXPECT_EQ(lab.discover(request.without(DhcpOption::message_type)), Outcome::dhcp_not_pxe);
  EXPECT_TRUE(lab.sent().empty());
  EXPECT_TRUE(lab.events().empty());
}

TEST(ProxyDhcp, LeavesAddressesToTheServerThatGivesThem) {
  BootLab lab(kUsualFiles);
  EXPECT_EQ(lab.discover(BootRequest("edk2_request")), Outcome::dhcp_other_server);
  EXPECT_TRUE(lab.sent().empty());
  EXPECT_EQ(
      lab.discover(
          BootRequest("ipxe_request").with(DhcpOption::server_identifier, Octets{10, 78, 0, 9})),
      Outcome::dhcp_other_server);
  // Init-reboot and renewal name no server, and a request to us cannot be for an address.
  EXPECT_EQ(lab.discover(BootRequest("edk2_request").without(DhcpOption::server_identifier)),
            Outcome::dhcp_not_requested);
  EXPECT_EQ(
      lab.discover(
          BootRequest("edk2_request").with(DhcpOption::server_identifier, Octets{10, 78, 0, 1})),
      Outcome::dhcp_not_requested);
  for (const DhcpType type : {DhcpType::decline, DhcpType::release, DhcpType::inform,
                              DhcpType::offer, DhcpType::ack, DhcpType{77}}) {
    EXPECT_EQ(lab.discover(BootRequest("edk2_discover").type(type)), Outcome::dhcp_not_requested);
    EXPECT_TRUE(lab.sent().empty());
  }
}

// ---- boot server discovery by broadcast, on port 67

TEST(ProxyDhcp, AcknowledgesABootServerDiscovery) {
  BootLab lab(kUsualFiles);
  BootRequest request("edk2_boot_server_request");
  const Octets item{71, 4, 0x80, 0x00, 0x00, 0x00, 255};
  request.with(DhcpOption::vendor_specific, item);
  ASSERT_TRUE(is_boot_server_discovery(*Parsed(request)));
  ASSERT_EQ(lab.proxy(request, kClient, Ipv4Address::broadcast()), Outcome::boot_server_acked);
  ASSERT_EQ(lab.sent().size(), 1U);
  EXPECT_EQ(lab.sent()[0].from_port(), 67);
  EXPECT_EQ(lab.sent()[0].to(), kClient);
  EXPECT_EQ(lab.sent()[0].to_port(), 68);
  const Parsed ack(lab.sent()[0].payload());
  EXPECT_EQ(ack->type(), DhcpType::ack);
  EXPECT_EQ(octets_of(*ack, DhcpOption::vendor_specific), item);
}

TEST(ProxyDhcp, TakesARenewalForNoBootServerDiscovery) {
  const BootRequest renewal("edk2_boot_server_request");
  EXPECT_FALSE(is_boot_server_discovery(*Parsed(renewal)));
  const Octets item{71, 4, 0, 0, 0, 0, 255};
  const auto with_item = [&item](const char* capture) {
    BootRequest request(capture);
    request.with(DhcpOption::vendor_specific, item);
    return request;
  };
  EXPECT_TRUE(is_boot_server_discovery(*Parsed(with_item("edk2_boot_server_request"))));
  EXPECT_FALSE(is_boot_server_discovery(*Parsed(with_item("edk2_request"))));
  EXPECT_FALSE(is_boot_server_discovery(*Parsed(with_item("edk2_discover"))));
  BootLab lab(kUsualFiles);
  EXPECT_EQ(lab.proxy(renewal, kClient, Ipv4Address::broadcast()), Outcome::dhcp_not_requested);
}

// ---- limits

TEST(ProxyDhcp, WithoutAFreeReplyNothingIsSent) {
  BootLab lab(kUsualFiles);
  lab.leave_replies(0);
  EXPECT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::reply_buffers_exhausted);
  EXPECT_TRUE(lab.events().empty());
  lab.leave_replies(1);
  EXPECT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::proxy_offered);
  EXPECT_EQ(lab.sent().size(), 1U);
}

TEST(ProxyDhcp, AReplyThatTheClientWouldNotTakeIsNotSent) {
  Config config;
  config.boot.ipxe_script = "http://10.78.0.1/" + std::string(400, 'x');
  BootLab lab(kUsualFiles, config);
  BootRequest request("ipxe_discover");
  EXPECT_EQ(lab.discover(request), Outcome::proxy_offered);
  for (const std::uint16_t size : std::vector<std::uint16_t>{0, 1, 300, 576}) {
    request.with(DhcpOption::maximum_message_size,
                 Octets{static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
    EXPECT_EQ(lab.discover(request), Outcome::dhcp_reply_too_long) << size;
    EXPECT_TRUE(lab.sent().empty());
    EXPECT_TRUE(lab.events().empty());
  }
}

TEST(ProxyDhcp, NoFrameOutgrowsTheLink) {
  BootLab lab(kUsualFiles);
  BootRequest request("edk2_request");  // says that it takes 65280 octets
  request.type(DhcpType::discover).without(DhcpOption::server_identifier);
  request.with(DhcpOption::relay_agent_information, Octets(255, 3));
  ASSERT_EQ(lab.discover(request), Outcome::proxy_offered);
  for (const auto& frame : lab.sent()) {
    EXPECT_LE(frame.frame.size(), 1514U);
    EXPECT_GE(frame.payload().size(), wire::kBootpLength);
  }
}

}  // namespace
}  // namespace reveille
