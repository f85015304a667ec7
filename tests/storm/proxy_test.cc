// Machines whose address and boot file come from two servers: offers beside each other, and the
// boot server on port 4011.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <reveille/wire/dhcp.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/udp.h>

#include "storm/link.h"

namespace reveille::storm::test {
namespace {

using testing::ElementsAre;
using wire::DhcpOption;
using wire::DhcpType;

// Leases addresses at 10.77.0.2, and names boot files at 10.77.0.1, where the ideal server has
// the file.
class SplitServers {
 public:
  enum class Offer : std::uint8_t { file, boot_server, nothing };

  SplitServers(Link& link, Offer offer) : link_(link), offer_(offer) {
    link.others = [this](const Octets& frame) { receive(frame); };
    link.reaches_server = [](const Octets& frame) {
      return frame.size() <= 42 || load_be16(&frame[12]) != 0x0800 || load_be16(&frame[36]) != 67;
    };
  }
  bool boot_server_answers = true;

 private:
  static constexpr Ipv4Address kLender = Ipv4Address::of(10, 77, 0, 2);
  static constexpr Ipv4Address kProxy = Ipv4Address::of(10, 77, 0, 1);
  static constexpr Ipv4Address kLeased = Ipv4Address::of(10, 77, 9, 9);

  void receive(const Octets& frame) {
    const auto ethernet = wire::EthernetView::parse(Bytes{frame});
    if (!ethernet || ethernet->type() != wire::EtherType::ipv4) return;
    const auto packet = wire::Ipv4View::parse(ethernet->payload(), wire::Verified::yes);
    ASSERT_TRUE(packet);
    const auto datagram = wire::UdpView::parse(*packet);
    ASSERT_TRUE(datagram);
    const auto message = wire::DhcpView::parse(datagram->payload());
    if (!message) return;
    if (datagram->destination_port() == wire::kBootServerPort) {
      EXPECT_EQ(packet->source(), kLeased);
      EXPECT_EQ(message->ciaddr(), kLeased);
      if (boot_server_answers) say_boot(*message, DhcpType::ack, kLeased, Offer::file);
    } else if (message->type() == DhcpType::discover) {
      lend(*message, DhcpType::offer);
      if (offer_ != Offer::nothing) {
        say_boot(*message, DhcpType::offer, Ipv4Address::broadcast(), offer_);
      }
    } else if (message->type() == DhcpType::request) {
      EXPECT_EQ(message->option_address(DhcpOption::server_identifier), kLender);
      lend(*message, DhcpType::ack);
    }
  }

  void lend(const wire::DhcpView& request, DhcpType type) {
    wire::DhcpWriter writer(network_.payload(), 548);
    writer.reply_to(request);
    writer.yiaddr(kLeased);
    writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(type));
    writer.option_address(DhcpOption::server_identifier, kLender);
    writer.option_u32(DhcpOption::lease_time, 3600);
    writer.option_address(DhcpOption::subnet_mask, {0xffff0000});
    send(MacAddress{{2, 0, 0, 0, 0, 2}}, kLender, wire::kDhcpServerPort, request, kLeased,
         writer.finish());
  }

  void say_boot(const wire::DhcpView& request, DhcpType type, Ipv4Address to, Offer what) {
    wire::DhcpWriter writer(network_.payload(), 548);
    writer.reply_to(request);
    writer.siaddr(kProxy);
    if (what == Offer::file) writer.file("ideal");
    writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(type));
    writer.option_address(DhcpOption::server_identifier, kProxy);
    writer.option(DhcpOption::vendor_class, "PXEClient");
    constexpr std::array<std::uint8_t, 4> kUseBootFile{6, 1, 8, 255};
    if (what == Offer::file) writer.option(DhcpOption::vendor_specific, Bytes{kUseBootFile});
    const bool from_boot_server = type == DhcpType::ack;
    send(MacAddress{{2, 0, 0, 0, 0, 1}}, kProxy,
         from_boot_server ? wire::kBootServerPort : wire::kDhcpServerPort, request, to,
         writer.finish());
  }

  void send(const MacAddress& mac, Ipv4Address from, std::uint16_t port,
            const wire::DhcpView& request, Ipv4Address to, std::size_t length) {
    network_.send({.from_mac = mac,
                   .to_mac = request.chaddr(),
                   .from = from,
                   .to = to,
                   .from_port = port,
                   .to_port = wire::kDhcpClientPort},
                  length);
  }

  Link& link_;
  Offer offer_;
  Collector outlet_{[this](Octets frame) { link_.answer(std::move(frame)); }};
  Network network_{outlet_};
};

StormConfig one_machine(std::string_view name) {
  StormConfig config;
  config.shares = {{*profile_named(name), 1}};
  return config;
}

// When requests to port 4011 left, counted from the first, in milliseconds.
std::vector<int> boot_server_waits(const Link& link) {
  std::vector<int> times;
  Nanoseconds first{};
  for (const Link::Sent& sent : link.sent) {
    if (load_be16(&sent.frame[12]) != 0x0800 || load_be16(&sent.frame[36]) != 4011) continue;
    if (times.empty()) first = sent.at;
    times.push_back(static_cast<int>((sent.at - first) / 1ms));
  }
  return times;
}

class PxeProfile : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Storm, PxeProfile, testing::Values("ipxe", "edk2", "pxe", "pxelinux"));

TEST_P(PxeProfile, TakesTheAddressOfOneAndTheFileOfTheOther) {
  Link link(one_machine(GetParam()));
  SplitServers servers(link, SplitServers::Offer::file);
  link.run_until(60s);
  EXPECT_EQ(link.counters().booted, 1U);
  EXPECT_EQ(link.counters().bytes, link.bytes.size());
  EXPECT_EQ(link.counters().boot_server_requests.all, 0U) << "the offer said all";
  EXPECT_EQ(link.counters().answered_twice, 0U);
}

TEST_P(PxeProfile, AsksPort4011WhenTheOfferNamesNoFile) {
  Link link(one_machine(GetParam()));
  SplitServers servers(link, SplitServers::Offer::boot_server);
  link.run_until(60s);
  EXPECT_EQ(link.counters().booted, 1U);
  EXPECT_EQ(link.counters().boot_server_requests.all, 1U);
}

TEST_P(PxeProfile, NamesABootServerThatIsSilent) {
  StormConfig config = one_machine(GetParam());
  config.timeout = 20min;
  Link link(config);
  SplitServers servers(link, SplitServers::Offer::boot_server);
  servers.boot_server_answers = false;
  link.run_until(20min);
  EXPECT_EQ(link.failed(Failure::no_boot_server), 1U);
  EXPECT_GT(boot_server_waits(link).size(), 1U);
}

TEST_P(PxeProfile, SaysThatNobodyNamedABootFile) {
  StormConfig config = one_machine(GetParam());
  config.timeout = 20min;
  Link link(config);
  SplitServers servers(link, SplitServers::Offer::nothing);
  link.run_until(20min);
  EXPECT_EQ(link.failed(Failure::no_boot_file), 1U);
  EXPECT_EQ(link.counters().booted, 0U);
}

TEST(BootServer, IpxeRepeatsAfterAQuarterOfASecondAndDoubles) {
  Link link(one_machine("ipxe"));
  SplitServers servers(link, SplitServers::Offer::boot_server);
  servers.boot_server_answers = false;
  link.run_until(60s);
  EXPECT_THAT(boot_server_waits(link), ElementsAre(0, 250, 750, 1750, 3750, 7750));
}

}  // namespace
}  // namespace reveille::storm::test
