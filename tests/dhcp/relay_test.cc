// Requests that relays bring: subnets, link selection, server identity, copies, loops.
#include <algorithm>
#include <map>
#include <queue>
#include <random>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

Octets information(wire::RelayOption code, Ipv4Address address) {
  return suboption(code, bytes(address));
}

TEST(Relay, TheSubnetIsThatOfTheGiaddr) {
  Lab lab(campus_config());
  const Heard heard = lab.send({.giaddr = kRelay});
  EXPECT_EQ(heard.reply().yiaddr(), Ipv4Address::of(10, 99, 1, 0));
  EXPECT_EQ(heard.reply().view().giaddr(), kRelay);
  EXPECT_EQ(heard.reply().view().hops(), 0);
  EXPECT_EQ(heard.reply().to(), kRelay);
  EXPECT_EQ(heard.reply().to_port(), 67);
  EXPECT_EQ(heard.reply().to_mac(), kRouterMac);
  EXPECT_EQ(heard.events.at(0).relay, kRelay);
}

TEST(Relay, AnUnknownGiaddrHasNoSubnet) {
  Lab lab(campus_config());
  const Heard heard = lab.send({.giaddr = Ipv4Address::of(172, 16, 0, 1)});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_no_subnet);
  EXPECT_EQ(heard.events.at(0).relay, Ipv4Address::of(172, 16, 0, 1));
}

TEST(Relay, ASubnetKnowsItsExtraRelayAddresses) {
  Config config = campus_config();
  const Ipv4Address extra = Ipv4Address::of(172, 16, 0, 1);
  config.subnets[2].relays = {extra, Ipv4Address::of(10, 78, 0, 3)};
  Lab lab(config);
  EXPECT_EQ(lab.lease_through(extra, machine(1)), Ipv4Address::of(10, 99, 1, 0));
  // The list goes before the prefix that contains the address.
  EXPECT_EQ(lab.lease_through(Ipv4Address::of(10, 78, 0, 3), machine(2)),
            Ipv4Address::of(10, 99, 1, 1));
}

TEST(Relay, TheLongestPrefixWins) {
  Config config = campus_config();
  config.subnets.push_back(config.subnets[2]);
  config.subnets[3].prefix = *Ipv4Prefix::parse("10.99.8.0/24");
  config.subnets[3].pools = {{Ipv4Address::of(10, 99, 8, 10), Ipv4Address::of(10, 99, 8, 20)}};
  Lab lab(config);
  EXPECT_EQ(lab.lease_through(Ipv4Address::of(10, 99, 8, 1), kMachine),
            Ipv4Address::of(10, 99, 8, 10));
}

TEST(Relay, LinkSelectionNamesTheSubnetAndTheReplyStillGoesToGiaddr) {  // RFC 3527
  Lab lab(campus_config());
  const auto link = information(wire::RelayOption::link_selection, Ipv4Address::of(10, 78, 0, 0));
  const Heard heard =
      lab.send({.giaddr = kRelay, .options = {{DhcpOption::relay_agent_information, link}}});
  EXPECT_EQ(heard.reply().yiaddr(), Ipv4Address::of(10, 78, 0, 10));
  EXPECT_EQ(heard.reply().to(), kRelay);
  const auto nowhere = information(wire::RelayOption::link_selection, Ipv4Address::of(9, 9, 9, 9));
  EXPECT_EQ(lab.send({.mac = machine(1),
                      .giaddr = kRelay,
                      .options = {{DhcpOption::relay_agent_information, nowhere}}})
                .outcome,
            Outcome::dhcp_no_subnet);
}

TEST(Relay, OptionsThatAClientInventsChangeNothing) {
  Lab lab(campus_config());
  const Octets invented =
      concatenated({information(wire::RelayOption::link_selection, Ipv4Address::of(10, 78, 0, 0)),
                    information(wire::RelayOption::server_id_override, kOtherRelay)});
  const Sent offer =
      lab.send({.options = {{DhcpOption::relay_agent_information, invented}}}).reply();
  EXPECT_EQ(offer.yiaddr(), Ipv4Address::of(10, 77, 0, 10));
  EXPECT_EQ(offer.view().option_address(DhcpOption::server_identifier), kServer);
}

