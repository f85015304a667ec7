// RELEASE, DECLINE, INFORM and BOOTP.
#include <set>

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

Message release_of(Ipv4Address address, MacAddress mac = kMachine) {
  return {
      .type = DhcpType::release, .mac = mac, .ciaddr = address, .server = kServer, .to = kServer};
}
Message decline_of(Ipv4Address address, MacAddress mac = kMachine) {
  return {.type = DhcpType::decline, .mac = mac, .requested = address, .server = kServer};
}

TEST(Release, FreesTheLeaseWithoutAReply) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  const Heard heard = lab.send(release_of(address));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_released);
  EXPECT_TRUE(heard.replies.empty());
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_released);
  EXPECT_EQ(heard.events[0].address, address);
  EXPECT_EQ(lab.counts().free, 10U);
  EXPECT_EQ(lab.lease(kMachine), address);  // remembered
}

TEST(Release, IsBelievedFromTheHolderOnly) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  lab.lease(machine(1));
  EXPECT_EQ(lab.send(release_of(address, machine(1))).outcome, Outcome::dhcp_release_unknown);
  EXPECT_EQ(lab.send(release_of(address, machine(2))).outcome, Outcome::dhcp_release_unknown);
  EXPECT_EQ(lab.send(release_of(Ipv4Address::of(10, 77, 0, 19))).outcome,
            Outcome::dhcp_release_unknown);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::bound);
  EXPECT_EQ(lab.send(release_of(address)).outcome, Outcome::dhcp_released);
  EXPECT_EQ(lab.send(release_of(address)).outcome, Outcome::dhcp_release_unknown);
}

TEST(Release, ToAnotherServerIsNotOurs) {
  Lab lab;
  Message message = release_of(lab.lease(kMachine));
  message.server = Ipv4Address::of(10, 77, 0, 99);
  EXPECT_EQ(lab.send(message).outcome, Outcome::dhcp_other_server);
}

TEST(Decline, SetsTheAddressAsideAndTheClientGetsAnother) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  const Heard heard = lab.send(decline_of(address));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_declined);
  EXPECT_TRUE(heard.replies.empty());
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_declined);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::declined);
  EXPECT_NE(lab.lease(kMachine), address);
  EXPECT_EQ(lab.send({.mac = machine(1), .requested = address}).reply().view().type(),
            DhcpType::offer);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::declined);
  lab.wait(599s);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::declined);
  lab.wait(3s);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::declined) << "asked first";
  for (int i = 0; i < 3; ++i) lab.wait(2s);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
}

TEST(Decline, IsBelievedFromTheHolderOnly) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  EXPECT_EQ(lab.send(decline_of(address, machine(1))).outcome, Outcome::dhcp_decline_unknown);
  EXPECT_EQ(lab.send(decline_of(Ipv4Address::of(10, 77, 0, 19))).outcome,
            Outcome::dhcp_decline_unknown);
  Message nameless = decline_of(address);
  nameless.requested.reset();
  EXPECT_EQ(lab.send(nameless).outcome, Outcome::dhcp_decline_unknown);
  Message elsewhere = decline_of(address);
  elsewhere.server = Ipv4Address::of(10, 77, 0, 99);
  EXPECT_EQ(lab.send(elsewhere).outcome, Outcome::dhcp_other_server);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::bound);
}

TEST(Decline, AHostileClientCannotSetThePoolAside) {
  Config config = small_config();
  config.subnets[0].pools = {{kFirst, Ipv4Address::of(10, 77, 0, 49)}};  // 40 addresses
  Lab lab(config);
  for (std::uint32_t i = 0; i < 400; ++i) {
    const MacAddress mac = machine(i % 7);
    const Ipv4Address address = lab.lease(mac);
    ASSERT_FALSE(address.is_zero()) << i;
    ASSERT_EQ(lab.send(decline_of(address, mac)).outcome, Outcome::dhcp_declined);
  }
  EXPECT_EQ(lab.counts().declined, 10U);
  std::set<Ipv4Address> served;
  for (std::uint32_t i = 100; i < 130; ++i) served.insert(lab.lease(machine(i)));
  EXPECT_EQ(served.size(), 30U);
  EXPECT_FALSE(served.contains(Ipv4Address{}));
}

