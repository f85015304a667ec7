// Frames of real clients, octet for octet, through the server (tests/vectors/README.md).
#include <algorithm>

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

constexpr std::uint16_t kStation = 1;  // 10.78.0.1/24, as in the recordings
constexpr Ipv4Address kRecorded = Ipv4Address::of(10, 78, 0, 152);

Config recorded_config() {
  Config config = campus_config();
  config.subnets[1].pools = {{Ipv4Address::of(10, 78, 0, 150), Ipv4Address::of(10, 78, 0, 199)}};
  config.subnets[1].routers = {kServerOnVlan};
  config.subnets[1].dns_servers = {kServerOnVlan};
  config.boot.files = {{0, "pxelinux.0"}, {7, "grubx64.efi"}, {16, "http://10.78.0.1/grub.efi"}};
  config.boot.ipxe_script = "boot.ipxe";
  return config;
}

Heard send_captured(Lab& lab, const std::string& name) {
  const Octets payload = captured_payload(name);
  return lab.send({.mac = MacAddress::from(&payload[28]), .station = kStation}, payload);
}

struct Client {
  const char* discover;
  const char* file;
  Firmware firmware;
  std::uint16_t architecture;
};
const Client kCaptured[] = {
    {"ipxe_discover", "boot.ipxe", Firmware::ipxe, 0},
    {"e1000_discover", "boot.ipxe", Firmware::ipxe, 0},
    {"rtl8139_discover", "boot.ipxe", Firmware::ipxe, 0},
    {"ipxe_efi_discover", "boot.ipxe", Firmware::ipxe, 7},
    {"edk2_discover", "grubx64.efi", Firmware::uefi_pxe, 7},
    {"edk2_http_discover", "http://10.78.0.1/grub.efi", Firmware::http, 16},
};

TEST(CapturedClients, AreOfferedAnAddressAndTheirBootFile) {
  for (const Client& client : kCaptured) {
    Lab lab(recorded_config());
    const Octets payload = captured_payload(client.discover);
    const auto asked = wire::DhcpView::parse(payload);
    ASSERT_TRUE(asked) << client.discover;
    const Heard heard = send_captured(lab, client.discover);
    ASSERT_EQ(heard.outcome, Outcome::dhcp_offered) << client.discover;
    const wire::DhcpView offer = heard.reply().view();
    EXPECT_EQ(offer.yiaddr(), Ipv4Address::of(10, 78, 0, 150)) << client.discover;
    EXPECT_EQ(offer.xid(), asked->xid());
    EXPECT_EQ(offer.flags(), asked->flags());
    EXPECT_EQ(offer.chaddr(), asked->chaddr());
    EXPECT_EQ(offer.option_text(DhcpOption::boot_file_name), client.file) << client.discover;
    EXPECT_TRUE(offer.has(DhcpOption::vendor_class)) << client.discover;
    EXPECT_TRUE(lab.is_booting(asked->chaddr()));
    const bool to_all = asked->broadcast_flag();
    EXPECT_EQ(heard.reply().to_mac(), to_all ? MacAddress::broadcast() : asked->chaddr());
    const Event& event = heard.events.back();
    EXPECT_EQ(event.kind, EventKind::dhcp_offered);
    EXPECT_EQ(event.firmware, client.firmware) << client.discover;
    EXPECT_EQ(event.architecture, client.architecture) << client.discover;
    EXPECT_EQ(event.text(), client.file);
  }
}

TEST(CapturedClients, GetTheOptionsThatTheyListInTheirOrder) {
  for (const Client& client : kCaptured) {
    Lab lab(recorded_config());
    const Octets payload = captured_payload(client.discover);
    const auto asked = wire::DhcpView::parse(payload);
    ASSERT_TRUE(asked);
    const auto list = asked->option(DhcpOption::parameter_request_list);
    ASSERT_TRUE(list.has_value());
    const std::vector<int> codes = send_captured(lab, client.discover).reply().option_codes();
    const auto rank = [&](int code) { return std::find(list->begin(), list->end(), code); };
    // After the message's own options (53, 54, 51, and 61 where it was sent).
    const std::ptrdiff_t own = asked->has(DhcpOption::client_identifier) ? 4 : 3;
    auto last_listed = list->begin();
    std::size_t listed = 0;
    for (auto code = codes.begin() + own; code != codes.end() && rank(*code) != list->end();
         ++code) {
      EXPECT_GE(rank(*code), last_listed) << client.discover << " option " << *code;
      last_listed = rank(*code);
      ++listed;
    }
    EXPECT_GE(listed, 5U) << client.discover;  // 1, 3, 6, 60, 67 at least
  }
}

TEST(CapturedClients, IpxesRequestIsAcknowledged) {
  Lab lab(recorded_config());
  const Heard heard = send_captured(lab, "ipxe_request");
  EXPECT_EQ(heard.outcome, Outcome::dhcp_acked);
  EXPECT_EQ(heard.reply().yiaddr(), kRecorded);
  EXPECT_EQ(heard.reply().to(), kRecorded);
  EXPECT_EQ(lab.lease_at(kRecorded)->state, LeaseState::bound);
}

TEST(CapturedClients, Edk2sRequestToAnotherServerIsLeftToIt) {
  Lab lab(recorded_config());
  send_captured(lab, "edk2_discover");
  EXPECT_EQ(lab.counts(1).offered, 1U);
  EXPECT_EQ(send_captured(lab, "edk2_request").outcome, Outcome::dhcp_other_server);
  EXPECT_EQ(lab.counts(1).offered, 0U);
}

TEST(CapturedClients, Edk2AndTheIpxeThatItLoadsAreOneMachine) {
  Lab lab(recorded_config());
  const Ipv4Address in_firmware = send_captured(lab, "edk2_discover").reply().yiaddr();
  EXPECT_EQ(send_captured(lab, "ipxe_efi_discover").reply().yiaddr(), in_firmware);
}

}  // namespace
}  // namespace reveille::test