TEST(Relay, TheServerIsCalledWhatTheRelayWants) {  // RFC 5107
  Lab lab(campus_config());
  const std::vector<Option> relay_options{
      {DhcpOption::relay_agent_information,
       information(wire::RelayOption::server_id_override, kRelay)}};
  const Sent offer = lab.send({.giaddr = kRelay, .options = relay_options}).reply();
  EXPECT_EQ(offer.view().option_address(DhcpOption::server_identifier), kRelay);
  const Heard heard = lab.send({.type = DhcpType::request,
                                .giaddr = kRelay,
                                .requested = offer.yiaddr(),
                                .server = kRelay,
                                .options = relay_options});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_acked);
  EXPECT_EQ(heard.reply().view().option_address(DhcpOption::server_identifier), kRelay);
  // A name that is no address of a host is not taken.
  const std::vector<Option> nonsense{
      {DhcpOption::relay_agent_information,
       information(wire::RelayOption::server_id_override, Ipv4Address::broadcast())}};
  EXPECT_EQ(lab.send({.mac = machine(1), .giaddr = kRelay, .options = nonsense})
                .reply()
                .view()
                .option_address(DhcpOption::server_identifier),
            kServer);
}

TEST(Relay, HopsAreBounded) {
  Lab lab(campus_config());
  EXPECT_EQ(lab.send({.hops = 16, .giaddr = kRelay}).outcome, Outcome::dhcp_offered);
  EXPECT_EQ(lab.send({.hops = 17, .giaddr = kRelay}).outcome, Outcome::dhcp_hops_exceeded);
}

TEST(Relay, AGiaddrThatIsOursIsRefused) {
  Lab lab(campus_config());
  EXPECT_EQ(lab.send({.giaddr = kServer}).outcome, Outcome::dhcp_giaddr_ours);
  EXPECT_EQ(lab.send({.giaddr = kServerOnVlan}).outcome, Outcome::dhcp_giaddr_ours);
}

// ---- copies

TEST(Copies, TheSecondRelaysCopyIsDroppedAndTold) {
  Lab lab(campus_config());
  EXPECT_EQ(lab.send({.giaddr = kRelay}).outcome, Outcome::dhcp_offered);
  lab.skip(50ms);
  const Heard copy = lab.send({.hops = 1, .giaddr = kOtherRelay});
  EXPECT_EQ(copy.outcome, Outcome::dhcp_relay_copy);
  EXPECT_TRUE(copy.replies.empty());
  ASSERT_EQ(copy.events.size(), 1U);
  EXPECT_EQ(copy.events[0].kind, EventKind::dhcp_relay_copy);
  EXPECT_EQ(copy.events[0].address, kRelay);
  EXPECT_EQ(copy.events[0].relay, kOtherRelay);
  EXPECT_EQ(copy.events[0].client, kMachine);
}

TEST(Copies, ARetransmissionThroughTheFirstRelayIsAnsweredIdentically) {
  Lab lab(campus_config());
  const Octets first = lab.send({.giaddr = kRelay}).reply().frame;
  lab.send({.giaddr = kOtherRelay});
  lab.skip(900ms);
  EXPECT_EQ(lab.send({.giaddr = kRelay}).reply().frame, first);
  lab.skip(200ms);  // 1.1 s after the first, 0.2 s after the repetition: still its copy
  EXPECT_EQ(lab.send({.giaddr = kOtherRelay}).outcome, Outcome::dhcp_relay_copy);
}

TEST(Copies, AfterTheWindowTheOtherRelayMayBeFirst) {
  Lab lab(campus_config());
  lab.send({.type = DhcpType::request,
            .giaddr = kRelay,
            .requested = Ipv4Address::of(10, 99, 1, 0),
            .server = kServer});
  lab.skip(4s);  // EDK2 repeats its REQUEST byte for byte
  EXPECT_EQ(lab.send({.type = DhcpType::request,
                      .giaddr = kOtherRelay,
                      .requested = Ipv4Address::of(10, 99, 1, 0),
                      .server = kServer})
                .outcome,
            Outcome::dhcp_acked);
}

TEST(Copies, AnythingElseThatDiffersIsAnotherRequest) {
  Lab lab(campus_config());
  lab.send({.giaddr = kRelay});
  EXPECT_EQ(lab.send({.secs = 4, .giaddr = kOtherRelay}).outcome, Outcome::dhcp_offered);
  EXPECT_EQ(lab.send({.xid = 99, .giaddr = kOtherRelay}).outcome, Outcome::dhcp_offered);
  // GRUB machines that boot in the same second share an xid.
  EXPECT_EQ(lab.send({.mac = machine(1), .giaddr = kOtherRelay}).outcome, Outcome::dhcp_offered);
  EXPECT_EQ(lab.send({.type = DhcpType::request,
                      .giaddr = kOtherRelay,
                      .requested = Ipv4Address::of(10, 99, 1, 0),
                      .server = kServer})
                .outcome,
            Outcome::dhcp_acked);
}

