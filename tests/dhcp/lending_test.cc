// A pool of N addresses serves N clients, however they hash to the workers.
#include <set>

#include <gtest/gtest.h>

#include "dhcp/address_lending.h"
#include "dhcp/lab.h"
#include "dhcp/parked_requests.h"

namespace reveille::test {
namespace {

Config pool_of(std::uint32_t size) {
  Config config = campus_config();
  config.subnets[0].prefix = *Ipv4Prefix::parse("10.77.0.0/16");
  config.subnets[0].pools = {{Ipv4Address::of(10, 77, 16, 0), {}}};
  config.subnets[0].pools[0].last.value = config.subnets[0].pools[0].first.value + size - 1;
  return config;
}

// The machine number `i` of those that worker `owner` of `workers` serves.
MacAddress machine_of(unsigned owner, unsigned workers, std::uint32_t i) {
  for (std::uint32_t n = 0;; ++n) {
    if (owner_of(machine(n), workers) == owner && i-- == 0) return machine(n);
  }
}

// The first address of the pool that worker `owner` has.
Ipv4Address address_of(Lab& lab, unsigned owner, const Config& config) {
  Ipv4Address address = config.subnets[0].pools[0].first;
  while (lab.engine(owner).leases()->at(address) == kNoIndex) ++address.value;
  return address;
}

class Lending : public testing::TestWithParam<unsigned> {};

TEST_P(Lending, APoolOfNServesNClients) {
  for (const std::uint32_t size : {1U, 2U, 3U, 10U, 100U, 2000U}) {
    Lab lab(pool_of(size), GetParam());
    std::set<Ipv4Address> addresses;
    for (std::uint32_t i = 0; i < size; ++i) {
      const Ipv4Address address = lab.lease(machine(i));
      ASSERT_FALSE(address.is_zero()) << "client " << i << " of " << size;
      addresses.insert(address);
      lab.wait(100ms);
    }
    EXPECT_EQ(addresses.size(), size);
    EXPECT_EQ(lab.counts().free, 0U);
    EXPECT_TRUE(lab.lease(machine(size)).is_zero());
    EXPECT_EQ(lab.counts().addresses, size);  // none lost, none twice
  }
}

TEST_P(Lending, AllClientsOfOneWorkerGetThePoolOfAll) {
  constexpr std::uint32_t kSize = 200;
  Lab lab(pool_of(kSize), GetParam());
  for (std::uint32_t i = 0; i < kSize; ++i) {
    ASSERT_FALSE(lab.lease(machine_of(0, GetParam(), i)).is_zero()) << i;
  }
  EXPECT_EQ(lab.engine(0).leases()->counts(0).addresses, kSize);
}

TEST_P(Lending, WhatComesBackServesTheOthers) {
  constexpr std::uint32_t kSize = 20;
  Lab lab(pool_of(kSize), GetParam());
  for (int turn = 0; turn < 5; ++turn) {
    const unsigned owner = static_cast<unsigned>(turn) % GetParam();
    std::size_t served = 0;
    for (std::uint32_t i = 0; i < kSize; ++i) {
      served += lab.lease(machine_of(owner, GetParam(), i)).is_zero() ? 0 : 1;
    }
    EXPECT_EQ(served, kSize) << "turn " << turn;
    lab.wait(2h);
    lab.wait(1s);
    EXPECT_EQ(lab.counts().free, kSize);
  }
}

TEST_P(Lending, AReservationByUuidIsFoundWhereverItsMachineHashes) {
  Config config = pool_of(10);
  Uuid uuid;
  uuid.octets.fill(0x42);
  const Ipv4Address reserved = Ipv4Address::of(10, 77, 0, 200);
  config.hosts.push_back({.uuid = uuid, .address = reserved});
  Octets identifier(17, 0x42);
  identifier[0] = 0;
  for (unsigned owner = 0; owner < GetParam(); ++owner) {
    Lab lab(config, GetParam());
    EXPECT_EQ(lab.lease(machine_of(owner, GetParam(), 0),
                        {{DhcpOption::client_machine_identifier, identifier}}),
              reserved)
        << "worker " << owner;
  }
}

TEST_P(Lending, AfterARestartMachinesGetTheAddressesThatTheyAskFor) {
  constexpr std::uint32_t kSize = 50;
  Config config = pool_of(kSize);
  config.dhcp.authoritative = true;
  Lab lab(config, GetParam());
  for (std::uint32_t i = 0; i < kSize; ++i) {
    Ipv4Address address = config.subnets[0].pools[0].first;
    address.value += (i * 7) % kSize;
    const Heard heard =
        lab.send({.type = DhcpType::request, .mac = machine(i), .requested = address});
    ASSERT_EQ(heard.replies.size(), 1U);
    EXPECT_EQ(heard.reply().type(), DhcpType::ack);
    EXPECT_EQ(heard.reply().yiaddr(), address);
    // Somebody else cannot have it, wherever he hashes.
    const Heard refused =
        lab.send({.type = DhcpType::request, .mac = machine(i + 1000), .requested = address});
    ASSERT_EQ(refused.replies.size(), 1U);
    EXPECT_EQ(refused.reply().type(), DhcpType::nak);
  }
}

TEST_P(Lending, ADiscoverThatAsksForAnAddressGetsItFromWhoeverHasIt) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    Lab lab(small_config(), GetParam());
    Ipv4Address address = kFirst;
    address.value += i;
    EXPECT_EQ(lab.send({.requested = address}).reply().yiaddr(), address);
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, Lending, testing::Values(1U, 2U, 3U, 4U, 8U));

TEST(LendingInTime, TheOfferLeavesAsSoonAsTheAddressArrives) {
  Lab lab(pool_of(2), 2);
  ASSERT_FALSE(lab.lease(machine_of(0, 2, 0)).is_zero());
  lab.hold_messages(true);
  const Heard asked = lab.send({.mac = machine_of(0, 2, 1), .xid = 77});
  EXPECT_EQ(asked.outcome, Outcome::dhcp_waiting_for_address);
  EXPECT_TRUE(asked.replies.empty());
  // A repetition meanwhile is not parked a second time.
  EXPECT_EQ(lab.send({.mac = machine_of(0, 2, 1), .xid = 77}).outcome,
            Outcome::dhcp_waiting_for_address);
  const Heard heard = lab.deliver();
  EXPECT_EQ(heard.reply().view().xid(), 77U);
  EXPECT_EQ(heard.reply().type(), DhcpType::offer);
  EXPECT_EQ(heard.events.at(0).kind, EventKind::dhcp_offered);
}

TEST(LendingInTime, WhenNobodyHasAnyTheClientIsToldOf) {
  Lab lab(pool_of(2), 2);
  lab.lease(machine_of(0, 2, 0));
  lab.lease(machine_of(0, 2, 1));
  const Heard heard = lab.send({.mac = machine_of(0, 2, 2)});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_waiting_for_address);
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_no_address);
  EXPECT_EQ(heard.events[0].client, machine_of(0, 2, 2));
  // Others do not make the workers ask each other again at once.
  const std::size_t messages = lab.messages_delivered();
  EXPECT_EQ(lab.send({.mac = machine_of(0, 2, 3)}).outcome, Outcome::dhcp_no_address);
  EXPECT_EQ(lab.messages_delivered(), messages);
}

