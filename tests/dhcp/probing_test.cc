// Addresses that somebody uses without a lease are found out before anybody is offered them.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <reveille/wire/arp.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/icmp.h>
#include <reveille/wire/ipv4.h>

#include "dhcp/address_probing.h"
#include "dhcp/lab.h"

namespace reveille::test {
namespace {

constexpr MacAddress kSquatterMac{{0x02, 0xbb, 0, 0, 0, 0x01}};

constexpr Ipv4Address pool_address(std::uint8_t i) {
  return Ipv4Address::of(10, 77, 0, static_cast<std::uint8_t>(10 + i));
}

// An ARP request or an echo request.
struct Question {
  Ipv4Address address;  // zero: it is neither
  Octets echoed;        // of an echo request: what the answer repeats
};

Question question_of(const Sent& sent) {
  const auto frame = wire::EthernetView::parse(sent.frame);
  if (!frame) return {};
  if (frame->type() == wire::EtherType::arp) {
    const auto arp = wire::ArpView::parse(frame->payload());
    const bool is_right = arp && arp->operation() == wire::ArpOperation::request &&
                          frame->destination() == MacAddress::broadcast() &&
                          arp->sender_mac() == kServerMac && frame->source() == kServerMac;
    return {is_right ? arp->target_address() : Ipv4Address{}, {}};
  }
  const auto packet = wire::Ipv4View::parse(frame->payload());
  if (!packet || packet->protocol() != wire::IpProtocol::icmp) return {};
  const auto echo = wire::IcmpView::parse(packet->payload());
  if (!echo || echo->type() != wire::IcmpType::echo_request) return {};
  return {packet->destination(), {echo->echoed().begin(), echo->echoed().end()}};
}

// A link with machines that answer wherever they are.
class Link {
 public:
  explicit Link(Lab& lab) : lab_(lab) {}

  void put(Ipv4Address address, const MacAddress& mac = kSquatterMac) { at_[address] = mac; }
  void take_away(Ipv4Address address) { at_.erase(address); }
  // Answers come to this worker, as a NIC without a hash for ARP does it.
  void deliver_to(unsigned worker) { worker_ = worker; }

  // Time passes in steps of the poll loop.
  void pass(Nanoseconds time, Nanoseconds step = 4ms) {
    for (Nanoseconds passed{}; passed < time; passed += step) {
      for (const Sent& sent : lab_.wait(step).replies) {
        const Question probe = question_of(sent);
        if (probe.address.is_zero()) continue;
        ++probes_[probe.address];
        const auto host = at_.find(probe.address);
        if (host == at_.end()) continue;
        const Heard heard =
            probe.echoed.empty()
                ? lab_.host_answers(probe.address, host->second, worker_, sent.tagged ? 1 : 0)
                : lab_.echo_answers(probe.address, probe.echoed, worker_);
        events.insert(events.end(), heard.events.begin(), heard.events.end());
      }
    }
  }
  [[nodiscard]] int probes(Ipv4Address address) const {
    const auto found = probes_.find(address);
    return found == probes_.end() ? 0 : found->second;
  }
  [[nodiscard]] std::size_t probes() const {
    std::size_t sum = 0;
    for (const auto& [address, count] : probes_) sum += static_cast<std::size_t>(count);
    return sum;
  }

  std::vector<Event> events;