TEST(Copies, ACopyWithoutASubnetNeverSuppressesOneThatHasOne) {
  Lab lab(campus_config());
  const Ipv4Address stranger = Ipv4Address::of(172, 16, 0, 1);
  EXPECT_EQ(lab.send({.giaddr = stranger}).outcome, Outcome::dhcp_no_subnet);
  EXPECT_EQ(lab.send({.giaddr = kRelay}).outcome, Outcome::dhcp_offered);
  EXPECT_EQ(lab.send({.giaddr = stranger}).outcome, Outcome::dhcp_no_subnet);
}

TEST(Copies, TheBroadcastItselfCountsAsAPath) {
  Lab lab(campus_config());
  EXPECT_EQ(lab.send({}).outcome, Outcome::dhcp_offered);
  const Heard copy = lab.send({.giaddr = kRelay});
  EXPECT_EQ(copy.outcome, Outcome::dhcp_relay_copy);
  EXPECT_TRUE(copy.events.at(0).address.is_zero());
}

TEST(Copies, RelaysThatShareAGiaddrAreToldApartBySourceOrCircuit) {
  Lab lab(campus_config());
  const Ipv4Address left = Ipv4Address::of(10, 99, 0, 11);
  const Ipv4Address right = Ipv4Address::of(10, 99, 0, 12);
  lab.send({.giaddr = kRelay, .from = left});
  const Heard copy = lab.send({.giaddr = kRelay, .from = right});
  EXPECT_EQ(copy.outcome, Outcome::dhcp_relay_copy);
  EXPECT_EQ(copy.events.at(0).address, left);
  EXPECT_EQ(copy.events.at(0).relay, right);
  const std::vector<Option> circuit{{DhcpOption::relay_agent_information,
                                     suboption(wire::RelayOption::circuit_id, bytes("left"))}};
  EXPECT_EQ(lab.send({.giaddr = kRelay, .options = circuit, .from = left}).outcome,
            Outcome::dhcp_relay_copy);
}

TEST(Copies, AreCountedByPairAndToldAtPowersOfTwo) {
  Lab lab(campus_config(64));
  std::size_t told = 0;
  for (std::uint32_t i = 0; i < 40; ++i) {
    lab.send({.mac = machine(i), .giaddr = kRelay});
    told += lab.send({.mac = machine(i), .giaddr = kOtherRelay}).events.size();
  }
  EXPECT_EQ(told, 6U);  // 1, 2, 4, 8, 16, 32
  EXPECT_EQ(lab.engine().relay_pairs().total(), 40U);
  lab.engine().relay_pairs().for_each([](const RelayPairs::Pair& pair, std::uint64_t copies) {
    EXPECT_EQ(pair, (RelayPairs::Pair{kRelay, kOtherRelay}));
    EXPECT_EQ(copies, 40U);
  });
}

TEST(Copies, AreAnsweredWhenTheFilterIsOff) {
  Config config = campus_config();
  config.relay.drop_copies = false;
  Lab lab(config);
  EXPECT_EQ(lab.send({.giaddr = kRelay}).outcome, Outcome::dhcp_offered);
  EXPECT_EQ(lab.send({.giaddr = kOtherRelay}).outcome, Outcome::dhcp_offered);
  EXPECT_EQ(lab.engine().relay_pairs().total(), 0U);
}

TEST(Copies, OfTheServerPortAndTheBootServerPortAreNotMixedUp) {
  Lab lab(campus_config());
  const std::vector<Option> pxe{{DhcpOption::vendor_class, bytes("PXEClient")}};
  const Ipv4Address address = lab.lease(kMachine, pxe);
  const Heard heard = lab.send({.type = DhcpType::request,
                                .ciaddr = address,
                                .options = pxe,
                                .to = kServer,
                                .service = Service::boot_server});
  EXPECT_NE(heard.outcome, Outcome::dhcp_relay_copy);
}

// ---- the storm: a building wakes up behind two routers that both relay

struct StormResult {
  std::map<MacAddress, int> offers;
  std::map<MacAddress, int> acks;
  std::set<Ipv4Address> addresses;
  std::uint64_t copies = 0;
  std::uint64_t contradictions = 0;  // an OFFER of another address than the first one's
};

