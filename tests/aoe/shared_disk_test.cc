// What a shared disk keeps in memory, for whom, and for how long.
#include "aoe/shared_disk.h"

namespace reveille::test {
namespace {

TEST_F(Shared, EachSeesItsOwnWrites) {
  Machine first(*target, 1);
  Machine second(*target, 2);
  check_contents(first);
  EXPECT_EQ(second.holds(0, 2), part(0, 2));
  check_contents(second);
  EXPECT_EQ(folder.read("disk"), bytes) << "the image is never written";
  EXPECT_EQ(target->holders(), 2U);
}

TEST_F(Shared, FullOverlayIsOneClientsTrouble) {
  Machine machine(*target, 1);
  check_full(machine);
}

TEST_F(Shared, AllOverlaysTogetherHaveALimit) {
  config_.disk_limits.overlay_memory_max_bytes = 4 * 4096;
  restart();
  Machine first(*target, 1);
  Machine second(*target, 2);
  for (std::uint64_t grain = 0; grain < 3; ++grain) first.stores(grain * 8, pattern(512));
  second.stores(0, pattern(512, 2));
  EXPECT_EQ(second.writes(8, pattern(512)), Outcome::aoe_overlay_full);
  second.hears();
  // The first one boots again: its grains are free.
  target->pass(1s);
  target->power_on(first.mac);
  EXPECT_EQ(first.identifies(), Outcome::aoe_identified);
  first.hears();
  second.stores(8, pattern(512, 3));
  EXPECT_EQ(second.holds(8), pattern(512, 3));
}

TEST_F(Shared, BootDropsWhatWasWritten) {
  Machine machine(*target, 1);
  machine.stores(0, pattern(512, 2));
  EXPECT_EQ(machine.identifies(), Outcome::aoe_identified);
  machine.hears();
  EXPECT_EQ(machine.holds(0), pattern(512, 2)) << "Linux identifies too: that is no boot";
  target->pass(1s);
  target->power_on(machine.mac);
  target->pass(5s);
  EXPECT_EQ(machine.identifies(), Outcome::aoe_identified);
  machine.hears();
  EXPECT_EQ(machine.holds(0), part(0, 1));
  ASSERT_EQ(target->told(EventKind::disk_dropped).size(), 1U);
  EXPECT_EQ(target->told(EventKind::disk_dropped)[0].bytes, 4096U);
  machine.stores(0, pattern(512, 3));
  target->pass(10s);
  EXPECT_EQ(machine.identifies(), Outcome::aoe_identified) << "the kernel, after iPXE";
  machine.hears();
  EXPECT_EQ(machine.holds(0), pattern(512, 3)) << "the same boot";
}

class WithoutDhcp : public Shared {
 protected:
  WithoutDhcp() : WithoutDhcp(OverlayPlace::memory) {}
  explicit WithoutDhcp(OverlayPlace overlay) : Shared(overlay) {
    config_.dhcp.mode = DhcpMode::off;
    restart();
  }
  void identify(Machine& machine) {
    target->pass(1s);
    EXPECT_EQ(machine.identifies(), Outcome::aoe_identified);
    target->settle();
    target->sent.clear();
  }
  void ask_as_ipxe(Machine& machine) {
    EXPECT_EQ(machine.queries_as_ipxe(), Outcome::aoe_discovered);
    EXPECT_EQ(machine.hears().aoe().tag() >> 16, 0x18aeU);
  }
};

TEST_F(WithoutDhcp, IpxeShowsWhoBoots) {
  Machine machine(*target, 1);
  machine.stores(0, pattern(512, 2));
  EXPECT_EQ(machine.queries(true), Outcome::aoe_discovered);
  machine.hears();
  identify(machine);
  EXPECT_EQ(machine.holds(0), pattern(512, 2)) << "Linux looks for all disks each minute";
  EXPECT_EQ(machine.queries(), Outcome::aoe_discovered);
  machine.hears();
  identify(machine);
  EXPECT_EQ(machine.holds(0), pattern(512, 2)) << "and for one, when it is told to: aoe-revalidate";
  ask_as_ipxe(machine);
  identify(machine);
  EXPECT_EQ(machine.holds(0), part(0, 1));
  machine.stores(0, pattern(512, 3));
  identify(machine);
  EXPECT_EQ(machine.holds(0), pattern(512, 3)) << "the kernel, after iPXE";
}

class WithoutDhcpInFile : public WithoutDhcp {
 protected:
  WithoutDhcpInFile() : WithoutDhcp(OverlayPlace::file) {}
};

TEST_F(WithoutDhcpInFile, BootIsSeenThoughTheServerHasForgottenTheMachine) {
  Machine machine(*target, 1);
  identify(machine);
  machine.stores(0, pattern(512, 2));
  restart();
  Machine running(*target, 1);
  identify(running);
  EXPECT_EQ(running.holds(0), pattern(512, 2));
  restart();
  Machine booting(*target, 1);
  ask_as_ipxe(booting);
  identify(booting);
  EXPECT_EQ(booting.holds(0), part(0, 1));
}

TEST_F(Shared, NewVersionIsForThoseWhoBoot) {
  Machine running(*target, 1);
  running.stores(0, pattern(512, 2));
  const Octets newer = pattern(kSectors * 512, 77);
  folder.write("disk", newer);
  ASSERT_TRUE(target->publish_new_versions());
  EXPECT_EQ(running.holds(8), part(8, 1)) << "what runs keeps its version";
  EXPECT_EQ(running.holds(0), pattern(512, 2));
  EXPECT_EQ(target->holders(), 0U);
  Machine booting(*target, 2);
  EXPECT_EQ(booting.holds(8), Octets(newer.begin() + 8 * 512, newer.begin() + 9 * 512));
  EXPECT_EQ(target->holders(), 1U);
  target->pass(1s);
  target->power_on(running.mac);
  EXPECT_EQ(running.identifies(), Outcome::aoe_identified);
  running.hears();
  EXPECT_EQ(running.holds(0), Octets(newer.begin(), newer.begin() + 512));
  EXPECT_EQ(target->holders(), 2U);
}

TEST_F(Shared, VersionThatCannotBeServedIsNoVersion) {
  folder.write("disk", Octets(100));
  EXPECT_FALSE(target->publish_new_versions());
  Machine machine(*target, 1);
  EXPECT_EQ(machine.holds(8), part(8, 1));
}

TEST_F(Shared, TableOfClientsIsBounded) {
  for (unsigned i = 0; i < 8; ++i) {
    Machine machine(*target, 10 + i);
    machine.stores(0, pattern(512));
  }
  Machine late(*target, 99);
  EXPECT_EQ(late.identifies(), Outcome::aoe_clients_full);
  EXPECT_EQ(late.hears().aoe().error(), wire::AoeError::device_unavailable);
  EXPECT_EQ(target->engine->clients(), 8U);
}

TEST_F(Shared, VisitorsMakeRoomForOneAnother) {
  Machine client(*target, 1);
  EXPECT_EQ(client.holds(8), part(8, 1));
  for (unsigned i = 0; i < 30; ++i) {
    Machine visitor(*target, 10 + i);
    ASSERT_EQ(visitor.identifies(), Outcome::aoe_identified);
    visitor.hears();
  }
  EXPECT_EQ(target->engine->clients(), 8U);
  EXPECT_EQ(target->holders(), 8U);
  for (unsigned i = 0; i < 7; ++i)
    EXPECT_EQ(Machine(*target, 10 + 23 + i).reads(0), Outcome::aoe_read);
  target->sent.clear();
  Machine late(*target, 99);
  EXPECT_EQ(late.reads(0), Outcome::aoe_clients_full) << "all are clients now";
  late.hears();
  target->pass(11min);
  EXPECT_EQ(late.reads(0), Outcome::aoe_read) << "who was silent for long and wrote nothing goes";
}

TEST_F(Shared, FiguresSayWhoDidWhat) {
  Machine machine(*target, 1);
  machine.stores(0, pattern(512));
  machine.holds(0);
  machine.holds(8);
  const auto figures = target->engine->figures();
  ASSERT_EQ(figures.size(), 1U);
  EXPECT_EQ(figures[0].client, machine.mac);
  EXPECT_EQ(figures[0].disk, (DiskAddress{0, 1}));
  EXPECT_EQ(figures[0].reads, 2U);
  EXPECT_EQ(figures[0].writes, 1U);
  EXPECT_EQ(figures[0].overlay_bytes, 4096U);
}

TEST_F(Shared, WhoIsTakenOffTheListKeepsItsDiskUntilItBoots) {
  Machine running(*target, 1);
  running.stores(0, pattern(512, 2));
  config_.disks[0].clients = {{MacAddress{{0x52, 0x54, 0, 0, 0, 2}}, 6}};
  target->allow(config_.disks);
  EXPECT_EQ(running.holds(0), pattern(512, 2));
  Machine added(*target, 2);
  EXPECT_EQ(added.holds(0), part(0, 1));
  Machine other(*target, 3);
  EXPECT_EQ(other.identifies(), Outcome::aoe_not_allowed);
  target->pass(1s);
  target->power_on(running.mac);
  EXPECT_EQ(running.identifies(), Outcome::aoe_not_allowed);
  running.hears_nothing();
}

}  // namespace
}  // namespace reveille::test
