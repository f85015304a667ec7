// Leases of another server, taken over while this one serves: who gets what, and who loses nothing.
#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

using Answer = LeaseImport::Answer;
using Change = LeaseChange::Kind;

constexpr Ipv4Address kAddress = Ipv4Address::of(10, 77, 0, 15);

LeaseChange foreign(Ipv4Address address, const MacAddress& mac, Instant until,
                    Change kind = Change::bound) {
  return {.kind = kind,
          .address = address,
          .client = ethernet_key_of(mac),
          .until = until,
          .mac = mac,
          .version = 1};
}

// As control does: asked again while the address moves.
Answer import(Lab& lab, const LeaseChange& lease) {
  Answer answer = lab.import(lease);
  for (int tries = 0; answer == Answer::moved && tries < 3; ++tries) answer = lab.import(lease);
  return answer;
}

class Import : public testing::TestWithParam<unsigned> {
 protected:
  Lab lab_{small_config(), GetParam()};
  const Instant later_ = lab_.now() + 10h;
};
INSTANTIATE_TEST_SUITE_P(Workers, Import, testing::Values(1U, 2U, 5U));

TEST_P(Import, AClientThatAsksRightAfterGetsItsAddress) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    const Ipv4Address address{kFirst.value + (i * 7) % 10};
    EXPECT_EQ(import(lab_, foreign(address, machine(i), later_)), Answer::taken) << i;
    EXPECT_EQ(lab_.lease_at(address)->state, LeaseState::bound);
  }
  EXPECT_EQ(lab_.counts().bound, 10U);
  for (std::uint32_t i = 0; i < 10; ++i) {
    const Ipv4Address address{kFirst.value + (i * 7) % 10};
    EXPECT_EQ(lab_.lease(machine(i)), address);
    EXPECT_EQ(lab_.send(renewal_of(machine(i), address)).reply().type(), DhcpType::ack);
  }
  lab_.check_leases();
}

TEST_P(Import, TheSameAgainChangesNothing) {
  EXPECT_EQ(import(lab_, foreign(kAddress, kMachine, later_)), Answer::taken);
  const std::uint16_t version = lab_.lease_at(kAddress)->version;
  EXPECT_EQ(import(lab_, foreign(kAddress, kMachine, later_)), Answer::known);
  EXPECT_EQ(import(lab_, foreign(kAddress, kMachine, later_, Change::expired)), Answer::known);
  EXPECT_EQ(lab_.lease_at(kAddress)->version, version);
  EXPECT_EQ(lab_.lease_at(kAddress)->until, later_);
}

TEST_P(Import, WhoeverHasAnAddressKeepsIt) {
  const Ipv4Address address = lab_.lease(kMachine);
  EXPECT_EQ(import(lab_, foreign(address, machine(7), later_)), Answer::held);
  EXPECT_EQ(import(lab_, foreign(address, machine(7), later_, Change::declined)), Answer::held);
  EXPECT_EQ(lab_.send(renewal_of(kMachine, address)).reply().type(), DhcpType::ack);
  lab_.check_leases();
}

TEST_P(Import, WhoeverIsOfferedAnAddressGetsIt) {
  const Ipv4Address address = lab_.send({.mac = kMachine}).reply().yiaddr();
  EXPECT_EQ(import(lab_, foreign(address, machine(7), later_)), Answer::held);
  EXPECT_EQ(lab_.lease(kMachine), address);
  // To the client itself it may as well have been offered.
  const Ipv4Address other = lab_.send({.mac = machine(8)}).reply().yiaddr();
  EXPECT_EQ(import(lab_, foreign(other, machine(8), later_)), Answer::taken);
  lab_.check_leases();
}

TEST_P(Import, AClientKeepsTheAddressThatItHasHere) {
  const Ipv4Address address = lab_.lease(kMachine);
  const Ipv4Address other = address == kAddress ? kFirst : kAddress;
  EXPECT_EQ(import(lab_, foreign(other, kMachine, later_)), Answer::elsewhere);
  EXPECT_EQ(lab_.lease_at(address)->state, LeaseState::bound);
  EXPECT_EQ(lab_.lease_at(other)->state, LeaseState::free);
  EXPECT_EQ(import(lab_, foreign(other, kMachine, later_, Change::expired)), Answer::elsewhere);
  EXPECT_EQ(lab_.lease(kMachine), address);
  lab_.check_leases();
}

TEST_P(Import, WhatIsOverGivesWay) {
  const Ipv4Address address = lab_.lease(kMachine);
  lab_.skip(2h);  // and nobody has looked
  EXPECT_EQ(import(lab_, foreign(address, machine(7), later_)), Answer::taken);
  EXPECT_EQ(lab_.lease(machine(7)), address);
  EXPECT_NE(lab_.lease(kMachine), address);
  lab_.check_leases();
  // Nor is it overwritten by what was over elsewhere.
  lab_.wait(20h);
  lab_.wait(1s);
  EXPECT_EQ(import(lab_, foreign(address, machine(3), lab_.now() - 1s, Change::expired)),
            Answer::known);
  EXPECT_EQ(lab_.lease(machine(7)), address);
}

TEST_P(Import, WhoHadAnAddressThatNobodyHasGetsItBack) {
  EXPECT_EQ(import(lab_, foreign(kAddress, machine(7), lab_.now() - 1h, Change::expired)),
            Answer::taken);
  EXPECT_EQ(lab_.lease_at(kAddress)->state, LeaseState::free);
  EXPECT_EQ(lab_.lease(machine(7)), kAddress);
  lab_.check_leases();
}

TEST_P(Import, WhatWasDeclinedElsewhereIsSetAside) {
  LeaseChange lease = foreign(kAddress, kMachine, later_, Change::declined);
  lease.client = {};
  EXPECT_EQ(import(lab_, lease), Answer::taken);
  EXPECT_EQ(lab_.counts().declined, 1U);
  EXPECT_EQ(import(lab_, foreign(kAddress, kMachine, later_)), Answer::held);
  lab_.check_leases();
}

TEST_P(Import, WhatIsInNoPoolIsNobodys) {
  EXPECT_EQ(lab_.import(foreign(Ipv4Address::of(192, 0, 2, 1), kMachine, later_)),
            Answer::not_mine);
  EXPECT_EQ(lab_.import(foreign(kServer, kMachine, later_)), Answer::not_mine);
}

// It moves to where its client will ask, and is nobody's until it has arrived.
TEST(ImportToSeveral, AnAddressMovesToTheWorkerOfItsClient) {
  Lab lab(small_config(), 2);
  for (std::uint32_t i = 0; i < 10; ++i) {
    const Ipv4Address address{kFirst.value + i};
    const unsigned owner = lab.engine(0).leases()->at(address) == kNoIndex ? 1 : 0;
    std::uint32_t n = 0;
    while (owner_of(machine(n), 2) == owner) ++n;
    const LeaseChange lease = foreign(address, machine(100 + n), lab.now() + 1h);
    if (owner_of(lease.mac, 2) == owner) continue;
    lab.hold_messages(true);
    EXPECT_EQ(lab.import(lease), Answer::moved);
    EXPECT_EQ(lab.import(lease), Answer::not_mine);
    lab.deliver();
    lab.hold_messages(false);
    EXPECT_EQ(lab.import(lease), Answer::taken);
    EXPECT_NE(lab.engine(1 - owner).leases()->at(address), kNoIndex);
  }
  lab.check_leases();
}

}  // namespace
}  // namespace reveille::test