// 10 000 clients with one DISCOVER and one REQUEST each. Both reach us through two relays, the
// copies 0 to 50 ms apart and in any order.
StormResult storm(unsigned workers, bool drop_copies, std::uint32_t clients) {
  Config config = campus_config(clients);
  config.relay.drop_copies = drop_copies;
  Lab lab(config, workers);
  struct Arrival {
    Instant at;
    std::uint64_t order;
    Message message;
    bool operator<(const Arrival& other) const {
      return std::tie(other.at, other.order) < std::tie(at, order);
    }
  };
  std::priority_queue<Arrival> arrivals;
  std::mt19937_64 random(7);
  std::uint64_t order = 0;
  const auto relay_both = [&](Instant at, Message message) {
    const bool left_first = random() % 2 == 0;
    message.giaddr = left_first ? kRelay : kOtherRelay;
    arrivals.push({at, order++, message});
    message.giaddr = left_first ? kOtherRelay : kRelay;
    message.hops = 1;
    arrivals.push({at + std::chrono::microseconds(random() % 50001), order++, message});
  };
  for (std::uint32_t i = 0; i < clients; ++i) {
    relay_both(lab.now() + std::chrono::microseconds(random() % 1000000),
               {.mac = machine(i), .xid = static_cast<std::uint32_t>(random())});
  }
  StormResult result;
  std::map<MacAddress, Ipv4Address> selected;
  Instant next_tick = lab.now();
  while (!arrivals.empty()) {
    const Arrival arrival = arrivals.top();
    arrivals.pop();
    lab.skip(arrival.at - lab.now());
    if (lab.now() >= next_tick) {
      lab.wait(0ns);
      next_tick = lab.now() + 100ms;
    }
    const Heard heard = lab.send(arrival.message);
    result.copies += heard.outcome == Outcome::dhcp_relay_copy ? 1 : 0;
    for (const Sent& sent : heard.replies) {
      const wire::DhcpView reply = sent.view();
      if (reply.type() == DhcpType::offer) {
        ++result.offers[reply.chaddr()];
        // The client takes the first offer, as firmware does, a little later.
        const auto [taken, is_first] = selected.emplace(reply.chaddr(), reply.yiaddr());
        if (is_first) {
          relay_both(lab.now() + std::chrono::microseconds(1000 + random() % 20000),
                     {.type = DhcpType::request,
                      .mac = reply.chaddr(),
                      .xid = reply.xid(),
                      .requested = reply.yiaddr(),
                      .server = kServer});
        } else if (taken->second != reply.yiaddr()) {
          ++result.contradictions;
        }
      } else if (reply.type() == DhcpType::ack) {
        ++result.acks[reply.chaddr()];
        result.addresses.insert(reply.yiaddr());
      }
    }
  }
  return result;
}

std::size_t answered_exactly(const std::map<MacAddress, int>& answers, int times) {
  return static_cast<std::size_t>(
      std::count_if(answers.begin(), answers.end(),
                    [times](const auto& answer) { return answer.second == times; }));
}

class Storm : public testing::TestWithParam<unsigned> {};

TEST_P(Storm, EveryClientGetsOneOfferAndOneAckAndAnAddressOfItsOwn) {
  constexpr std::uint32_t kClients = 10000;
  const StormResult result = storm(GetParam(), true, kClients);
  EXPECT_EQ(result.offers.size(), kClients);
  EXPECT_EQ(answered_exactly(result.offers, 1), kClients);
  EXPECT_EQ(result.acks.size(), kClients);
  EXPECT_EQ(answered_exactly(result.acks, 1), kClients);
  EXPECT_EQ(result.addresses.size(), kClients);
  EXPECT_EQ(result.copies, 2 * kClients);
}

// What the filter prevents: twice the answers, and so twice the work of every storm.
TEST_P(Storm, WithoutTheFilterEveryClientIsAnsweredTwice) {
  constexpr std::uint32_t kClients = 1000;
  const StormResult result = storm(GetParam(), false, kClients);
  EXPECT_EQ(answered_exactly(result.offers, 2), kClients);
  EXPECT_EQ(answered_exactly(result.acks, 2), kClients);
  EXPECT_EQ(result.addresses.size(), kClients);
  EXPECT_EQ(result.contradictions, 0U);
  EXPECT_EQ(result.copies, 0U);
}

INSTANTIATE_TEST_SUITE_P(Workers, Storm, testing::Values(1U, 2U, 4U));

}  // namespace
}  // namespace reveille::test
