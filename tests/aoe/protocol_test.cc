// AoE and ATA as initiators speak them: who is answered, with what, and who is refused.
#include <algorithm>
#include <set>

#include "aoe/target.h"

namespace reveille::test {
namespace {

using Operation = wire::AoeConfigView::Operation;
constexpr std::uint64_t kSectors = 64;

class Protocol : public testing::Test {
 protected:
  Protocol() : Protocol(std::vector<MacPattern>{}) {}
  explicit Protocol(std::vector<MacPattern> clients, bool remote_control = false)
      : bytes(pattern(kSectors * 512)), target(config(std::move(clients), remote_control)) {}

  Config config(std::vector<MacPattern> clients, bool remote_control) {
    DiskConfig disk = shared_disk(folder.write("disk", bytes));
    disk.clients = std::move(clients);
    disk.remote_control = remote_control;
    DiskConfig second = disk;
    second.address = DiskAddress{3, 7};
    second.mode = DiskMode::read_only;
    return config_of({disk, second});
  }
  Octets part(std::uint64_t lba, std::size_t sectors) const {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(lba * 512),
            bytes.begin() + static_cast<std::ptrdiff_t>((lba + sectors) * 512)};
  }

  using Directives = std::vector<std::pair<wire::AoeMaskView::Directive, MacAddress>>;
  static constexpr auto kAdd = wire::AoeMaskView::Directive::add;
  static constexpr auto kRemove = wire::AoeMaskView::Directive::remove;
  static Octets masks(const Directives& directives) {
    Octets arguments(2000);
    std::uint8_t* at = wire::write_aoe_masks(arguments.data(), wire::AoeMaskView::Operation::edit,
                                             wire::AoeMaskView::Error::none, directives.size());
    for (const auto& [directive, mac] : directives) at = wire::write_aoe_mask(at, directive, mac);
    arguments.resize(static_cast<std::size_t>(at - arguments.data()));
    return arguments;
  }
  static Octets reservation(std::uint8_t operation, const std::vector<MacAddress>& macs) {
    Octets arguments(500);
    arguments[0] = operation;
    arguments[1] = static_cast<std::uint8_t>(macs.size());
    for (std::size_t i = 0; i < macs.size(); ++i) {
      std::memcpy(&arguments[2 + 6 * i], macs[i].octets.data(), 6);
    }
    arguments.resize(2 + 6 * macs.size());
    return arguments;
  }

  DiskFolder folder;
  Octets bytes;
  Target target;
  Machine machine{target, 1};
};

TEST_F(Protocol, DiscoveryFindsEveryDisk) {
  EXPECT_EQ(machine.queries(true), Outcome::aoe_discovered);
  const Answer first = machine.hears();
  const Answer second = machine.hears();
  EXPECT_EQ(first.aoe().shelf(), 0);
  EXPECT_EQ(first.aoe().slot(), 1);
  EXPECT_EQ(second.aoe().shelf(), 3);
  EXPECT_EQ(second.aoe().slot(), 7);
  const auto config = wire::AoeConfigView::parse(Bytes(first.packet).subspan(10));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->sectors(), 2) << "what 1500 octets carry";
  EXPECT_GE(config->buffers(), 16);
  EXPECT_TRUE(config->string().empty());
}

TEST_F(Protocol, OneDiskIsAskedForByItsAddress) {
  EXPECT_EQ(machine.queries(), Outcome::aoe_discovered);
  EXPECT_EQ(machine.hears().aoe().slot(), 1);
  machine.hears_nothing();
  Machine stranger(target, 2, {9, 9});
  EXPECT_EQ(stranger.queries(), Outcome::aoe_other_target);
  EXPECT_EQ(stranger.identifies(), Outcome::aoe_other_target);
  EXPECT_EQ(stranger.asks(wire::AoeCommand::reserve, {0, 0}), Outcome::aoe_other_target);
}

