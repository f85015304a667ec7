#include "dhcp/boot_options.h"

#include <gtest/gtest.h>

#include "dhcp/boot_request.h"
#include "dhcp/option_set.h"
#include "image/memory_image.h"

namespace reveille {
namespace {

using namespace std::string_view_literals;
using test::BootRequest;
using test::kNoDiscovery;
using test::octets_of;
using test::Parsed;
using test::text;
using wire::DhcpOption;

// A reply of the DHCP server to `request`, as far as boot options go: header, the walk through
// the parameter request list, the rest.
class Server {
 public:
  Server() {
    station_.address = {Ipv4Address::of(10, 78, 0, 1), 24};
    plan_.file = "snponly.efi";
  }
  Server& file(std::string_view name, const Image* image = nullptr) {
    plan_.file = name;
    plan_.image = image;
    return *this;
  }
  Server& nothing() {
    has_plan_ = false;
    return *this;
  }
  Server& proxy() {
    proxy_ = true;
    return *this;
  }
  Server& next_server(Ipv4Address address) {
    config_.boot.next_server = address;
    return *this;
  }
  [[nodiscard]] std::unique_ptr<Parsed> reply_to(const Parsed& request, std::size_t limit = 1444) {
    const Facts facts = facts_of(*request, 0);
    const BootReply reply{.facts = facts,
                          .plan = has_plan_ ? &plan_ : nullptr,
                          .station = station_,
                          .next_server = next_server_of(config_, station_, &plan_),
                          .proxy = proxy_};
    Octets room = unwritten(1472);
    wire::DhcpWriter writer(room, limit);
    writer.reply_to(*request);
    write_boot_header(writer, *request, reply);
    OptionSet written;
    if (const auto list = request->option(DhcpOption::parameter_request_list)) {
      for (const std::uint8_t octet : *list) {
        const DhcpOption code{octet};
        if (written.contains(code)) continue;
        if (write_boot_option(writer, *request, reply, code)) written.add(code);
      }
    }
    for (const DhcpOption code : unasked_boot_options(reply)) {
      if (!written.contains(code)) write_boot_option(writer, *request, reply, code);
    }
    room.resize(writer.finish());
    return std::make_unique<Parsed>(room);
  }