 private:
  Lab& lab_;
  unsigned worker_ = 0;
  std::map<Ipv4Address, MacAddress> at_;
  std::map<Ipv4Address, int> probes_;
};

std::set<Ipv4Address> offer_all(Lab& lab, std::uint32_t machines) {
  std::set<Ipv4Address> offered;
  for (std::uint32_t i = 0; i < machines; ++i) {
    const Heard heard = lab.send({.mac = machine(i)});
    for (const Sent& reply : heard.replies) offered.insert(reply.yiaddr());
  }
  return offered;
}

TEST(Probing, TheStockIsSilentWithinSeconds) {
  Lab lab;
  Link link(lab);
  EXPECT_EQ(lab.counts().silent, 0U);
  link.pass(2s);
  EXPECT_EQ(lab.counts().silent, 10U);
  for (std::uint8_t i = 0; i < 10; ++i) EXPECT_EQ(link.probes(pool_address(i)), 2) << int{i};
  link.pass(10s);
  EXPECT_EQ(link.probes(), 20U) << "silence is believed for a while";
  link.pass(AddressProbing::kFresh, 100ms);
  EXPECT_EQ(link.probes(), 40U) << "and not for ever";
}

TEST(Probing, ASquatterIsNeverOffered) {
  Lab lab;
  Link link(lab);
  link.put(pool_address(0));
  link.put(pool_address(4));
  link.pass(2s);
  ASSERT_EQ(link.events.size(), 2U);
  EXPECT_EQ(link.events[0].kind, EventKind::dhcp_conflict);
  EXPECT_EQ(link.events[0].client, kSquatterMac);
  EXPECT_EQ(link.events[0].address, pool_address(0));
  EXPECT_EQ(lab.counts().declined, 2U);
  const auto offered = offer_all(lab, 12);
  EXPECT_EQ(offered.size(), 8U);
  EXPECT_FALSE(offered.contains(pool_address(0)));
  EXPECT_FALSE(offered.contains(pool_address(4)));
  lab.check_leases();
}

TEST(Probing, AnAnswerIsCountedAndStrangersAreNot) {
  Lab lab;
  Link link(lab);
  link.pass(100ms);
  EXPECT_EQ(lab.host_answers(pool_address(0), kSquatterMac).outcome, Outcome::probe_answered);
  EXPECT_EQ(lab.host_answers(Ipv4Address::of(10, 77, 0, 99), kSquatterMac).outcome,
            Outcome::arp_other);
  EXPECT_EQ(lab.host_answers(pool_address(1), kServerMac).outcome, Outcome::arp_other);
}

TEST(Probing, OffersNeverWaitForTheStock) {
  Lab lab;
  EXPECT_EQ(lab.send({.mac = machine(0)}).outcome, Outcome::dhcp_offered);
  lab.wait(1ms);  // the first probes leave
  for (std::uint32_t i = 1; i < 10; ++i) {
    EXPECT_EQ(lab.send({.mac = machine(i)}).outcome, Outcome::dhcp_offered) << i;
  }
}

TEST(Probing, WhatIsSilentIsOfferedFirst) {
  Config config = small_config();
  config.subnets[0].prefix = *Ipv4Prefix::parse("10.77.0.0/16");
  config.subnets[0].pools = {{Ipv4Address::of(10, 77, 1, 0), Ipv4Address::of(10, 77, 8, 255)}};
  Lab lab(config);
  Link link(lab);
  link.pass(3s);
  EXPECT_EQ(lab.counts().silent, AddressProbing::kStock);
  const std::size_t before = link.probes();
  for (std::uint32_t i = 0; i < AddressProbing::kStock; ++i) {
    const Ipv4Address address = lab.send({.mac = machine(i)}).reply().yiaddr();
    EXPECT_EQ(link.probes(address), 2) << address.text();
  }
  EXPECT_EQ(lab.counts().silent, 0U);
  // The next one has to do without, at once.
  const Ipv4Address unprobed = lab.send({.mac = machine(1000)}).reply().yiaddr();
  EXPECT_EQ(link.probes(unprobed), 0);
  // The rate is bounded, whatever is missing.
  link.pass(200ms);
  EXPECT_GE(link.probes() - before, 80U);
  EXPECT_LE(link.probes() - before, 200ms / AddressProbing::kPause + 16);
}

TEST(Probing, ALateAnswerTakesTheOfferBack) {
  Lab lab;
  lab.wait(20ms);  // all are being asked
  const Ipv4Address offered = lab.send({.mac = machine(0)}).reply().yiaddr();
  lab.host_answers(offered, kSquatterMac);
  const Heard nak = lab.send(
      {.type = DhcpType::request, .mac = machine(0), .requested = offered, .server = kServer});
  EXPECT_EQ(nak.outcome, Outcome::dhcp_nakked);
  EXPECT_NE(lab.lease(machine(0)), offered);
  EXPECT_EQ(lab.lease_at(offered)->state, LeaseState::declined);
}

TEST(Probing, AClientThatUsesItsOfferAlreadyIsNoRival) {
  Lab lab;
  lab.wait(20ms);
  const Ipv4Address offered = lab.send({.mac = machine(0)}).reply().yiaddr();
  lab.host_answers(offered, machine(0));
  EXPECT_EQ(lab.lease(machine(0)), offered);
}

TEST(Probing, OnlyWhoWasAskedIsHeard) {
  Lab lab;
  lab.host_answers(pool_address(3), kSquatterMac);
  EXPECT_EQ(lab.lease_at(pool_address(3))->state, LeaseState::free);
  const Ipv4Address bound = lab.lease(machine(0));
  lab.wait(20ms);
  lab.host_answers(bound, kSquatterMac);
  EXPECT_EQ(lab.lease_at(bound)->state, LeaseState::bound);
}

TEST(Probing, ASquatterIsAskedAgainAndFreeWhenItHasLeft) {
  Lab lab;
  Link link(lab);
  link.put(pool_address(0));
  link.pass(2s);
  ASSERT_EQ(lab.lease_at(pool_address(0))->state, LeaseState::declined);
  const int before = link.probes(pool_address(0));
  link.pass(10min + 5s, 50ms);
  EXPECT_GT(link.probes(pool_address(0)), before);
  EXPECT_EQ(lab.lease_at(pool_address(0))->state, LeaseState::declined) << "it is still there";
  EXPECT_EQ(link.events.size(), 1U) << "told once";
  link.take_away(pool_address(0));
  link.pass(10min + 10s, 50ms);
  EXPECT_EQ(lab.lease_at(pool_address(0))->state, LeaseState::free);
  EXPECT_EQ(lab.counts().declined, 0U);
}

TEST(Probing, ADeclinedAddressIsAskedBeforeItIsUsedAgain) {
  Lab lab;
  Link link(lab);
  link.pass(2s);
  const Ipv4Address address = lab.lease(machine(0));
  link.put(address);
  EXPECT_EQ(lab.send({.type = DhcpType::decline,
                      .mac = machine(0),
                      .requested = address,
                      .server = kServer})
                .outcome,
            Outcome::dhcp_declined);
  link.pass(10min + 10s, 50ms);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::declined);
  ASSERT_EQ(link.events.size(), 1U);
  EXPECT_EQ(link.events[0].client, kSquatterMac) << "by now it is known who is there";
}

TEST(Probing, AMachineMayLeaseTheAddressThatItUses) {
  Lab lab;
  Link link(lab);
  link.put(pool_address(2), machine(7));
  link.pass(2s);
  ASSERT_EQ(lab.lease_at(pool_address(2))->state, LeaseState::declined);
  EXPECT_NE(lab.send({.mac = machine(1), .requested = pool_address(2)}).reply().yiaddr(),
            pool_address(2));
  EXPECT_EQ(lab.send({.mac = machine(7), .requested = pool_address(2)}).reply().yiaddr(),
            pool_address(2));
  EXPECT_EQ(lab.lease(machine(7)), pool_address(2));
  lab.check_leases();
}

TEST(Probing, WhoAnswersForEverybodyTakesHalfThePoolAtMost) {
  Lab lab;
  Link link(lab);
  for (std::uint8_t i = 0; i < 10; ++i) link.put(pool_address(i));
  link.pass(30s);
  EXPECT_EQ(lab.counts().declined, 5U);
  EXPECT_EQ(link.events.size(), 5U);
  EXPECT_EQ(offer_all(lab, 12).size(), 5U);
}

TEST(Probing, BehindARelayByEchoThroughItsRouter) {
  Lab lab(campus_config());
  Link link(lab);
  const Ipv4Address remote = Ipv4Address::of(10, 99, 1, 0);
  link.pass(3s);
  EXPECT_EQ(link.probes(remote), 0) << "the way there is not known yet";
  // 10.78.0.0/24 is on our VLAN: known from the start.
  EXPECT_EQ(link.probes(Ipv4Address::of(10, 78, 0, 10)), 2);
  lab.lease_through(kRelay, machine(1));
  bool through_router = false;
  for (int i = 0; i < 500; ++i) {
    for (const Sent& sent : lab.wait(4ms).replies) {
      const Question probe = question_of(sent);
      if (probe.address != Ipv4Address::of(10, 99, 1, 3)) continue;
      through_router = sent.to_mac() == kRouterMac && sent.from() == kServer;
      EXPECT_EQ(lab.echo_answers(probe.address, probe.echoed).outcome, Outcome::probe_answered);
    }
  }
  EXPECT_TRUE(through_router);
  EXPECT_EQ(lab.lease_at(Ipv4Address::of(10, 99, 1, 3))->state, LeaseState::declined);
  EXPECT_EQ(lab.counts(2).silent, 8U);  // of ten: one leased, one set aside
}

// An answer has to come from where the question went; anybody anywhere could send the rest.
TEST(Probing, AnArpReplyCountsOnTheLinkOfItsSubnetOnly) {
  Lab lab(campus_config());
  Link link(lab);
  lab.lease_through(kRelay, machine(1));
  link.pass(100ms);
  const Ipv4Address untagged = pool_address(3);
  const Ipv4Address tagged = Ipv4Address::of(10, 78, 0, 13);
  const Ipv4Address remote = Ipv4Address::of(10, 99, 1, 3);
  EXPECT_EQ(lab.host_answers(untagged, kSquatterMac, 0, 1).outcome, Outcome::arp_other);
  EXPECT_EQ(lab.host_answers(tagged, kSquatterMac, 0, 0).outcome, Outcome::arp_other);
  EXPECT_EQ(lab.host_answers(remote, kSquatterMac, 0, 0).outcome, Outcome::arp_other);
  for (const Ipv4Address address : {untagged, tagged, remote}) {
    ASSERT_NE(lab.lease_at(address)->probe, Probe::none) << address.text();
    EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free) << address.text();
  }
  EXPECT_EQ(lab.host_answers(untagged, kSquatterMac, 0, 0).outcome, Outcome::probe_answered);
  EXPECT_EQ(lab.host_answers(tagged, kSquatterMac, 0, 1).outcome, Outcome::probe_answered);
}

