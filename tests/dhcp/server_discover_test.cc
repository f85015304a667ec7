// DISCOVER and OFFER: RFC 2131 4.3.1, and which address it is.
#include <set>

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

Config with_host(HostConfig host, Config config = small_config()) {
  config.hosts.push_back(std::move(host));
  return config;
}

TEST(Discover, IsAnsweredWithAnOfferFromTheSubnetOfTheLink) {
  Lab lab;
  const Heard heard = lab.send({.xid = 0xabcdef01});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_offered);
  const Sent& offer = heard.reply();
  const wire::DhcpView view = offer.view();
  EXPECT_EQ(view.type(), DhcpType::offer);
  EXPECT_EQ(view.op(), wire::DhcpOp::reply);
  EXPECT_EQ(view.xid(), 0xabcdef01);
  EXPECT_EQ(view.chaddr(), kMachine);
  EXPECT_EQ(view.yiaddr(), kFirst);
  EXPECT_TRUE(view.ciaddr().is_zero());
  EXPECT_EQ(view.option_address(DhcpOption::server_identifier), kServer);
  EXPECT_EQ(view.option_u32(DhcpOption::lease_time), 3600U);
  EXPECT_EQ(view.option_u32(DhcpOption::renewal_time), 1800U);
  EXPECT_EQ(view.option_u32(DhcpOption::rebinding_time), 3150U);
  EXPECT_EQ(view.option_u32(DhcpOption::subnet_mask), 0xffffff00U);
  EXPECT_EQ(offer.from_port(), 67);
  EXPECT_EQ(offer.to_port(), 68);
  EXPECT_EQ(offer.from(), kServer);
  EXPECT_EQ(offer.from_mac(), kServerMac);
}

TEST(Discover, TheOfferGoesToTheClientWithoutArpUnlessItWantsABroadcast) {
  Lab lab;
  const Sent plain = lab.send({}).reply();
  EXPECT_EQ(plain.to(), kFirst);
  EXPECT_EQ(plain.to_mac(), kMachine);
  const Sent broadcast = lab.send({.broadcast = true}).reply();
  EXPECT_EQ(broadcast.to(), Ipv4Address::broadcast());
  EXPECT_EQ(broadcast.to_mac(), MacAddress::broadcast());
}

TEST(Discover, RepeatedOnTheSamePathIsAnsweredIdentically) {
  Lab lab;
  const Sent first = lab.send({}).reply();
  lab.skip(300ms);
  const Sent second = lab.send({}).reply();
  EXPECT_EQ(first.frame, second.frame);
}

TEST(Discover, OnAVlanIsServedFromThatVlansSubnet) {
  Lab lab(campus_config());
  const Sent offer = lab.send({.station = 1}).reply();
  ASSERT_TRUE(offer.tagged);
  EXPECT_EQ(load_be16(&offer.frame[14]), 78);
  EXPECT_EQ(offer.yiaddr(), Ipv4Address::of(10, 78, 0, 10));
  EXPECT_EQ(offer.view().option_address(DhcpOption::server_identifier), kServerOnVlan);
}

TEST(Discover, OnALinkWithoutASubnetNobodyIsAnswered) {
  Lab lab;  // no subnet for VLAN 78
  const Heard heard = lab.send({.station = 1});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_no_subnet);
  EXPECT_TRUE(heard.replies.empty());
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.events[0].kind, EventKind::dhcp_no_subnet);
  EXPECT_EQ(heard.events[0].client, kMachine);
  EXPECT_EQ(heard.events[0].vlan, 78);
}

TEST(Discover, AMachineKeepsItsAddressThroughFirmwareIpxeAndSystem) {
  Lab lab;
  const Octets firmware_id = concatenated({{0}, bytes("guid of the board")});
  const Octets ipxe_id = concatenated({{1}, {0x52, 0x54, 0, 0x12, 0x34, 0x56}});
  const Octets system_id = concatenated({{255}, bytes("iaid and duid")});
  const Ipv4Address in_firmware =
      lab.lease(kMachine, {{DhcpOption::client_identifier, firmware_id}});
  EXPECT_EQ(lab.lease(kMachine, {{DhcpOption::client_identifier, ipxe_id}}), in_firmware);
  EXPECT_EQ(lab.lease(kMachine, {{DhcpOption::client_identifier, system_id}}), in_firmware);
  EXPECT_EQ(lab.lease(kMachine), in_firmware);
  EXPECT_EQ(lab.counts().free, 9U);
}