TEST_F(Protocol, AnswersGoOutWithTheTagOfTheirVlan) {
  machine.station = 1;
  EXPECT_EQ(machine.reads(0), Outcome::aoe_read);
  EXPECT_EQ(machine.hears().vlan, 20);
}

TEST_F(Protocol, ConfigStringIsEmptyAndStaysSo) {
  EXPECT_EQ(machine.queries(false, Operation::test), Outcome::aoe_discovered);
  machine.hears();
  EXPECT_EQ(machine.queries(false, Operation::test_prefix), Outcome::aoe_discovered);
  machine.hears();
  EXPECT_EQ(machine.queries(false, Operation::test, "x"), Outcome::aoe_config_differs);
  machine.hears_nothing();
  for (const Operation operation : {Operation::set, Operation::force}) {
    EXPECT_EQ(machine.queries(false, operation, "mine"), Outcome::aoe_change_refused);
    EXPECT_TRUE(machine.hears().aoe().is_error());
  }
}

TEST_F(Protocol, DiscoveryHasARate) {
  const std::uint32_t limit = DisksConfig{}.discoveries_per_second;
  for (std::uint32_t i = 0; i < limit; ++i) {
    ASSERT_EQ(machine.queries(true), Outcome::aoe_discovered);
    target.sent.clear();
  }
  EXPECT_EQ(machine.queries(true), Outcome::aoe_discovery_over_rate);
  EXPECT_EQ(machine.queries(), Outcome::aoe_discovered) << "one answer for one question";
  target.pass(1s);
  EXPECT_EQ(machine.queries(true), Outcome::aoe_discovered);
}

TEST_F(Protocol, IdentityTellsWhatInitiatorsLookFor) {
  EXPECT_EQ(machine.identifies(), Outcome::aoe_identified);
  const Answer answer = machine.hears();
  EXPECT_EQ(answer.status(), wire::kAtaReady);
  const Octets identity = answer.data();
  ASSERT_EQ(identity.size(), 512U);
  const auto word = [&](std::size_t n) { return identity[2 * n] | identity[2 * n + 1] << 8; };
  EXPECT_EQ(word(60) | word(61) << 16, static_cast<int>(kSectors));
  EXPECT_EQ(word(100), static_cast<int>(kSectors));
  EXPECT_NE(word(49) & 1 << 9, 0) << "LBA";
  EXPECT_NE(word(83) & 1 << 10, 0) << "48-bit addresses supported";
  EXPECT_NE(word(86) & 1 << 10, 0) << "and enabled";
  EXPECT_EQ(word(85) & 1 << 5, 0) << "nothing is lost in a cache";
  std::string model;
  for (std::size_t i = 0; i < 40; ++i) model += static_cast<char>(identity[54 + (i ^ 1)]);
  EXPECT_TRUE(model.starts_with("reveille"));
  ASSERT_EQ(target.told(EventKind::disk_opened).size(), 1U);
  EXPECT_EQ(target.told(EventKind::disk_opened)[0].bytes, kSectors * 512);
  EXPECT_TRUE(target.told(EventKind::disk_opened)[0].text().starts_with("e0.1 "));
}

TEST_F(Protocol, ReadsLeaveInPlace) {
  EXPECT_EQ(machine.reads(5, 2), Outcome::aoe_read);
  const Answer answer = machine.hears();
  EXPECT_TRUE(answer.in_place);
  EXPECT_EQ(answer.data(), part(5, 2));
  // 28-bit addresses: what is above is the device register's.
  EXPECT_EQ(machine.ata(0x20, 0x40000000 | 7, 1), Outcome::aoe_read);
  EXPECT_EQ(machine.hears().data(), part(7, 1));
  EXPECT_EQ(machine.reads(kSectors - 1), Outcome::aoe_read);
  EXPECT_EQ(machine.hears().data(), part(kSectors - 1, 1));
}