TEST(Probing, AnEchoReplyCountsWithTheMarkOfItsQuestionOnly) {
  Lab lab(campus_config());
  lab.lease_through(kRelay, machine(1));
  std::map<Ipv4Address, Octets> asked;
  for (int i = 0; i < 25; ++i) {
    for (const Sent& sent : lab.wait(4ms).replies) {
      if (Question probe = question_of(sent); !probe.echoed.empty())
        asked[probe.address] = probe.echoed;
    }
  }
  ASSERT_GE(asked.size(), 3U);
  const auto& [address, mark] = *asked.begin();
  const auto& [other, mark_of_other] = *std::next(asked.begin());
  EXPECT_EQ(lab.echo_answers(address, mark_of_other).outcome, Outcome::icmp_other);
  for (std::size_t bit = 0; bit < 32; ++bit) {
    Octets wrong = mark;
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_EQ(lab.echo_answers(address, wrong).outcome, Outcome::icmp_other) << bit;
  }
  // Nobody was asked by echo on our own links.
  EXPECT_EQ(lab.echo_answers(pool_address(3), mark).outcome, Outcome::icmp_other);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
  EXPECT_EQ(lab.echo_answers(address, mark).outcome, Outcome::probe_answered);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::declined);
  EXPECT_EQ(lab.lease_at(other)->state, LeaseState::free);
}