TEST(Decline, AReservationComesBackToItsOwnerOnly) {
  Config config = small_config();
  const Ipv4Address reserved = Ipv4Address::of(10, 77, 0, 200);
  config.hosts.push_back({.mac = kMachine, .address = reserved});
  Lab lab(config);
  ASSERT_EQ(lab.lease(kMachine), reserved);
  lab.send(decline_of(reserved));
  EXPECT_EQ(lab.lease(kMachine), kFirst);
  lab.wait(602s);
  for (int i = 0; i < 3; ++i) lab.wait(2s);
  EXPECT_EQ(lab.counts().free, 9U);  // the pool's, less the one that the machine got meanwhile
  EXPECT_EQ(lab.lease(kMachine), reserved);
  EXPECT_EQ(lab.counts().free, 10U);
}

TEST(Order, ReleaseFreesALeaseAndItsHolderMayHaveItAgain) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  EXPECT_EQ(lab.obey(LeaseOrder::Kind::release, address), LeaseOrderAnswer::Kind::done);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
  EXPECT_EQ(lab.obey(LeaseOrder::Kind::release, address), LeaseOrderAnswer::Kind::as_it_was);
  EXPECT_EQ(lab.lease(kMachine), address);
  lab.check_leases();
}

// The operator has been told by then that it was not done.
TEST(Order, IsNotBegunWhenItsTimeIsOver) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  const auto release_until = [&](Instant until) {
    return lab.obey({.kind = LeaseOrder::Kind::release, .until = until, .address = address});
  };
  EXPECT_EQ(release_until(lab.now() - 1ns), LeaseOrderAnswer::Kind::too_late);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::bound);
  EXPECT_EQ(release_until(lab.now()), LeaseOrderAnswer::Kind::done);
}

TEST(Order, ReserveTakesALeaseAndKeepsItFromEverybody) {
  for (const unsigned workers : {1U, 3U}) {
    Lab lab(small_config(), workers);
    const Ipv4Address address = lab.lease(kMachine);
    EXPECT_EQ(lab.obey(LeaseOrder::Kind::reserve, address), LeaseOrderAnswer::Kind::done);
    EXPECT_EQ(lab.obey(LeaseOrder::Kind::reserve, address), LeaseOrderAnswer::Kind::as_it_was);
    EXPECT_EQ(lab.send({.type = DhcpType::request, .ciaddr = address}).outcome,
              Outcome::dhcp_nakked);
    EXPECT_NE(lab.lease(kMachine), address);
    lab.wait(24h * 365);
    EXPECT_EQ(lab.lease_at(address)->state, LeaseState::declined);
    EXPECT_EQ(lab.obey(LeaseOrder::Kind::release, address), LeaseOrderAnswer::Kind::done);
    EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
    EXPECT_EQ(lab.obey(LeaseOrder::Kind::reserve, kServer), LeaseOrderAnswer::Kind::not_mine);
    lab.check_leases();
  }
}

TEST(Order, ReleaseEndsAQuarantine) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  lab.send(decline_of(address));
  EXPECT_EQ(lab.obey(LeaseOrder::Kind::release, address), LeaseOrderAnswer::Kind::done);
  EXPECT_EQ(lab.counts().declined, 0U);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
}

TEST(Inform, IsAcknowledgedWithoutAddressOrTimes) {
  Lab lab;
  const Ipv4Address address = Ipv4Address::of(10, 77, 0, 150);
  const Heard heard = lab.send({.type = DhcpType::inform, .ciaddr = address});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_informed);
  const wire::DhcpView ack = heard.reply().view();
  EXPECT_EQ(ack.type(), DhcpType::ack);
  EXPECT_TRUE(ack.yiaddr().is_zero());
  EXPECT_EQ(ack.ciaddr(), address);
  EXPECT_FALSE(ack.has(DhcpOption::lease_time));
  EXPECT_FALSE(ack.has(DhcpOption::renewal_time));
  EXPECT_EQ(ack.option_u32(DhcpOption::subnet_mask), 0xffffff00U);
  EXPECT_EQ(heard.reply().to(), address);
  EXPECT_EQ(heard.reply().to_mac(), kMachine);
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_informed);
  EXPECT_EQ(lab.counts().free, 10U);
}

TEST(Inform, ThroughARelayIsAnsweredToTheClientItself) {
  Lab lab(campus_config());
  const Ipv4Address address = Ipv4Address::of(10, 99, 3, 3);
  const Heard heard = lab.send({.type = DhcpType::inform, .ciaddr = address, .giaddr = kRelay});
  EXPECT_EQ(heard.reply().to(), address);
  EXPECT_EQ(heard.reply().to_port(), 68);
  EXPECT_EQ(heard.reply().to_mac(), kRouterMac);
}

