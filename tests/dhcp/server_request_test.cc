// REQUEST, ACK and NAK: RFC 2131 4.3.2, row by row of its table 4.
#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

constexpr Ipv4Address kSecond = Ipv4Address::of(10, 77, 0, 11);
constexpr Ipv4Address kElsewhere = Ipv4Address::of(192, 168, 7, 7);

Config authoritative(Config config = small_config()) {
  config.dhcp.authoritative = true;
  return config;
}

Message selecting(Ipv4Address address, Ipv4Address server = kServer) {
  return {.type = DhcpType::request, .requested = address, .server = server};
}
Message rebooting(Ipv4Address address) {
  return {.type = DhcpType::request, .requested = address};
}
Message renewing(Ipv4Address address) {
  return {.type = DhcpType::request, .ciaddr = address, .to = kServer};
}
Message rebinding(Ipv4Address address) {
  return {.type = DhcpType::request, .ciaddr = address};
}

// A NAK as table 3 wants it: nothing but who, why and from whom.
void expect_nak(const Heard& heard) {
  EXPECT_EQ(heard.outcome, Outcome::dhcp_nakked);
  const wire::DhcpView nak = heard.reply().view();
  EXPECT_EQ(nak.type(), DhcpType::nak);
  EXPECT_TRUE(nak.ciaddr().is_zero());
  EXPECT_TRUE(nak.yiaddr().is_zero());
  EXPECT_TRUE(nak.siaddr().is_zero());
  EXPECT_TRUE(nak.file().empty());
  EXPECT_TRUE(nak.has(DhcpOption::server_identifier));
  EXPECT_TRUE(nak.has(DhcpOption::message));
  EXPECT_FALSE(nak.has(DhcpOption::lease_time));
  EXPECT_FALSE(nak.has(DhcpOption::subnet_mask));
}

// ---- selecting

TEST(Selecting, OurOfferIsAcknowledged) {
  Lab lab;
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  const Heard heard = lab.send(selecting(offered));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_acked);
  const wire::DhcpView ack = heard.reply().view();
  EXPECT_EQ(ack.type(), DhcpType::ack);
  EXPECT_EQ(ack.yiaddr(), offered);
  EXPECT_TRUE(ack.ciaddr().is_zero());
  EXPECT_EQ(ack.option_u32(DhcpOption::lease_time), 3600U);
  EXPECT_EQ(heard.reply().to(), offered);
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_acked);
  EXPECT_EQ(heard.events[0].address, offered);
  EXPECT_EQ(heard.events[0].client, kMachine);
  const Lease* lease = lab.lease_at(offered);
  ASSERT_NE(lease, nullptr);
  EXPECT_EQ(lease->state, LeaseState::bound);
  EXPECT_EQ(lease->until, lab.now() + 3600s);
  EXPECT_EQ(lease->mac, kMachine);
}

TEST(Selecting, RepeatedItIsAcknowledgedAgainIdentically) {
  Lab lab;
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  const Octets first = lab.send(selecting(offered)).reply().frame;
  lab.skip(5s);
  EXPECT_EQ(lab.send(selecting(offered)).reply().frame, first);
}

TEST(Selecting, AnotherServerIsLeftToItAndOurOfferIsFreeAgain) {
  Lab lab;
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  EXPECT_EQ(lab.counts().offered, 1U);
  const Heard heard = lab.send(selecting(kElsewhere, Ipv4Address::of(10, 77, 0, 99)));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_other_server);
  EXPECT_TRUE(heard.replies.empty());
  EXPECT_EQ(lab.counts().offered, 0U);
  EXPECT_EQ(lab.lease_at(offered)->state, LeaseState::free);
}

TEST(Selecting, OurAddressOnAnotherStationIsUsToo) {
  Lab lab(campus_config());
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  EXPECT_EQ(lab.send(selecting(offered, kServerOnVlan)).outcome, Outcome::dhcp_acked);
}

TEST(Selecting, AnOfferThatIsOverIsStillGoodWhileTheAddressIsFree) {
  Lab lab;
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  lab.wait(5min);
  EXPECT_EQ(lab.send(selecting(offered)).reply().yiaddr(), offered);
}

TEST(Selecting, AnAddressThatSomebodyElseHasByNowIsRefused) {
  Lab lab;
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  lab.wait(2min);
  lab.send({.mac = machine(1), .requested = offered});
  expect_nak(lab.send(selecting(offered)));
}

TEST(Selecting, AnAddressThatWasNeverOfferedIsRefusedUnlessItIsFree) {
  Lab lab;
  expect_nak(lab.send(selecting(kElsewhere)));
  expect_nak(lab.send(selecting(Ipv4Address::of(10, 77, 0, 77))));
  EXPECT_EQ(lab.send(selecting(kSecond)).outcome, Outcome::dhcp_acked);
}