TEST(Discover, APoolOfTenServesTenMachinesThatChangeTheirClientIds) {
  Lab lab;
  std::set<Ipv4Address> addresses;
  for (std::uint32_t stage = 0; stage < 3; ++stage) {
    for (std::uint32_t i = 0; i < 10; ++i) {
      const Octets id{0, static_cast<std::uint8_t>(stage), static_cast<std::uint8_t>(i)};
      const Ipv4Address address = lab.lease(machine(i), {{DhcpOption::client_identifier, id}});
      ASSERT_FALSE(address.is_zero()) << "machine " << i << " in stage " << stage;
      addresses.insert(address);
      lab.wait(1s);
    }
  }
  EXPECT_EQ(addresses.size(), 10U);
  const Heard eleventh = lab.send({.mac = machine(10)});
  EXPECT_EQ(eleventh.outcome, Outcome::dhcp_no_address);
  ASSERT_EQ(eleventh.events.size(), 1U);
  EXPECT_EQ(eleventh.events[0].kind, EventKind::dhcp_no_address);
}

TEST(Discover, WithIdentityClientIdEachClientIdIsAMachineOfItsOwn) {
  Config config = small_config();
  config.dhcp.identity = Identity::client_id;
  Lab lab(config);
  const Octets one{0, 1};
  const Octets two{0, 2};
  const Ipv4Address first = lab.lease(kMachine, {{DhcpOption::client_identifier, one}});
  const Ipv4Address second = lab.lease(kMachine, {{DhcpOption::client_identifier, two}});
  EXPECT_NE(first, second);
  EXPECT_EQ(lab.lease(machine(1), {{DhcpOption::client_identifier, one}}), first);
  // Without one the hardware address counts, and is no client-id.
  EXPECT_NE(lab.lease(kMachine), first);
}

TEST(Discover, TheAddressThatIsAskedForIsGivenWhenItIsFree) {
  Lab lab;
  const Ipv4Address wanted = Ipv4Address::of(10, 77, 0, 15);
  EXPECT_EQ(lab.send({.requested = wanted}).reply().yiaddr(), wanted);
  EXPECT_EQ(lab.send({.mac = machine(1), .requested = wanted}).reply().yiaddr(), kFirst);
}

TEST(Discover, AddressesThatNoPoolHasAreNotGivenOnRequest) {
  Config config = small_config();
  config.subnets[0].pools = {{Ipv4Address::of(10, 77, 0, 0), Ipv4Address::of(10, 77, 0, 255)}};
  Lab lab(config);
  const Ipv4Address never[] = {Ipv4Address::of(10, 77, 0, 0),   Ipv4Address::of(10, 77, 0, 255),
                               Ipv4Address::of(10, 77, 0, 254), kServer,
                               Ipv4Address::of(10, 77, 0, 53),  Ipv4Address{},
                               Ipv4Address::broadcast(),        Ipv4Address::of(192, 168, 0, 9)};
  for (std::uint32_t i = 0; const Ipv4Address address : never) {
    const Heard heard = lab.send({.mac = machine(i++), .requested = address});
    EXPECT_NE(heard.reply().yiaddr(), address) << address.text();
  }
}

TEST(Discover, NetworkBroadcastOwnRouterAndServerAddressesAreNeverLeased) {
  Config config = small_config();
  config.subnets[0].pools = {{Ipv4Address::of(10, 77, 0, 0), Ipv4Address::of(10, 77, 0, 255)}};
  Lab lab(config);
  std::set<Ipv4Address> leased;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const Ipv4Address address = lab.lease(machine(i));
    if (!address.is_zero()) leased.insert(address);
  }
  // 256 less .0, .255, .1 (us), .254 (router), .53 and .54 (name servers).
  EXPECT_EQ(leased.size(), 250U);
  for (const std::uint8_t host : std::initializer_list<std::uint8_t>{0, 255, 1, 254, 53, 54}) {
    EXPECT_FALSE(leased.contains(Ipv4Address::of(10, 77, 0, host))) << int{host};
  }
}

TEST(Discover, TheAddressThatIsFreeForLongestIsReusedFirst) {
  Lab lab;
  for (std::uint32_t i = 0; i < 10; ++i) lab.lease(machine(i));
  const auto give_back = [&](std::uint32_t i) {
    const Ipv4Address address = lab.lease(machine(i));
    lab.send({.type = DhcpType::release,
              .mac = machine(i),
              .ciaddr = address,
              .server = kServer,
              .to = kServer});
    lab.wait(1s);
    return address;
  };
  const Ipv4Address third = give_back(3);
  const Ipv4Address first = give_back(1);
  EXPECT_EQ(lab.lease(machine(20)), third);
  EXPECT_EQ(lab.lease(machine(21)), first);
}