TEST_F(Protocol, WhatDoesNotFitIsRefused) {
  for (const std::uint8_t sectors : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}}) {
    EXPECT_EQ(machine.reads(0, sectors), Outcome::aoe_bad_argument);
    const Answer answer = machine.hears();
    EXPECT_TRUE(answer.aoe().is_error());
    EXPECT_EQ(answer.aoe().error(), wire::AoeError::bad_argument);
  }
  EXPECT_EQ(machine.ata(0x34, 0, 2, Octets(1023), 0x41), Outcome::aoe_bad_argument);
  machine.hears();
  EXPECT_EQ(machine.holds(0), part(0, 1)) << "half a write is none";
}

TEST_F(Protocol, PastTheEndIsAnAtaError) {
  for (const std::uint64_t lba :
       {kSectors - 1, kSectors, std::uint64_t{1} << 40, (std::uint64_t{1} << 48) - 1}) {
    EXPECT_EQ(machine.reads(lba, 2), Outcome::aoe_past_end);
    const Answer answer = machine.hears();
    EXPECT_FALSE(answer.aoe().is_error());
    EXPECT_EQ(answer.status(), wire::kAtaReady | wire::kAtaError);
    EXPECT_EQ(answer.error(), wire::kAtaIdNotFound);
    EXPECT_EQ(answer.packet.size(), 22U);
    EXPECT_EQ(machine.writes(lba, Octets(1024)), Outcome::aoe_past_end);
    machine.hears();
  }
}

TEST_F(Protocol, OtherCommands) {
  EXPECT_EQ(machine.flushes(), Outcome::aoe_flushed);
  EXPECT_EQ(machine.hears().status(), wire::kAtaReady);
  EXPECT_EQ(machine.ata(0xe5), Outcome::aoe_ata_other);
  EXPECT_EQ(machine.hears().ata().sectors(), 0xff) << "active";
  EXPECT_EQ(machine.ata(0xb0, 0xc24f00, 0, {}, 0, 0xda), Outcome::aoe_ata_other);
  EXPECT_EQ(machine.hears().ata().lba(), 0xc24f00U) << "SMART: all is well";
  EXPECT_EQ(machine.ata(0xb0, 0, 0, {}, 0, 0xda), Outcome::aoe_ata_unknown) << "without the key";
  machine.hears();
  EXPECT_EQ(machine.ata(0x99), Outcome::aoe_ata_unknown);
  EXPECT_EQ(machine.hears().error(), wire::kAtaAborted);
}

TEST_F(Protocol, ReadOnlyDiskTakesNoWrites) {
  Machine other(target, 1, {3, 7});
  EXPECT_EQ(other.writes(0, pattern(512, 9)), Outcome::aoe_write_refused);
  EXPECT_EQ(other.hears().error(), wire::kAtaAborted);
  EXPECT_EQ(other.holds(0), part(0, 1));
}

TEST_F(Protocol, NonsenseIsNamed) {
  EXPECT_EQ(machine.asks(wire::AoeCommand::ata, {}, 2), Outcome::aoe_wrong_version);
  EXPECT_EQ(machine.hears().aoe().error(), wire::AoeError::unsupported_version);
  EXPECT_EQ(machine.asks(static_cast<wire::AoeCommand>(0xf0), {}), Outcome::aoe_unknown_command);
  EXPECT_EQ(machine.hears().aoe().error(), wire::AoeError::unrecognized_command);
  EXPECT_EQ(machine.asks(wire::AoeCommand::ata, Octets(11)), Outcome::aoe_malformed);
  EXPECT_EQ(machine.asks(wire::AoeCommand::query_config, {0, 0, 0, 0, 0, 0, 0, 1}),
            Outcome::aoe_malformed);
  EXPECT_EQ(machine.asks(wire::AoeCommand::mac_mask, {0, 0, 0, 1}), Outcome::aoe_malformed);
  EXPECT_EQ(machine.asks(wire::AoeCommand::reserve, {0, 2, 1, 2, 3}), Outcome::aoe_malformed);
  EXPECT_EQ(target.receive(machine.mac, Octets(9)), Outcome::aoe_malformed);
  const Octets response{0x18, 0, 0, 0, 1, 0, 0, 0, 0, 0};
  EXPECT_EQ(target.receive(machine.mac, response), Outcome::aoe_reply_received);
  machine.hears_nothing();
}