TEST(Inform, WithoutAnyAddressIsIncomplete) {
  Lab lab;
  EXPECT_EQ(lab.send({.type = DhcpType::inform}).outcome, Outcome::dhcp_request_incomplete);
  const Ipv4Address source = Ipv4Address::of(10, 77, 0, 151);
  const Heard heard = lab.send({.type = DhcpType::inform, .from = source});
  EXPECT_EQ(heard.reply().to(), source);
}

TEST(Bootp, AReservationIsAnsweredWithoutDhcpOptionsAndForEver) {
  Config config = small_config();
  const Ipv4Address reserved = Ipv4Address::of(10, 77, 0, 200);
  config.hosts.push_back({.mac = kMachine, .address = reserved});
  Lab lab(config);
  const Heard heard = lab.send({.type = DhcpType::none});
  EXPECT_EQ(heard.outcome, Outcome::bootp_answered);
  const wire::DhcpView reply = heard.reply().view();
  EXPECT_EQ(reply.type(), DhcpType::none);
  EXPECT_EQ(reply.yiaddr(), reserved);
  EXPECT_FALSE(reply.has(DhcpOption::message_type));
  EXPECT_FALSE(reply.has(DhcpOption::lease_time));
  EXPECT_FALSE(reply.has(DhcpOption::server_identifier));
  EXPECT_EQ(reply.option_u32(DhcpOption::subnet_mask), 0xffffff00U);
  EXPECT_LE(heard.reply().payload().size(), 300U);
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::bootp_answered);
  lab.wait(24h * 30);
  EXPECT_EQ(lab.lease_at(reserved)->state, LeaseState::bound);
}

TEST(Bootp, TakesAQuarterOfThePoolAtMost) {
  Config config = small_config();
  config.subnets[0].pools = {{kFirst, Ipv4Address::of(10, 77, 0, 29)}};  // 20 addresses
  Lab lab(config);
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(lab.send({.type = DhcpType::none, .mac = machine(i)}).outcome,
              Outcome::bootp_answered);
  }
  EXPECT_EQ(lab.send({.type = DhcpType::none, .mac = machine(5)}).outcome, Outcome::bootp_refused);
  EXPECT_EQ(lab.send({.type = DhcpType::none, .mac = machine(0)}).outcome, Outcome::bootp_answered);
}

// An offer, a lease or a memory of DHCP must not be a way around that.
TEST(Bootp, TakesNoMoreWhenItsClientsAreKnownFromDhcp) {
  Config config = small_config();
  config.subnets[0].pools = {{kFirst, Ipv4Address::of(10, 77, 0, 29)}};  // 20 addresses
  Lab lab(config);
  const auto bootp_answers = [&](std::uint32_t first) {
    std::size_t answers = 0;
    for (std::uint32_t i = first; i < first + 10; ++i) {
      answers += lab.send({.type = DhcpType::none, .mac = machine(i)}).replies.size();
    }
    return answers;
  };
  for (std::uint32_t i = 0; i < 10; ++i) lab.send({.mac = machine(i)});
  EXPECT_EQ(bootp_answers(0), 5U) << "of those that have an offer";
  EXPECT_EQ(bootp_answers(0), 5U) << "of those that are bound already";
  for (std::uint32_t i = 10; i < 20; ++i) lab.lease(machine(i));
  EXPECT_EQ(bootp_answers(10), 0U) << "of those that have a lease";
  lab.wait(2h);
  EXPECT_EQ(bootp_answers(10), 0U) << "of those that are remembered";
  EXPECT_EQ(lab.counts().bootp, 5U);
}

TEST(Bootp, CanBeSwitchedOff) {
  Config config = small_config();
  config.dhcp.bootp = false;
  Lab lab(config);
  EXPECT_EQ(lab.send({.type = DhcpType::none}).outcome, Outcome::bootp_refused);
}

TEST(Bootp, AMachineThatGoesOnWithDhcpKeepsTheAddressAndGetsATerm) {
  Lab lab;
  const Ipv4Address address = lab.send({.type = DhcpType::none}).reply().yiaddr();
  EXPECT_EQ(lab.counts().bootp, 1U);
  EXPECT_EQ(lab.lease(kMachine), address);
  EXPECT_EQ(lab.counts().bootp, 0U);
  lab.wait(3602s);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
}

}  // namespace
}  // namespace reveille::test