TEST(Discover, AReturningMachineGetsItsOldAddressWhileItIsFree) {
  Lab lab;
  std::vector<Ipv4Address> before;
  for (std::uint32_t i = 0; i < 5; ++i) before.push_back(lab.lease(machine(i)));
  lab.wait(2h);
  lab.wait(1s);
  EXPECT_EQ(lab.counts().free, 10U);
  for (std::uint32_t i = 5; i-- > 0;) EXPECT_EQ(lab.lease(machine(i)), before[i]);
}

TEST(Discover, AnOfferIsHeldForItsTimeAndNoLonger) {
  Config config = small_config();
  config.subnets[0].pools = {{kFirst, kFirst}};
  config.dhcp.offer_time = 10s;
  Lab lab(config);
  EXPECT_EQ(lab.send({}).outcome, Outcome::dhcp_offered);
  lab.wait(9s);
  EXPECT_EQ(lab.send({.mac = machine(1)}).outcome, Outcome::dhcp_no_address);
  lab.wait(1s);
  EXPECT_EQ(lab.send({.mac = machine(1)}).reply().yiaddr(), kFirst);
}

TEST(Discover, OffersOfFirmwareThatNeverCameBackAreReusedWhenNothingElseIsFree) {
  Lab lab;  // offer_time 60 s
  for (std::uint32_t i = 0; i < 10; ++i) lab.send({.mac = machine(i)});
  lab.wait(10s);
  EXPECT_EQ(lab.send({.mac = machine(10)}).outcome, Outcome::dhcp_no_address);
  lab.wait(6s);
  EXPECT_EQ(lab.send({.mac = machine(10)}).outcome, Outcome::dhcp_offered);
  EXPECT_EQ(lab.counts().offered, 10U);
}

TEST(Discover, OneMachineThatInventsOthersGetsAQuarterOfThePool) {
  Config config = small_config();
  config.subnets[0].pools = {{kFirst, Ipv4Address::of(10, 77, 0, 29)}};  // 20 addresses
  Lab lab(config);
  const MacAddress liar = machine(1000);
  std::size_t offered = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    offered += lab.send({.mac = machine(i), .link_source = liar}).replies.size();
  }
  EXPECT_EQ(offered, 5U);
  for (std::uint32_t i = 200; i < 215; ++i) EXPECT_FALSE(lab.lease(machine(i)).is_zero());
}

TEST(Discover, InventedMachinesGetNoMoreWhenTheyAreRemembered) {
  Config config = small_config();
  config.subnets[0].pools = {{kFirst, Ipv4Address::of(10, 77, 0, 29)}};  // 20 addresses
  Lab lab(config);
  const MacAddress liar = machine(1000);
  const auto offers = [&](std::uint32_t first, std::uint32_t end) {
    std::size_t count = 0;
    for (std::uint32_t i = first; i < end; ++i) {
      count += lab.send({.mac = machine(i), .link_source = liar}).replies.size();
    }
    return count;
  };
  // Four times a quarter, each after the offers before it were withdrawn: all are remembered.
  for (std::uint32_t i = 0; i < 20; i += 5) {
    EXPECT_EQ(offers(i, i + 5), 5U);
    for (std::uint32_t n = i; n < i + 5; ++n) {
      lab.send({.type = DhcpType::request,
                .mac = machine(n),
                .requested = kFirst,
                .server = Ipv4Address::of(10, 77, 0, 99)});
    }
  }
  EXPECT_EQ(lab.counts().offered, 0U);
  EXPECT_EQ(offers(0, 20), 5U);
  EXPECT_EQ(offers(0, 5), 5U) << "a repetition is answered again";
}

TEST(Discover, RelayedClientsAreNotTakenForInventedOnes) {
  Lab lab(campus_config(20));
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_FALSE(lab.lease_through(kRelay, machine(i)).is_zero()) << i;
  }
}

TEST(Discover, AReservationByMacGoesBeforeEverything) {
  const Ipv4Address reserved = Ipv4Address::of(10, 77, 0, 200);  // outside the pool
  Lab lab(with_host({.mac = kMachine, .address = reserved, .host_name = "desk-7"}));
  const Sent offer = lab.send({.requested = kFirst}).reply();
  EXPECT_EQ(offer.yiaddr(), reserved);
  EXPECT_EQ(offer.view().option_text(DhcpOption::host_name), "desk-7");
  EXPECT_EQ(lab.lease(kMachine), reserved);
}