TEST(Probing, MarksDependOnTheSeed) {
  const auto mark = [](std::uint64_t seed) {
    Lab lab(campus_config(), 1, seed);
    lab.lease_through(kRelay, machine(1));
    for (int i = 0; i < 25; ++i) {
      for (const Sent& sent : lab.wait(4ms).replies) {
        const Question probe = question_of(sent);
        if (probe.address == Ipv4Address::of(10, 99, 1, 3)) return probe.echoed;
      }
    }
    return Octets{};
  };
  EXPECT_FALSE(mark(1).empty());
  EXPECT_NE(mark(1), mark(2));
}

TEST(Probing, AnswersFindTheWorkerThatAsked) {
  for (unsigned at = 0; at < 3; ++at) {
    Lab lab(small_config(), 3);
    Link link(lab);
    link.deliver_to(at);
    for (std::uint8_t i = 0; i < 3; ++i) link.put(pool_address(i));
    link.pass(2s);
    for (std::uint8_t i = 0; i < 3; ++i) {
      EXPECT_EQ(lab.lease_at(pool_address(i))->state, LeaseState::declined) << int{i};
    }
    EXPECT_EQ(lab.counts().silent, 7U);
  }
}

TEST(Probing, CanBeSwitchedOffAndOn) {
  Config config = small_config();
  config.dhcp.detect_conflicts = false;
  Lab lab(config);
  Link link(lab);
  link.put(pool_address(0));
  link.pass(2s);
  EXPECT_EQ(link.probes(), 0U);
  EXPECT_EQ(lab.lease(machine(0)), pool_address(0));
  lab.change_config([](Config& changed) { changed.dhcp.detect_conflicts = true; });
  link.pass(2s);
  EXPECT_EQ(lab.counts().silent, 9U);
  // What was set aside is free again when nobody asks any more.
  link.put(pool_address(5));
  link.pass(AddressProbing::kFresh + 2s, 50ms);
  ASSERT_EQ(lab.lease_at(pool_address(5))->state, LeaseState::declined);
  lab.change_config([](Config& changed) { changed.dhcp.detect_conflicts = false; });
  link.pass(10min + 2s, 100ms);
  EXPECT_EQ(lab.lease_at(pool_address(5))->state, LeaseState::free);
}

TEST(Probing, WithoutRoomForRepliesItWaits) {
  Lab lab;
  lab.leave_replies(1);
  Link link(lab);
  link.pass(100ms);
  EXPECT_GT(link.probes(), 5U);
  link.pass(3s);
  EXPECT_EQ(lab.counts().silent, 10U);
}

}  // namespace
}  // namespace reveille::test