TEST(Selecting, WithoutARequestedAddressIsIncomplete) {
  Lab lab;
  lab.send({});
  const Heard heard = lab.send({.type = DhcpType::request, .server = kServer});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_request_incomplete);
  EXPECT_TRUE(heard.replies.empty());
  EXPECT_EQ(lab.send({.type = DhcpType::request}).outcome, Outcome::dhcp_request_incomplete);
}

TEST(Selecting, WhenTheReplyHasNoBufferTheLeaseIsNotGiven) {
  Lab lab;
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  lab.leave_replies(0);
  EXPECT_EQ(lab.send(selecting(offered)).outcome, Outcome::reply_buffers_exhausted);
  EXPECT_EQ(lab.lease_at(offered)->state, LeaseState::offered);
}

// ---- init-reboot

TEST(InitReboot, AKnownLeaseIsAcknowledged) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  const Heard heard = lab.send(rebooting(address));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_acked);
  EXPECT_EQ(heard.reply().yiaddr(), address);
}

TEST(InitReboot, ALeaseThatIsOverIsGivenAgainWhileItIsFree) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  lab.wait(2h);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
  EXPECT_EQ(lab.send(rebooting(address)).reply().yiaddr(), address);
}

TEST(InitReboot, TheWrongAddressOfAKnownClientIsRefused) {
  Lab lab;
  lab.lease(kMachine);
  expect_nak(lab.send(rebooting(kSecond)));
}

// "If the DHCP server has no record of this client, then it MUST remain silent": an offer that the
// client did not take is none, nor is a lease that is over.
TEST(InitReboot, AnotherServersLeaseIsNotRefusedBecauseOfAnOfferOfOurs) {
  Lab lab;
  const auto expect_silence = [&](const char* when) {
    const Heard heard = lab.send(rebooting(kSecond));
    EXPECT_EQ(heard.outcome, Outcome::dhcp_unknown_lease) << when;
    EXPECT_TRUE(heard.replies.empty()) << when;
  };
  ASSERT_EQ(lab.send({}).reply().yiaddr(), kFirst);
  expect_silence("our offer stands");
  lab.send(selecting(kSecond, Ipv4Address::of(10, 77, 0, 99)));
  expect_silence("it took the other server's");
  ASSERT_EQ(lab.lease(kMachine), kFirst);
  lab.wait(2h);
  expect_silence("our lease is over");
}

TEST(InitReboot, AnAddressOfAnotherNetworkIsRefused) {
  Lab lab;
  const Heard heard = lab.send(rebooting(kElsewhere));
  expect_nak(heard);
  EXPECT_EQ(heard.reply().to(), Ipv4Address::broadcast());
  EXPECT_EQ(heard.reply().to_mac(), MacAddress::broadcast());
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_nakked);
  EXPECT_EQ(heard.events[0].outcome, Outcome::dhcp_no_subnet);
  EXPECT_EQ(heard.events[0].address, kElsewhere);
}

TEST(InitReboot, AnUnknownLeaseIsAnotherServersBusiness) {
  Lab lab;
  const Heard heard = lab.send(rebooting(kFirst));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_unknown_lease);
  EXPECT_TRUE(heard.replies.empty());
}

TEST(InitReboot, TheAuthoritativeServerTakesAnUnknownLeaseOnOrRefusesIt) {
  Lab lab(authoritative());
  EXPECT_EQ(lab.send(rebooting(kSecond)).reply().yiaddr(), kSecond);
  Message other = rebooting(kSecond);
  other.mac = machine(1);
  expect_nak(lab.send(other));
  other.requested = Ipv4Address::of(10, 77, 0, 200);  // in no pool
  expect_nak(lab.send(other));
}

TEST(InitReboot, AClientWithAReservationIsNotLeftOnAnotherAddress) {
  Config config = authoritative();
  config.hosts.push_back({.mac = kMachine, .address = Ipv4Address::of(10, 77, 0, 200)});
  config.hosts.push_back({.mac = machine(9), .address = kFirst});
  Lab lab(config);
  expect_nak(lab.send(rebooting(kSecond)));
  EXPECT_EQ(lab.send(rebooting(Ipv4Address::of(10, 77, 0, 200))).outcome, Outcome::dhcp_acked);
  Message other = rebooting(kFirst);  // reserved for machine 9
  other.mac = machine(1);
  expect_nak(lab.send(other));
}

TEST(InitReboot, ThroughARelayTheNakHasTheBroadcastBitAndGoesThere) {
  Lab lab(campus_config());
  Message message = rebooting(kFirst);  // an address of the server's link, not of the relay's
  message.giaddr = kRelay;
  const Heard heard = lab.send(message);
  expect_nak(heard);
  EXPECT_TRUE(heard.reply().view().broadcast_flag());
  EXPECT_EQ(heard.reply().view().giaddr(), kRelay);
  EXPECT_EQ(heard.reply().to(), kRelay);
  EXPECT_EQ(heard.reply().to_port(), 67);
  EXPECT_EQ(heard.reply().to_mac(), kRouterMac);
}

// ---- renewing and rebinding