TEST(LendingInTime, ARetransmissionFindsWhatHasBecomeFree) {
  Lab lab(pool_of(2), 2);
  const Ipv4Address address = lab.lease(machine_of(1, 2, 0));
  lab.lease(machine_of(1, 2, 1));
  EXPECT_TRUE(lab.send({.mac = machine_of(0, 2, 0)}).replies.empty());
  lab.send({.type = DhcpType::release,
            .mac = machine_of(1, 2, 0),
            .ciaddr = address,
            .server = kServer,
            .to = kServer});
  lab.wait(1s);
  EXPECT_EQ(lab.send({.mac = machine_of(0, 2, 0), .secs = 4}).reply().yiaddr(), address);
}

TEST(LendingInTime, AWorkerThatDoesNotAnswerIsNotWaitedForLong) {
  Lab lab(pool_of(2), 2);
  lab.lease(machine_of(0, 2, 0));
  lab.hold_messages(true);
  EXPECT_EQ(lab.send({.mac = machine_of(0, 2, 1)}).outcome, Outcome::dhcp_waiting_for_address);
  lab.wait(300ms);
  EXPECT_EQ(lab.send({.mac = machine_of(0, 2, 2)}).outcome, Outcome::dhcp_no_address);
  // Its late answer is an address like any other.
  lab.hold_messages(false);
  lab.deliver();
  lab.wait(1s);
  EXPECT_FALSE(lab.lease(machine_of(0, 2, 2)).is_zero());
  EXPECT_EQ(lab.counts().addresses, 2U);
}

