// What one worker asks, another one hears: the NIC spreads answers as it likes.
#include <gtest/gtest.h>

#include <reveille/wire/ethernet.h>
#include <reveille/wire/icmp.h>
#include <reveille/wire/ipv4.h>

#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

constexpr Ipv4Address kRelay = Ipv4Address::of(10, 99, 0, 2);
constexpr MacAddress kRouter{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x0a}};

void add_remote_subnet(Config& config) {
  SubnetConfig remote;
  remote.prefix = *Ipv4Prefix::parse("10.99.0.0/16");
  remote.pools = {{Ipv4Address::of(10, 99, 1, 0), Ipv4Address::of(10, 99, 1, 99)}};
  config.subnets.push_back(remote);
  config.dhcp.detect_conflicts = true;
}

Octets relayed_discover(unsigned client) {
  Octets payload = captured_payload("ipxe_discover");
  const MacAddress mac = client_mac(client);
  store_be32(&payload[24], kRelay.value);
  std::copy(mac.octets.begin(), mac.octets.end(), &payload[28]);
  return UdpFrame{.destination_mac = kServerMac,
                  .source_mac = kRouter,
                  .source = kRelay,
                  .destination = Ipv4Address::of(10, 78, 0, 1),
                  .source_port = 67,
                  .destination_port = 67,
                  .payload = std::move(payload)}
      .bytes();
}

// The answer to an echo request; empty if the frame is none.
Octets answer_to(const Octets& frame) {
  constexpr std::size_t kIcmp = wire::ethernet_length(0) + wire::kIpv4Header;
  const auto link = wire::EthernetView::parse(frame);
  if (!link || link->type() != wire::EtherType::ipv4) return {};
  const auto packet = wire::Ipv4View::parse(link->payload());
  if (!packet || packet->protocol() != wire::IpProtocol::icmp) return {};
  const auto echo = wire::IcmpView::parse(packet->payload());
  if (!echo || echo->type() != wire::IcmpType::echo_request) return {};
  Octets answer(kIcmp + wire::kIcmpHeader);
  std::copy_n(&frame[6], 6, &answer[0]);
  std::copy_n(&frame[0], 6, &answer[6]);
  std::copy_n(&frame[12], 2, &answer[12]);
  wire::write_ipv4(&answer[wire::ethernet_length(0)], wire::IpProtocol::icmp, packet->destination(),
                   packet->source(), wire::kIcmpHeader);
  wire::write_echo_reply(&answer[kIcmp], echo->echoed());
  return answer;
}

class ProbingByWorkers : public testing::TestWithParam<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(Workers, ProbingByWorkers, testing::Values(1, 3));

TEST_P(ProbingByWorkers, AnAnswerCountsAtWhicheverWorkerItComesIn) {
  Site site({.workers = GetParam(), .wire = {}}, add_remote_subnet);
  site.start();
  // Every worker learns the way there by a client of its own.
  for (unsigned client = 0; client < 20; ++client) site.inject(relayed_discover(client));
  std::uint64_t answers = 0;
  ASSERT_TRUE(Site::await([&] {
    for (const Octets& frame : site.wire.collect()) {
      const Octets answer = answer_to(frame);
      if (answer.empty()) continue;
      site.inject(answer, 0);
      ++answers;
    }
    return answers >= 30;
  }));
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::probe_answered), answers);
  EXPECT_EQ(site.count(Outcome::icmp_other), 0U);
  EXPECT_TRUE(Site::await([&] { return site.workers->statistics().groups.at(1).declined >= 10; }));
}

}  // namespace
}  // namespace reveille