 private:
  Station station_;
  Config config_;
  BootPlan plan_;
  bool has_plan_ = true;
  bool proxy_ = false;
};

TEST(BootOptions, AnOfferToEdk2IsComplete) {
  const auto image = test::make_image("snponly.efi", std::vector<std::uint8_t>(1025));
  const Parsed request("edk2_discover");
  const auto reply = Server().file("snponly.efi", image.get()).reply_to(request);
  const wire::DhcpView& offer = **reply;
  EXPECT_EQ(offer.siaddr(), Ipv4Address::of(10, 78, 0, 1));
  EXPECT_EQ(offer.sname(), "10.78.0.1");
  EXPECT_EQ(offer.file(), "snponly.efi");
  EXPECT_EQ(octets_of(offer, DhcpOption::vendor_class), text("PXEClient"));
  EXPECT_EQ(octets_of(offer, DhcpOption::vendor_specific), kNoDiscovery);
  EXPECT_EQ(octets_of(offer, DhcpOption::boot_file_name), text("snponly.efi\0"sv));
  EXPECT_EQ(octets_of(offer, DhcpOption::tftp_server_name), text("10.78.0.1"));
  EXPECT_EQ(offer.option_u16(DhcpOption::boot_file_size), 3);
  EXPECT_EQ(octets_of(offer, DhcpOption::client_machine_identifier), Octets(17, 0));
  EXPECT_FALSE(offer.has(DhcpOption::ipxe));
  EXPECT_FALSE(offer.has(DhcpOption::client_architecture));
  EXPECT_FALSE(offer.has(DhcpOption::client_network_interface));
}

TEST(BootOptions, AnOfferToIpxeEndsItsWaitForAProxy) {
  for (const char* capture : {"ipxe_discover", "e1000_discover", "rtl8139_discover", "ipxe_request",
                              "ipxe_efi_discover"}) {
    const Parsed request(capture);
    const auto image = test::make_image("boot.ipxe", {1});
    const auto reply = Server().file("boot.ipxe", image.get()).reply_to(request);
    const wire::DhcpView& offer = **reply;
    EXPECT_EQ(offer.siaddr(), Ipv4Address::of(10, 78, 0, 1)) << capture;
    EXPECT_EQ(offer.file(), "boot.ipxe") << capture;
    EXPECT_EQ(octets_of(offer, DhcpOption::vendor_class), text("PXEClient")) << capture;
    EXPECT_EQ(octets_of(offer, DhcpOption::vendor_specific), kNoDiscovery) << capture;
    EXPECT_EQ(octets_of(offer, DhcpOption::ipxe), (Octets{176, 1, 1})) << capture;
    EXPECT_EQ(octets_of(offer, DhcpOption::boot_file_name), text("boot.ipxe\0"sv)) << capture;
    EXPECT_EQ(octets_of(offer, DhcpOption::client_machine_identifier), Octets(17, 0)) << capture;
    // iPXE asks for no size, and gets none.
    EXPECT_FALSE(offer.has(DhcpOption::boot_file_size)) << capture;
  }
}

TEST(BootOptions, AnOfferToHttpBootIsItsUrlUnderItsOwnClass) {
  constexpr std::string_view kUrl = "http://10.78.0.1/snponly.efi";
  for (const char* capture : {"edk2_http_discover", "edk2_http_request"}) {
    const Parsed request(capture);
    const auto reply = Server().file(kUrl).reply_to(request);
    const wire::DhcpView& offer = **reply;
    EXPECT_EQ(octets_of(offer, DhcpOption::vendor_class), text("HTTPClient")) << capture;
    // As dnsmasq did, which the recorded client then booted from.
    EXPECT_EQ(octets_of(offer, DhcpOption::boot_file_name),
              text("http://10.78.0.1/snponly.efi\0"sv));
    EXPECT_EQ(offer.file(), kUrl);
    EXPECT_EQ(offer.sname(), "");
    EXPECT_FALSE(offer.has(DhcpOption::vendor_specific));
    EXPECT_FALSE(offer.has(DhcpOption::tftp_server_name));
    EXPECT_FALSE(offer.has(DhcpOption::boot_file_size));
    EXPECT_EQ(octets_of(offer, DhcpOption::client_machine_identifier), Octets(17, 0));
  }
}

TEST(BootOptions, APlanSaysMoreThanAFile) {
  const std::vector<DhcpOptionConfig> options{{42, {10, 0, 0, 9}}, {150, {10, 0, 0, 8}}};
  BootPlan plan{.next_server = Ipv4Address::of(10, 0, 0, 7), .root_path = "aoe:e1.2"};
  plan.options = options;
  Station station;
  station.address = {Ipv4Address::of(10, 78, 0, 1), 24};
  Config config;
  EXPECT_EQ(next_server_of(config, station, nullptr), station.address.address);
  config.boot.next_server = Ipv4Address::of(10, 0, 0, 6);
  EXPECT_EQ(next_server_of(config, station, nullptr), Ipv4Address::of(10, 0, 0, 6));
  EXPECT_EQ(next_server_of(config, station, &plan), Ipv4Address::of(10, 0, 0, 7));

  const auto planned = [&plan](DhcpOption code) -> std::optional<Octets> {
    Octets room = unwritten(600);
    wire::DhcpWriter writer(room, 600);
    writer.reply_to(*Parsed("ipxe_discover"));
    if (!write_planned_option(writer, plan, code)) return std::nullopt;
    room.resize(writer.finish());
    return octets_of(*Parsed(room), code);
  };
  EXPECT_EQ(planned(DhcpOption{42}), (Octets{10, 0, 0, 9}));
  EXPECT_EQ(planned(DhcpOption{150}), (Octets{10, 0, 0, 8}));
  EXPECT_EQ(planned(DhcpOption::root_path), text("aoe:e1.2"));
  EXPECT_EQ(planned(DhcpOption::domain_name), std::nullopt);
  plan.root_path = {};
  EXPECT_EQ(planned(DhcpOption::root_path), std::nullopt);

  // A plan without a file is as good as none where the file is concerned.
  const Parsed request("edk2_discover");
  const auto reply = Server().file("").reply_to(request);
  const auto none = Server().nothing().reply_to(request);
  EXPECT_EQ((*reply)->siaddr(), (*none)->siaddr());
  EXPECT_EQ((*reply)->has(DhcpOption::vendor_class), (*none)->has(DhcpOption::vendor_class));
  EXPECT_FALSE((*reply)->has(DhcpOption::boot_file_name));
}

TEST(BootOptions, WithNothingToBootNothingIsSaid) {
  for (const char* capture : {"ipxe_discover", "edk2_discover", "edk2_http_discover"}) {
    const Parsed request(capture);
    const auto reply = Server().nothing().reply_to(request);
    const wire::DhcpView& offer = **reply;
    EXPECT_TRUE(offer.siaddr().is_zero());
    EXPECT_EQ(offer.file(), "");
    EXPECT_EQ(offer.sname(), "");
    for (const DhcpOption code :
         {DhcpOption::vendor_class, DhcpOption::vendor_specific, DhcpOption::boot_file_name,
          DhcpOption::tftp_server_name, DhcpOption::boot_file_size, DhcpOption::ipxe}) {
      EXPECT_FALSE(offer.has(code)) << capture << " " << static_cast<int>(code);
    }
    EXPECT_TRUE(offer.has(DhcpOption::client_machine_identifier));
  }
}

TEST(BootOptions, AnOperatingSystemGetsWhatItAsksForAndNoMore) {
  BootRequest request("edk2_discover");
  request.without(DhcpOption::vendor_class).without(DhcpOption::client_architecture);
  const Parsed asks(request.with(DhcpOption::parameter_request_list, Octets{1, 43, 60, 66, 67}));
  const auto reply = Server().file("vmlinuz").reply_to(asks);
  EXPECT_EQ((*reply)->file(), "vmlinuz");
  EXPECT_EQ(octets_of(**reply, DhcpOption::boot_file_name), text("vmlinuz\0"sv));
  EXPECT_EQ(octets_of(**reply, DhcpOption::tftp_server_name), text("10.78.0.1"));
  for (const DhcpOption code : {DhcpOption::vendor_class, DhcpOption::vendor_specific,
                                DhcpOption::client_machine_identifier, DhcpOption::ipxe}) {
    EXPECT_FALSE((*reply)->has(code)) << static_cast<int>(code);
  }
  const Parsed silent(request.without(DhcpOption::parameter_request_list));
  const auto shorter = Server().file("vmlinuz").reply_to(silent);
  EXPECT_FALSE((*shorter)->has(DhcpOption::boot_file_name));
  EXPECT_EQ((*shorter)->file(), "vmlinuz");
  const std::string name(128, 'x');
  const auto longer = Server().file(name).reply_to(silent);
  EXPECT_EQ((*longer)->file(), "");
  EXPECT_EQ((*longer)->option_text(DhcpOption::boot_file_name), name);
}

TEST(BootOptions, LongNamesStandInOption67Alone) {
  const Parsed request("ipxe_discover");
  for (const std::size_t length : {1U, 127U, 128U, 200U, 254U, 255U, 512U, 700U}) {
    const std::string name(length, 'n');
    const auto reply = Server().file(name).reply_to(request);
    EXPECT_EQ((*reply)->file(), length <= 127 ? name : "") << length;
    EXPECT_EQ((*reply)->option_text(DhcpOption::boot_file_name), name) << length;
    const Octets raw = octets_of(**reply, DhcpOption::boot_file_name);
    EXPECT_EQ(raw.size(), length <= 512 ? length + 1 : length);
    if (length <= 512) {
      EXPECT_EQ(raw.back(), 0) << length;
    }
  }
}

TEST(BootOptions, TheSizeIsInBlocksAndOnlyOfOurOwnFile) {
  const Parsed request("edk2_discover");
  const auto blocks_of = [&request](Server& server, std::size_t size) {
    const auto image = test::make_image("x.efi", std::vector<std::uint8_t>(size));
    return (*server.file("x.efi", image.get()).reply_to(request))
        ->option_u16(DhcpOption::boot_file_size);
  };
  Server server;
  EXPECT_EQ(blocks_of(server, 0), std::nullopt);
  EXPECT_EQ(blocks_of(server, 1), 1);
  EXPECT_EQ(blocks_of(server, 512), 1);
  EXPECT_EQ(blocks_of(server, 513), 2);
  EXPECT_EQ(blocks_of(server, 512 * 0xffff), 0xffff);
  EXPECT_EQ(blocks_of(server, 512 * 0xffff + 1), std::nullopt);
  server.next_server(Ipv4Address::of(10, 78, 0, 77));
  EXPECT_EQ(blocks_of(server, 512), std::nullopt);
  EXPECT_EQ((*server.reply_to(request))->siaddr(), Ipv4Address::of(10, 78, 0, 77));
  EXPECT_EQ((*server.reply_to(request))->option_text(DhcpOption::tftp_server_name), "10.78.0.77");
}

TEST(BootOptions, Option97ComesBackOnlyAsItShouldBe) {
  BootRequest request("edk2_discover");
  const auto echoed = [&request](const Octets& value) {
    const Parsed parsed(request.with(DhcpOption::client_machine_identifier, value));
    return octets_of(**Server().reply_to(parsed), DhcpOption::client_machine_identifier);
  };
  Octets good(17, 0x5a);
  EXPECT_EQ(echoed(good), good);
  good[0] = 0;
  EXPECT_EQ(echoed(good), good);
  EXPECT_EQ(echoed(Octets{}), Octets{});
  EXPECT_EQ(echoed(Octets(16, 1)), Octets{});
  EXPECT_EQ(echoed(Octets(18, 1)), Octets{});
  EXPECT_EQ(echoed(Octets(255, 1)), Octets{});
  const Parsed none(request.without(DhcpOption::client_machine_identifier));
  EXPECT_FALSE((*Server().reply_to(none))->has(DhcpOption::client_machine_identifier));
}

TEST(BootOptions, FromAProxyIpxeMayLookAtProxies) {
  const Parsed request("ipxe_discover");
  EXPECT_FALSE((*Server().proxy().reply_to(request))->has(DhcpOption::ipxe));
}

TEST(BootOptions, ARaspberryPiFindsItsMenu) {
  BootRequest request("ipxe_discover");
  request.without(DhcpOption::ipxe).without(DhcpOption::user_class).mac("dc:a6:32:00:00:01");
  const Parsed parsed(request);
  Octets expected{6, 1, 8, 9, 20, 0, 0, 17};
  for (const char c : "Raspberry Pi Boot"sv) expected.push_back(static_cast<std::uint8_t>(c));
  for (const std::uint8_t octet : Octets{10, 4, 0, 'P', 'X', 'E', 255}) expected.push_back(octet);
  EXPECT_EQ(octets_of(**Server().reply_to(parsed), DhcpOption::vendor_specific), expected);
}

TEST(BootOptions, WhatTheClientCannotDoWithoutComesFirstInASmallReply) {
  BootRequest request("edk2_discover");
  const Parsed parsed(request.without(DhcpOption::parameter_request_list));
  const std::string name(100, 'n');
  const auto reply = Server().file(name).reply_to(parsed, 300);
  EXPECT_EQ((*reply)->file(), name);
  EXPECT_TRUE((*reply)->has(DhcpOption::vendor_class));
  EXPECT_TRUE((*reply)->has(DhcpOption::vendor_specific));
  EXPECT_TRUE((*reply)->has(DhcpOption::client_machine_identifier));
  EXPECT_FALSE((*reply)->has(DhcpOption::boot_file_name));
}

}  // namespace
}  // namespace reveille