TEST(LendingInTime, AStockIsKeptBeforeTheLastAddressIsGone) {
  Lab lab(pool_of(400), 2);
  for (std::uint32_t i = 0; i < 300; ++i) {
    lab.lease(machine_of(0, 2, i));
    lab.wait(10ms);
  }
  EXPECT_EQ(lab.outcomes(Outcome::dhcp_waiting_for_address), 0U);
}

TEST(LendingInTime, MoreClientsThanCanBeParkedGetTheirAddressLater) {
  Lab lab(pool_of(400), 2);
  for (std::uint32_t i = 0; i < 200; ++i) lab.send({.mac = machine_of(0, 2, i)});
  lab.hold_messages(true);
  // All that worker 0 has is offered by now, or nearly; a burst of a hundred more arrives.
  std::size_t shed = 0;
  for (std::uint32_t i = 200; i < 390; ++i) {
    shed += lab.send({.mac = machine_of(0, 2, i)}).outcome == Outcome::dhcp_no_address ? 1 : 0;
  }
  EXPECT_GT(shed, 0U);
  lab.hold_messages(false);
  lab.deliver();
  lab.wait(1s);
  for (std::uint32_t i = 0; i < 390; ++i) {
    EXPECT_FALSE(lab.lease(machine_of(0, 2, i)).is_zero()) << i;
  }
}

// Another worker may well have the address for this client: a NAK would cost it its lease.
TEST(LendingInTime, AnAddressThatCannotBeClaimedNowIsNotRefused) {
  Config config = pool_of(2);
  config.dhcp.authoritative = true;
  Lab lab(config, 2);
  const Ipv4Address address = address_of(lab, 1, config);
  lab.lease(machine_of(0, 2, 0));
  lab.hold_messages(true);
  for (std::uint32_t i = 0; i < ParkedRequests::kParkedMax; ++i) {
    ASSERT_EQ(lab.send({.mac = machine_of(0, 2, 1 + i)}).outcome,
              Outcome::dhcp_waiting_for_address);
  }
  const Heard heard =
      lab.send({.type = DhcpType::request, .mac = machine_of(0, 2, 100), .requested = address});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_no_address);
  EXPECT_TRUE(heard.replies.empty());
}

// Two clients that claim one address: the second hears nothing until the first one's claim is
// decided.
TEST(LendingInTime, TwoClaimsOfOneAddressAreDecidedOneAfterTheOther) {
  Config config = pool_of(2);
  config.dhcp.authoritative = true;
  Lab lab(config, 2);
  const Ipv4Address address = address_of(lab, 1, config);
  const auto reboot = [&](std::uint32_t i) {
    return lab.send({.type = DhcpType::request, .mac = machine_of(0, 2, i), .requested = address});
  };
  lab.hold_messages(true);
  EXPECT_EQ(reboot(0).outcome, Outcome::dhcp_waiting_for_address);
  const Heard second = reboot(1);
  EXPECT_EQ(second.outcome, Outcome::dhcp_no_address);
  EXPECT_TRUE(second.replies.empty());
  EXPECT_EQ(lab.deliver().reply().type(), DhcpType::ack);
  lab.hold_messages(false);
  EXPECT_EQ(reboot(1).outcome, Outcome::dhcp_nakked);
}