TEST_F(Protocol, WithoutReplyBuffersNothingIsWritten) {
  EXPECT_EQ(machine.reads(0), Outcome::aoe_read);
  machine.hears();
  target.limit_replies(0);
  EXPECT_EQ(machine.writes(0, pattern(512, 9)), Outcome::reply_buffers_exhausted);
  EXPECT_EQ(machine.reads(0), Outcome::reply_buffers_exhausted);
  EXPECT_EQ(machine.identifies(), Outcome::reply_buffers_exhausted);
  EXPECT_EQ(machine.queries(), Outcome::reply_buffers_exhausted);
  target.limit_replies(8);
  EXPECT_EQ(machine.holds(0), part(0, 1));
}

TEST_F(Protocol, ChangesFromTheNetworkAreRefused) {
  const Octets edit = masks({{kAdd, machine.mac}});
  EXPECT_EQ(machine.asks(wire::AoeCommand::mac_mask, edit), Outcome::aoe_change_refused);
  EXPECT_EQ(machine.hears().packet[12], 1) << "unspecified error";
  const Octets reserve = reservation(1, {machine.mac});
  EXPECT_EQ(machine.asks(wire::AoeCommand::reserve, reserve), Outcome::aoe_change_refused);
  EXPECT_TRUE(machine.hears().aoe().is_error());
  EXPECT_EQ(machine.asks(wire::AoeCommand::reserve, {0, 0}), Outcome::aoe_reservation_answered);
  EXPECT_EQ(machine.hears().packet[11], 0) << "nobody";
  Machine other(target, 2);
  EXPECT_EQ(other.reads(0), Outcome::aoe_read);
}

class Named : public Protocol {
 protected:
  Named() : Protocol({*MacPattern::parse("52:54:00:00:00:01")}) {}
};

TEST_F(Named, StrangersHearNothing) {
  Machine stranger(target, 2);
  EXPECT_EQ(stranger.queries(true), Outcome::aoe_not_allowed);
  EXPECT_EQ(stranger.queries(), Outcome::aoe_not_allowed);
  EXPECT_EQ(stranger.identifies(), Outcome::aoe_not_allowed);
  EXPECT_EQ(stranger.reads(0), Outcome::aoe_not_allowed);
  EXPECT_EQ(stranger.asks(wire::AoeCommand::mac_mask, {0, 0, 0, 0}), Outcome::aoe_not_allowed);
  stranger.hears_nothing();
  EXPECT_EQ(machine.reads(0), Outcome::aoe_read);
  EXPECT_EQ(target.engine->clients(), 1U);
}

class Controlled : public Protocol {
 protected:
  Controlled() : Protocol({}, true) {}
  Machine other{target, 2};
};

TEST_F(Controlled, MaskListShutsOthersOut) {
  EXPECT_EQ(other.reads(0), Outcome::aoe_read);
  other.hears();
  EXPECT_EQ(
      machine.asks(wire::AoeCommand::mac_mask, masks({{kAdd, machine.mac}, {kAdd, machine.mac}})),
      Outcome::aoe_masks_answered);
  const Octets list = machine.hears().packet;
  EXPECT_EQ(list[13], 1) << "once";
  EXPECT_EQ(MacAddress::from(&list[16]), machine.mac);
  EXPECT_EQ(other.reads(0), Outcome::aoe_not_allowed);
  EXPECT_EQ(other.asks(wire::AoeCommand::mac_mask, masks({{kAdd, other.mac}})),
            Outcome::aoe_not_allowed);
  EXPECT_EQ(machine.asks(wire::AoeCommand::mac_mask, masks({{kRemove, machine.mac}})),
            Outcome::aoe_masks_answered);
  machine.hears();
  EXPECT_EQ(other.reads(0), Outcome::aoe_read) << "an empty list is for all";
}

