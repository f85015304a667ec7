#include "policy/facts.h"

#include <gtest/gtest.h>

#include "dhcp/boot_request.h"
#include "policy/architecture.h"

namespace reveille {
namespace {

using test::BootRequest;
using test::Parsed;
using wire::DhcpOption;

struct Client {
  const char* capture;
  std::uint16_t architecture;
  Firmware firmware;
  bool pxe;
  bool http;
  bool ipxe;
  const char* mac;
  const char* vendor_class;
  const char* user_class;
};

constexpr Client kClients[] = {
    {"ipxe_discover", 0x00, Firmware::ipxe, true, false, true, "52:54:00:aa:01:01",
     "PXEClient:Arch:00000:UNDI:002001", "iPXE"},
    {"rtl8139_discover", 0x00, Firmware::ipxe, true, false, true, "52:54:00:aa:01:02",
     "PXEClient:Arch:00000:UNDI:002001", "iPXE"},
    {"e1000_discover", 0x00, Firmware::ipxe, true, false, true, "52:54:00:aa:01:03",
     "PXEClient:Arch:00000:UNDI:002001", "iPXE"},
    {"ipxe_boot_server_request", 0x00, Firmware::ipxe, true, false, true, "52:54:00:aa:01:05",
     "PXEClient", "iPXE"},
    {"edk2_discover", 0x07, Firmware::uefi_pxe, true, false, false, "52:54:00:aa:01:06",
     "PXEClient:Arch:00007:UNDI:003000", ""},
    {"edk2_boot_server_request", 0x07, Firmware::uefi_pxe, true, false, false, "52:54:00:aa:01:06",
     "PXEClient:Arch:00007:UNDI:003000", ""},
    {"ipxe_efi_discover", 0x07, Firmware::ipxe, true, false, true, "52:54:00:aa:01:06",
     "PXEClient:Arch:00007:UNDI:003010", "iPXE"},
    {"edk2_http_discover", 0x10, Firmware::http, false, true, false, "52:54:00:aa:01:08",
     "HTTPClient:Arch:00016:UNDI:003000", ""},
};

class FactsOfCapture : public testing::TestWithParam<Client> {};

TEST_P(FactsOfCapture, AreWhatTheClientIs) {
  const Client& client = GetParam();
  const Parsed request(client.capture);
  const Facts facts = facts_of(*request, 7);
  EXPECT_EQ(facts.architecture, client.architecture);
  EXPECT_EQ(facts.firmware, client.firmware);
  EXPECT_EQ(facts.pxe, client.pxe);
  EXPECT_EQ(facts.http, client.http);
  EXPECT_EQ(facts.ipxe, client.ipxe);
  EXPECT_TRUE(facts.boots());
  EXPECT_FALSE(facts.raspberry_pi);
  EXPECT_EQ(facts.mac.text(), client.mac);
  EXPECT_EQ(facts.vendor_class, client.vendor_class);
  EXPECT_EQ(facts.user_class, client.user_class);
  EXPECT_EQ(facts.station, 7);
  EXPECT_TRUE(facts.relay.is_zero());
  EXPECT_EQ(facts.host_name, "");
  // QEMU without -uuid sends zeros, which identify nobody.
  EXPECT_FALSE(facts.uuid.has_value());
  if (client.ipxe) {
    ASSERT_EQ(facts.client_id.size(), 7U);
    EXPECT_EQ(facts.client_id[0], 1);
    EXPECT_EQ(MacAddress::from(&facts.client_id[1]), facts.mac);
  } else {
    EXPECT_TRUE(facts.client_id.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Captures, FactsOfCapture, testing::ValuesIn(kClients),
                         [](const auto& client) { return std::string(client.param.capture); });

Facts facts_of_request(const BootRequest& request) {
  // Only values that borrow nothing are looked at.
  const Parsed parsed(request);
  Facts facts = facts_of(*parsed, 0);
  facts.vendor_class = facts.user_class = facts.host_name = {};
  facts.client_id = {};
  return facts;
}

Octets identifier(std::uint8_t type, std::uint8_t octet, std::size_t length) {
  Octets value(length, octet);
  if (!value.empty()) value.front() = type;
  return value;
}

TEST(Facts, TheUuidIsOption97OfTypeZeroAndRightLength) {
  BootRequest request("edk2_discover");
  const auto uuid_of = [&request](const Octets& value) {
    return facts_of_request(request.with(DhcpOption::client_machine_identifier, value)).uuid;
  };
  ASSERT_TRUE(uuid_of(identifier(0, 0x42, 17)).has_value());
  EXPECT_EQ(uuid_of(identifier(0, 0x42, 17))->text(), "42424242-4242-4242-4242-424242424242");
  EXPECT_FALSE(uuid_of(identifier(1, 0x42, 17)));
  EXPECT_FALSE(uuid_of(identifier(0, 0x42, 16)));
  EXPECT_FALSE(uuid_of(identifier(0, 0x42, 18)));
  EXPECT_FALSE(uuid_of(identifier(0, 0x42, 255)));
  EXPECT_FALSE(uuid_of({}));
  EXPECT_FALSE(uuid_of(identifier(0, 0xff, 17)));
  EXPECT_FALSE(uuid_of(identifier(0, 0x00, 17)));
}

TEST(Facts, TheFirstArchitectureOfAListCounts) {
  BootRequest request("edk2_discover");
  request.with(DhcpOption::client_architecture, Octets{0x00, 0x0b, 0x00, 0x07});
  EXPECT_EQ(facts_of_request(request).architecture, 0x0b);
  Octets many(64, 0);
  many[1] = 0x1b;
  request.with(DhcpOption::client_architecture, many);
  EXPECT_EQ(facts_of_request(request).architecture, 0x1b);
}

TEST(Facts, WithoutOption93TheVendorClassTells) {
  BootRequest request("edk2_discover");
  for (const Octets& broken : {Octets{}, Octets{7}, Octets{0, 6, 7}}) {
    request.with(DhcpOption::client_architecture, broken);
    EXPECT_EQ(facts_of_request(request).architecture, 0x07);
  }
  request.without(DhcpOption::client_architecture);
  EXPECT_EQ(facts_of_request(request).architecture, 0x07);
  request.with(DhcpOption::vendor_class, "PXEClient:Arch:00041:UNDI:003000");
  EXPECT_EQ(facts_of_request(request).architecture, kArchitectureRaspberryPi);
}

TEST(Facts, FirmwareThatSaysNothingIsABios) {
  BootRequest request("edk2_discover");
  request.without(DhcpOption::client_architecture);
  for (const char* text : {"PXEClient", "PXEClient:Arch:", "PXEClient:Arch:0000", "PXEClient:Arch:",
                           "PXEClient:Arch:0x007:UNDI", "PXEClient:Arch:99999:UNDI:003000"}) {
    const Facts facts = facts_of_request(request.with(DhcpOption::vendor_class, text));
    EXPECT_EQ(facts.architecture, kArchitectureBios) << text;
    EXPECT_EQ(facts.firmware, Firmware::bios_pxe) << text;
  }
}

TEST(Facts, AnOperatingSystemIsNoFirmware) {
  BootRequest request("edk2_discover");
  request.without(DhcpOption::client_architecture);
  const Facts windows = facts_of_request(request.with(DhcpOption::vendor_class, "MSFT 5.0"));
  EXPECT_EQ(windows.architecture, kArchitectureUnknown);
  EXPECT_EQ(windows.firmware, Firmware::other);
  EXPECT_FALSE(windows.boots());
  const Facts silent = facts_of_request(request.without(DhcpOption::vendor_class));
  EXPECT_EQ(silent.firmware, Firmware::unknown);
  EXPECT_FALSE(silent.boots());
  // U-Boot says what it is without being a PXE client.
  request.with(DhcpOption::vendor_class, "U-Boot.armv8").architecture(0x16);
  EXPECT_EQ(facts_of_request(request).architecture, 0x16);
  EXPECT_FALSE(facts_of_request(request).boots());
}

TEST(Facts, IpxeIsKnownByUserClassOrByItsOwnOption) {
  BootRequest request("ipxe_discover");
  request.without(DhcpOption::ipxe);
  EXPECT_TRUE(facts_of_request(request).ipxe);
  request.with(DhcpOption::user_class, "\x04iPXE");
  EXPECT_TRUE(facts_of_request(request).ipxe);
  request.with(DhcpOption::user_class, "\x03lab\x04iPXE");
  EXPECT_TRUE(facts_of_request(request).ipxe);
  request.with(DhcpOption::user_class, "gPXE");
  EXPECT_TRUE(facts_of_request(request).ipxe);
  using namespace std::string_view_literals;
  for (const std::string_view other :
       {"\x04iPX"sv, "ipxe-like"sv, "\xff"sv, "\0\0\0"sv, "iPXE2"sv, "\x05iPXE"sv, "\x03iPXE"sv}) {
    request.with(DhcpOption::user_class, other);
    EXPECT_FALSE(facts_of_request(request).ipxe) << testing::PrintToString(other);
  }
  request.without(DhcpOption::user_class);
  EXPECT_EQ(facts_of_request(request).firmware, Firmware::bios_pxe);
  request.with(DhcpOption::ipxe, Octets{});
  EXPECT_EQ(facts_of_request(request).firmware, Firmware::ipxe);
}

TEST(Facts, ARaspberryPiIsABiosOfItsVendor) {
  BootRequest request("ipxe_discover");
  request.without(DhcpOption::ipxe).without(DhcpOption::user_class);
  for (const char* mac : {"b8:27:eb:01:02:03", "dc:a6:32:01:02:03", "e4:5f:01:01:02:03"}) {
    EXPECT_TRUE(facts_of_request(request.mac(mac)).raspberry_pi) << mac;
  }
  EXPECT_FALSE(facts_of_request(request.mac("52:54:00:b8:27:eb")).raspberry_pi);
  // UEFI on a Raspberry Pi is UEFI, and iPXE there is iPXE.
  request.mac("dc:a6:32:01:02:03").architecture(0x0b);
  EXPECT_FALSE(facts_of_request(request).raspberry_pi);
  request.architecture(0x00).with(DhcpOption::user_class, "iPXE");
  EXPECT_FALSE(facts_of_request(request).raspberry_pi);
}

TEST(Facts, HostileTextsStayWithinTheMessage) {
  BootRequest request("edk2_discover");
  for (const std::size_t length : {0U, 1U, 9U, 63U, 64U, 127U, 255U, 256U, 500U}) {
    std::string text("PXEClient:Arch:\x01\x7f\x80\xff\x0a");
    text.resize(length, '\x1b');
    request.with(DhcpOption::vendor_class, text).with(DhcpOption::host_name, text);
    const Parsed parsed(request);
    const Facts facts = facts_of(*parsed, 0);
    EXPECT_EQ(facts.vendor_class, text);
    EXPECT_EQ(facts.host_name, text);
    EXPECT_EQ(facts.pxe, length >= 9);
    EXPECT_EQ(facts.architecture, 0x07);
  }
}

TEST(Facts, TheRelayIsGiaddr) {
  EXPECT_EQ(
      facts_of_request(BootRequest("edk2_discover").giaddr(Ipv4Address::of(10, 9, 8, 7))).relay,
      Ipv4Address::of(10, 9, 8, 7));
}

TEST(Facts, TheRelaySaysWhereTheClientIs) {
  const Octets relayed{1, 3, 'g', 'e', '7', 2, 6, 2, 0, 0, 0, 0, 1, 5, 4, 10, 20, 0, 0};
  BootRequest request("edk2_discover");
  request.with(DhcpOption::relay_agent_information, relayed);
  // Without a relay the client wrote it itself; it may be told from another, but moves nobody.
  const Parsed direct(request);
  EXPECT_TRUE(facts_of(*direct, 0).link.is_zero());
  const Parsed parsed(request.giaddr(Ipv4Address::of(10, 9, 0, 1)));
  const Facts facts = facts_of(*parsed, 0);
  EXPECT_EQ(facts.link, Ipv4Address::of(10, 20, 0, 0));
  EXPECT_EQ(Octets(facts.circuit_id.begin(), facts.circuit_id.end()), (Octets{'g', 'e', '7'}));
  EXPECT_EQ(Octets(facts.remote_id.begin(), facts.remote_id.end()), (Octets{2, 0, 0, 0, 0, 1}));
  EXPECT_EQ(facts.message, &*parsed);
  const Parsed plain(BootRequest("edk2_discover").giaddr(Ipv4Address::of(10, 9, 0, 1)));
  EXPECT_EQ(facts_of(*plain, 0).link, Ipv4Address::of(10, 9, 0, 1));
}

TEST(Architectures, AreTheRegistryOfIana) {
  EXPECT_EQ(architectures().size(), 0x2aU);
  EXPECT_EQ(architecture_name(0x00), "x86 BIOS");
  EXPECT_EQ(architecture_name(0x07), "x64 UEFI");
  EXPECT_EQ(architecture_name(0x10), "x64 UEFI HTTP");
  EXPECT_EQ(architecture_name(0x29), "ARM Raspberry Pi boot");
  EXPECT_EQ(architecture_name(0x2a), "unknown");
  EXPECT_EQ(architecture_name(0xffff), "unknown");
  EXPECT_EQ(find_architecture(0x2a), nullptr);
  for (const std::uint16_t http : std::vector<std::uint16_t>{
           0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x17, 0x18, 0x1a, 0x1c, 0x1e, 0x26, 0x28}) {
    EXPECT_EQ(find_architecture(http)->kind, ArchitectureKind::http) << http;
  }
  for (const std::uint16_t uefi :
       std::vector<std::uint16_t>{0x06, 0x07, 0x09, 0x0a, 0x0b, 0x19, 0x1b, 0x1d, 0x25, 0x27}) {
    EXPECT_EQ(find_architecture(uefi)->kind, ArchitectureKind::uefi) << uefi;
  }
}

}  // namespace
}  // namespace reveille