// A worker whose table is as full as it may get.
class LendingAtItsLimit : public testing::Test {
 protected:
  LendingAtItsLimit() {
    snapshot_.config = std::make_shared<const Config>(pool_of(30'000));
    const Subnets subnets(*snapshot_.config);
    leases_.emplace(subnets, Share{0, 3}, 1);
    lending_.emplace(*leases_, Share{0, 3}, 60s);
  }
  // Until there is room for so many.
  void fill(std::uint32_t room) {
    const Ipv4Address first = snapshot_.config->subnets[0].pools[0].first;
    for (std::uint32_t i = 0; leases_->has_room(room + 1); ++i) {
      leases_->adopt(0, Ipv4Address{first.value + i}, false);
    }
    for (last_ = first; leases_->at(last_) != kNoIndex;) ++last_.value;
  }
  PeerMessage given() const {
    PeerMessage message{PeerMessage::Kind::address_given};
    message.from = 2;
    message.claim = true;
    message.address = last_;
    return message;
  }

  Snapshot snapshot_;
  LinkState links_;
  std::array<Event, 4> event_storage_{};
  std::array<PeerMessage, 4> outbox_storage_{};
  Replies replies_{{}};
  Events events_{event_storage_};
  Outbox outbox_{outbox_storage_};
  const Context context_{Instant{} + 10s, snapshot_, replies_, events_, outbox_, links_};
  std::optional<LeaseTable> leases_;
  std::optional<AddressLending> lending_;
  Ipv4Address last_;  // one of another worker's
};

TEST_F(LendingAtItsLimit, AnAddressWithoutRoomGoesBackWhateverElseWaits) {
  fill(0);
  PeerMessage question{PeerMessage::Kind::addresses_wanted};
  for (std::uint16_t i = 0; outbox_.free() > 0; ++i) {
    question.group = i;
    outbox_.add(question);
  }
  EXPECT_EQ(lending_->take(given(), 0, false, context_), kNoIndex);
  const auto sent = outbox_.all();
  ASSERT_EQ(sent.size(), 4U);
  EXPECT_EQ(sent[2].group, 2) << "the others keep their order";
  EXPECT_EQ(sent[3].kind, PeerMessage::Kind::address_given);
  EXPECT_EQ(sent[3].address, last_);
  EXPECT_EQ(sent[3].to, 2);
}

TEST_F(LendingAtItsLimit, NoMoreIsAskedForThanThereIsRoomFor) {
  constexpr std::uint32_t kNeeded = AddressLending::kBatchMax + ParkedRequests::kParkedMax;
  fill(kNeeded - 1);
  EXPECT_FALSE(lending_->ask(0, 1, context_));
  EXPECT_EQ(outbox_.all().size(), 0U);
  leases_->give_away(leases_->oldest_free(0));
  EXPECT_TRUE(lending_->ask(0, 1, context_));
  EXPECT_EQ(outbox_.all().size(), 1U);
  // Now the room is for what comes, until nothing does.
  EXPECT_FALSE(lending_->ask(1, 1, context_));
  PeerMessage refusal{PeerMessage::Kind::address_refused};
  for (const std::uint8_t peer : {std::uint8_t{1}, std::uint8_t{2}}) {
    refusal.from = peer;
    lending_->refused(refusal, 1, context_);
  }
  EXPECT_TRUE(lending_->ask(1, 1, context_));
}

TEST_F(LendingAtItsLimit, NoAddressIsClaimedWithoutRoomForAllThatMayBe) {
  ParkedRequest parked;
  parked.claimed = last_;
  fill(ParkedRequests::kParkedMax - 1);
  EXPECT_FALSE(lending_->claim(parked, context_));
  leases_->give_away(leases_->oldest_free(0));
  EXPECT_TRUE(lending_->claim(parked, context_));
}

}  // namespace
}  // namespace reveille::test