TEST_F(Controlled, MaskListSaysWhatIsWrong) {
  EXPECT_EQ(machine.asks(wire::AoeCommand::mac_mask,
                         masks({{static_cast<wire::AoeMaskView::Directive>(9), machine.mac}})),
            Outcome::aoe_change_refused);
  EXPECT_EQ(machine.hears().packet[12], 2) << "bad directive";
  for (unsigned i = 0; i < MachineList::kMax; ++i) {
    const MacAddress mac{{2, 0, 0, 0, 1, static_cast<std::uint8_t>(i)}};
    const auto who = i == 0 ? machine.mac : mac;
    ASSERT_EQ(machine.asks(wire::AoeCommand::mac_mask, masks({{kAdd, who}})),
              Outcome::aoe_masks_answered);
    machine.hears();
  }
  EXPECT_EQ(machine.asks(wire::AoeCommand::mac_mask, masks({{kAdd, other.mac}})),
            Outcome::aoe_change_refused);
  EXPECT_EQ(machine.hears().packet[12], 3) << "full";
}

TEST_F(Controlled, ReservationIsForThoseItNames) {
  EXPECT_EQ(machine.asks(wire::AoeCommand::reserve, reservation(1, {machine.mac})),
            Outcome::aoe_reservation_answered);
  const Octets list = machine.hears().packet;
  EXPECT_EQ(list[11], 1);
  EXPECT_EQ(MacAddress::from(&list[12]), machine.mac);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(other.reads(0), Outcome::aoe_reserved);
    EXPECT_EQ(other.hears().aoe().error(), wire::AoeError::target_is_reserved);
  }
  EXPECT_EQ(other.asks(wire::AoeCommand::reserve, reservation(1, {other.mac})),
            Outcome::aoe_reserved);
  other.hears();
  EXPECT_EQ(machine.reads(0), Outcome::aoe_read);
  machine.hears();
  EXPECT_EQ(other.asks(wire::AoeCommand::reserve, reservation(2, {other.mac})),
            Outcome::aoe_reservation_answered)
      << "by force";
  other.hears();
  EXPECT_EQ(machine.reads(0), Outcome::aoe_reserved);
  machine.hears();
  EXPECT_EQ(other.asks(wire::AoeCommand::reserve, reservation(1, {})),
            Outcome::aoe_reservation_answered)
      << "released";
  other.hears();
  EXPECT_EQ(machine.reads(0), Outcome::aoe_read);
}

TEST(ManyDisks, OneQueryFindsThemAll) {
  constexpr std::size_t kDisks = 200;
  DiskFolder folder;
  const std::string file = folder.write("disk", pattern(512));
  std::vector<DiskConfig> disks(kDisks, shared_disk(file));
  for (std::size_t i = 0; i < kDisks; ++i) {
    disks[i].address =
        DiskAddress{static_cast<std::uint16_t>(i / 100), static_cast<std::uint8_t>(i % 100)};
  }
  Target target(config_of(disks));
  Machine machine(target, 1);
  EXPECT_EQ(machine.queries(true), Outcome::aoe_discovered);
  EXPECT_EQ(target.sent.size(), kRepliesPerRequest);
  target.limit_replies(50);
  target.pass(10ms);
  std::set<std::pair<std::uint16_t, std::uint8_t>> found;
  for (const Answer& answer : target.sent) {
    found.emplace(answer.aoe().shelf(), answer.aoe().slot());
  }
  EXPECT_EQ(found.size(), kDisks);
  EXPECT_EQ(target.sent.size(), kDisks) << "each once";
}

TEST(WithoutDisks, NobodyIsHome) {
  DiskFolder folder;
  Target target(config_of({shared_disk(folder.write("disk", pattern(512)))}));
  target.snapshot.disks.reset();
  Machine machine(target, 1);
  EXPECT_EQ(machine.queries(true), Outcome::aoe_other_target);
  EXPECT_EQ(machine.reads(0), Outcome::aoe_other_target);
}

}  // namespace
}  // namespace reveille::test