TEST(Renewing, ExtendsTheLeaseAndAnswersTheAddress) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  lab.wait(30min);
  Message message = renewing(address);
  message.link_source = kRouterMac;  // it came through a router
  const Heard heard = lab.send(message);
  EXPECT_EQ(heard.outcome, Outcome::dhcp_acked);
  EXPECT_EQ(heard.reply().view().ciaddr(), address);
  EXPECT_EQ(heard.reply().yiaddr(), address);
  EXPECT_EQ(heard.reply().to(), address);
  EXPECT_EQ(heard.reply().to_port(), 68);
  EXPECT_EQ(heard.reply().to_mac(), kRouterMac);
  EXPECT_EQ(lab.lease_at(address)->until, lab.now() + 1h);
}

TEST(Renewing, KeepsTheLeaseAliveForAnyNumberOfTimes) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  for (int i = 0; i < 200; ++i) {  // more than a turn of the wheel of 4096 s
    lab.wait(30min);
    ASSERT_EQ(lab.send(renewing(address)).outcome, Outcome::dhcp_acked) << i;
  }
  lab.wait(1h);
  lab.wait(2s);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
}

TEST(Renewing, FromASubnetBehindARouterIsServedFromThatSubnet) {
  Lab lab(campus_config());
  const Ipv4Address address = lab.lease_through(kRelay, kMachine);
  ASSERT_EQ(address, Ipv4Address::of(10, 99, 1, 0));
  lab.wait(30min);
  Message message = renewing(address);
  message.link_source = kRouterMac;
  EXPECT_EQ(lab.send(message).reply().yiaddr(), address);
}

TEST(Renewing, ForASubnetThatIsNotOursIsToldSo) {
  Lab lab;
  EXPECT_EQ(lab.send(renewing(kElsewhere)).outcome, Outcome::dhcp_no_subnet);
}

TEST(Renewing, AClientThatNamesTheServerIsUnderstood) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  Message message = renewing(address);
  message.server = kServer;
  EXPECT_EQ(lab.send(message).outcome, Outcome::dhcp_acked);
  message.server = Ipv4Address::of(10, 77, 0, 99);
  EXPECT_EQ(lab.send(message).outcome, Outcome::dhcp_other_server);
}

TEST(Renewing, AnAddressThatAnotherClientHasIsRefused) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  Message message = renewing(address);
  message.mac = machine(1);
  expect_nak(lab.send(message));
  EXPECT_EQ(lab.lease_at(address)->mac, kMachine);
}

TEST(Renewing, AnUnknownLeaseIsLeftAloneUnlessWeAreAuthoritative) {
  Lab lab;
  EXPECT_EQ(lab.send(renewing(kSecond)).outcome, Outcome::dhcp_unknown_lease);
  Lab restarted(authoritative());
  EXPECT_EQ(restarted.send(renewing(kSecond)).reply().yiaddr(), kSecond);
}

TEST(Rebinding, ExtendsTheLease) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  lab.wait(55min);
  const Heard heard = lab.send(rebinding(address));
  EXPECT_EQ(heard.outcome, Outcome::dhcp_acked);
  EXPECT_EQ(lab.lease_at(address)->until, lab.now() + 1h);
}

TEST(Rebinding, OnTheWrongLinkIsRefused) {
  Lab lab(campus_config());
  const Ipv4Address address = lab.lease(kMachine);
  Message moved = rebinding(address);
  moved.station = 1;
  const Heard heard = lab.send(moved);
  expect_nak(heard);
  EXPECT_EQ(heard.reply().to(), Ipv4Address::broadcast());
}

TEST(Rebinding, ThroughARelayIsAnsweredThere) {
  Lab lab(campus_config());
  const Ipv4Address address = lab.lease_through(kRelay, kMachine);
  lab.wait(55min);
  Message message = rebinding(address);
  message.giaddr = kOtherRelay;
  const Heard heard = lab.send(message);
  EXPECT_EQ(heard.reply().to(), kOtherRelay);
  EXPECT_EQ(heard.reply().yiaddr(), address);
}

TEST(Leases, AreFreeWhenTheyAreOverAndNotBefore) {
  Lab lab;
  const Ipv4Address address = lab.lease(kMachine);
  lab.wait(3599s);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::bound);
  lab.wait(2s);
  EXPECT_EQ(lab.lease_at(address)->state, LeaseState::free);
  EXPECT_EQ(lab.counts().free, 10U);
}

TEST(Leases, ForEverNeverEnd) {
  Config config = small_config();
  config.subnets[0].lease_time = Seconds{0xffffffff};
  Lab lab(config);
  const Ipv4Address offered = lab.send({}).reply().yiaddr();
  const Heard heard = lab.send(selecting(offered));
  EXPECT_EQ(heard.reply().view().option_u32(DhcpOption::lease_time), 0xffffffffU);
  EXPECT_EQ(heard.reply().view().option_u32(DhcpOption::renewal_time), 0xffffffffU);
  lab.wait(24h * 365);
  EXPECT_EQ(lab.lease_at(offered)->state, LeaseState::bound);
}

}  // namespace
}  // namespace reveille::test