TEST(Discover, AReservationByClientIdOrUuidIsFound) {
  Uuid uuid;
  uuid.octets.fill(0x42);
  const Ipv4Address by_id = Ipv4Address::of(10, 77, 0, 201);
  const Ipv4Address by_uuid = Ipv4Address::of(10, 77, 0, 202);
  Lab lab(with_host({.uuid = uuid, .address = by_uuid},
                    with_host({.client_id = {0, 'd', 'b'}, .address = by_id})));
  EXPECT_EQ(lab.lease(machine(1), {{DhcpOption::client_identifier, {0, 'd', 'b'}}}), by_id);
  Octets machine_identifier(17, 0x42);
  machine_identifier[0] = 0;
  EXPECT_EQ(lab.lease(machine(2), {{DhcpOption::client_machine_identifier, machine_identifier}}),
            by_uuid);
  // The system of that machine says no UUID, and still has its address.
  EXPECT_EQ(lab.lease(machine(2)), by_uuid);
  // A second interface of it does not take the address away.
  EXPECT_EQ(lab.lease(machine(3), {{DhcpOption::client_machine_identifier, machine_identifier}}),
            kFirst);
}

TEST(Discover, AReservedAddressInsideThePoolIsGivenToNobodyElse) {
  Lab lab(with_host({.mac = machine(7), .address = kFirst}));
  EXPECT_NE(lab.send({.requested = kFirst}).reply().yiaddr(), kFirst);
  std::size_t served = 0;
  for (std::uint32_t i = 20; i < 40; ++i) served += lab.lease(machine(i)).is_zero() ? 0 : 1;
  EXPECT_EQ(served, 8U);  // ten less the reservation, less the offer above
  EXPECT_EQ(lab.lease(machine(7)), kFirst);
}

TEST(Discover, AReservationCountsInItsOwnSubnetOnly) {
  Lab lab(
      with_host({.mac = kMachine, .address = Ipv4Address::of(10, 77, 0, 200)}, campus_config()));
  EXPECT_EQ(lab.send({.station = 1}).reply().yiaddr(), Ipv4Address::of(10, 78, 0, 10));
}

TEST(Discover, AShorterLeaseThanOursIsGrantedButNotShorterThanAMinute) {
  Lab lab;
  const auto granted = [&](std::uint32_t i, Octets wanted) {
    return lab.send({.mac = machine(i), .options = {{DhcpOption::lease_time, wanted}}})
        .reply()
        .view()
        .option_u32(DhcpOption::lease_time);
  };
  EXPECT_EQ(granted(1, {0, 0, 2, 0}), 512U);
  EXPECT_EQ(granted(2, {0, 0, 0, 1}), 60U);
  EXPECT_EQ(granted(3, {255, 255, 255, 255}), 3600U);
  EXPECT_EQ(granted(4, {1, 2}), 3600U);  // of the wrong length: as if it were not there
}

TEST(Discover, FirmwareIsRememberedAsBootingAndToldOf) {
  Lab lab;
  const Heard heard =
      lab.send({.options = {{DhcpOption::vendor_class, bytes("PXEClient:Arch:00007:UNDI:003016")},
                            {DhcpOption::client_architecture, {0, 7}}}});
  EXPECT_TRUE(lab.is_booting(kMachine));
  ASSERT_EQ(heard.events.size(), 2U);
  EXPECT_EQ(heard.events[0].kind, EventKind::boot_file_unknown);  // the image folder is empty
  EXPECT_EQ(heard.events[1].kind, EventKind::dhcp_offered);
  EXPECT_EQ(heard.events[1].address, kFirst);
  EXPECT_EQ(heard.events[1].architecture, 7);
  EXPECT_EQ(heard.events[1].firmware, Firmware::uefi_pxe);
  lab.send({.mac = machine(1)});
  EXPECT_FALSE(lab.is_booting(machine(1)));
}

TEST(Discover, WithoutAReplyBufferNothingIsSentAndNothingHeld) {
  Lab lab;
  lab.leave_replies(0);
  EXPECT_EQ(lab.send({}).outcome, Outcome::reply_buffers_exhausted);
  EXPECT_EQ(lab.counts().offered, 0U);
}

TEST(Discover, TheSameSeedGivesTheSameReplies) {
  const auto conversation = [](std::uint64_t seed) {
    Lab lab(campus_config(50), 2, seed);
    std::vector<Octets> frames;
    for (std::uint32_t i = 0; i < 60; ++i) {
      for (const Sent& sent : lab.send({.mac = machine(i), .giaddr = kRelay}).replies) {
        frames.push_back(sent.frame);
      }
    }
    return frames;
  };
  EXPECT_EQ(conversation(5), conversation(5));
}

}  // namespace
}  // namespace reveille::test
