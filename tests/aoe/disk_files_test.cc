// Overlays in files, private disks, and bases that are not in memory.
#include <filesystem>
#include <sys/stat.h>

#include "aoe/shared_disk.h"

namespace reveille::test {
namespace {

TEST_F(InFile, EachSeesItsOwnWrites) {
  Machine first(*target, 1);
  Machine second(*target, 2);
  EXPECT_EQ(first.reads(0), Outcome::aoe_opening);
  first.hears_nothing();
  open(first);
  open(second);
  check_contents(first);
  EXPECT_EQ(second.holds(0, 2), part(0, 2));
  check_contents(second);
  EXPECT_EQ(folder.read("disk"), bytes);
}

TEST_F(InFile, FullOverlayIsOneClientsTrouble) {
  Machine machine(*target, 1);
  open(machine);
  Machine other(*target, 2);
  open(other);
  check_full(machine);
}

TEST_F(InFile, WhoOnlyReadsCostsNoFile) {
  const auto files = [this] {
    return std::distance(std::filesystem::directory_iterator(folder.path()), {});
  };
  const auto before = files();
  Machine machine(*target, 1);
  open(machine);
  EXPECT_EQ(machine.holds(0), part(0, 1));
  EXPECT_EQ(machine.flushes(), Outcome::aoe_flushed);
  EXPECT_EQ(files(), before);
  for (unsigned i = 0; i < 30; ++i) {  // nor do visitors keep others out
    Machine visitor(*target, 10 + i);
    open(visitor);
  }
  EXPECT_EQ(files(), before);
  EXPECT_EQ(target->engine->clients(), 8U);
  target->sent.clear();
  machine.hears_nothing();
  EXPECT_EQ(machine.writes(0, pattern(512)), Outcome::aoe_opening);
  target->settle();
  EXPECT_EQ(files(), before + 1);
}

TEST_F(InFile, OutlivesTheServer) {
  Machine machine(*target, 1);
  open(machine);
  machine.stores(15, pattern(1024, 2));
  restart();
  Machine again(*target, 1);
  open(again);
  EXPECT_EQ(again.holds(15, 2), pattern(1024, 2)) << "it runs on, and has not booted";
  again.stores(80, pattern(512, 3));
  EXPECT_EQ(again.holds(15, 2), pattern(1024, 2));
  EXPECT_EQ(again.holds(80), pattern(512, 3));
}

TEST_F(InFile, BootDropsWhatWasWritten) {
  Machine machine(*target, 1);
  open(machine);
  machine.stores(0, pattern(512, 2));
  target->pass(1s);
  target->power_on(machine.mac);
  open(machine);
  EXPECT_EQ(machine.holds(0), part(0, 1));
  machine.stores(0, pattern(512, 3));
  restart();
  target->power_on(machine.mac);
  Machine again(*target, 1);
  open(again);
  EXPECT_EQ(again.holds(0), part(0, 1));
}

TEST_F(InFile, ManyRequestsAtOnceHappenInOrder) {
  Machine machine(*target, 1);
  open(machine);
  machine.stores(0, pattern(512));
  for (std::uint32_t i = 0; i < 60; ++i) {
    ASSERT_EQ(machine.writes(i % 3, pattern(512, i)), Outcome::aoe_parked);
  }
  EXPECT_EQ(machine.reads(0, 2), Outcome::aoe_parked) << "behind the writes";
  target->settle();
  Octets expected = pattern(512, 57);
  const Octets second = pattern(512, 58);
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(target->sent.size(), 61U);
  EXPECT_EQ(target->sent.back().data(), expected);
}

TEST_F(InFile, OverlayThatCannotBeOpenedIsAFault) {
  mkdir(overlay_path(config_.disks[0], Machine(*target, 1).mac).c_str(), 0700);
  Machine machine(*target, 1);
  open(machine);
  EXPECT_EQ(machine.reads(0), Outcome::aoe_disk_failed);
  EXPECT_EQ(machine.hears().status(), wire::kAtaReady | wire::kAtaDeviceFault | wire::kAtaError);
  EXPECT_EQ(target->library->problems().size(), 1U);
  Machine other(*target, 2);
  open(other);
  EXPECT_EQ(other.holds(0), part(0, 1));
}

class Kept : public InFile {
 protected:
  Kept() : InFile(true) {}
};

TEST_F(Kept, BootFindsWhatWasWritten) {
  Machine machine(*target, 1);
  open(machine);
  machine.stores(0, pattern(512, 2));
  target->pass(1s);
  target->power_on(machine.mac);
  open(machine);
  EXPECT_EQ(machine.holds(0), pattern(512, 2));
  restart();
  target->power_on(machine.mac);
  Machine again(*target, 1);
  open(again);
  EXPECT_EQ(again.holds(0), pattern(512, 2));
}

class FromFile : public InFile {
 protected:
  FromFile() : InFile(false, 0) {}
};

TEST_F(FromFile, BytesThatAreNotInMemoryAreWaitedFor) {
  Machine machine(*target, 1);
  open(machine);
  EXPECT_EQ(machine.reads(0, 2), Outcome::aoe_parked);
  target->settle();
  EXPECT_EQ(machine.hears().data(), part(0, 2));
  check_contents(machine);
}

TEST_F(FromFile, FileThatWasCutShortIsAnAtaError) {
  Machine machine(*target, 1);
  open(machine);
  std::filesystem::resize_file(folder.path("disk"), 512 * 10);
  EXPECT_EQ(machine.reads(20), Outcome::aoe_parked);
  target->settle();
  const Answer answer = machine.hears();
  EXPECT_EQ(answer.status(), wire::kAtaReady | wire::kAtaDeviceFault | wire::kAtaError);
  EXPECT_EQ(answer.error(), wire::kAtaUncorrectable);
  EXPECT_EQ(machine.holds(8), part(8, 1)) << "what is there is served on";
}

class Private : public Shared {
 protected:
  Private() {
    config_.disks[0].mode = DiskMode::exclusive;
    restart();
  }
};

TEST_F(Private, WritesGoToTheImage) {
  Machine machine(*target, 1);
  machine.stores(15, pattern(1024, 2));
  EXPECT_EQ(machine.holds(15, 2), pattern(1024, 2));
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  target->settle();
  EXPECT_EQ(machine.hears().status(), wire::kAtaReady);
  const Octets image = folder.read("disk");
  EXPECT_EQ(Octets(image.begin() + 15 * 512, image.begin() + 17 * 512), pattern(1024, 2));
}

TEST_F(Private, SecondClientIsRefusedWhileTheFirstIsThere) {
  Machine first(*target, 1);
  Machine second(*target, 2);
  first.stores(0, pattern(512, 2));
  EXPECT_EQ(second.identifies(), Outcome::aoe_private_taken);
  EXPECT_EQ(second.hears().aoe().error(), wire::AoeError::device_unavailable);
  EXPECT_EQ(second.writes(0, pattern(512, 3)), Outcome::aoe_private_taken);
  second.hears();
  EXPECT_EQ(first.holds(0), pattern(512, 2));
  ASSERT_FALSE(target->told(EventKind::disk_refused).empty());
  EXPECT_EQ(target->told(EventKind::disk_refused)[0].outcome, Outcome::aoe_private_taken);
  for (int minute = 0; minute < 6; ++minute) {  // Linux, with the disk closed
    target->pass(1min);
    EXPECT_EQ(first.identifies(), Outcome::aoe_identified);
    first.hears();
    EXPECT_EQ(first.flushes(), Outcome::aoe_parked);
    target->settle();
    first.hears();
  }
  EXPECT_EQ(second.holds(0), pattern(512, 2)) << "the first one does nothing with it";
  EXPECT_EQ(first.reads(0), Outcome::aoe_private_taken) << "and comes too late";
}

TEST_F(Private, WhoLooksAtADiskHasNotTakenIt) {
  Machine passer(*target, 1);
  Machine owner(*target, 2);
  EXPECT_EQ(passer.identifies(), Outcome::aoe_identified);
  passer.hears();
  EXPECT_EQ(passer.ata(0xe5), Outcome::aoe_ata_other);
  passer.hears();
  owner.stores(0, pattern(512, 2));
  EXPECT_EQ(passer.identifies(), Outcome::aoe_private_taken);
  EXPECT_EQ(passer.reads(0), Outcome::aoe_private_taken);
  EXPECT_EQ(owner.holds(0), pattern(512, 2));
}

TEST_F(Private, ReadsComeAfterTheWritesBeforeThem) {
  Machine machine(*target, 1);
  machine.stores(0, pattern(512));
  for (std::uint32_t round = 0; round < 40; ++round) {
    for (std::uint32_t i = 0; i < 30; ++i) {
      ASSERT_EQ(machine.writes(i % 3, pattern(512, 100 * round + i)), Outcome::aoe_parked);
    }
    ASSERT_EQ(machine.reads(2), Outcome::aoe_parked);
    target->settle();
    ASSERT_EQ(target->sent.size(), 31U);
    ASSERT_EQ(target->sent.back().data(), pattern(512, 100 * round + 29));
    target->sent.clear();
  }
}

class Absent : public Shared {
 protected:
  Absent() {
    target.reset();
    std::filesystem::remove(folder.path("disk"));
    start();
  }
};

TEST_F(Absent, DiskIsServedWhenItsFileAppears) {
  Machine machine(*target, 1);
  EXPECT_EQ(machine.queries(true), Outcome::aoe_other_target);
  EXPECT_EQ(machine.identifies(), Outcome::aoe_other_target);
  folder.write("disk", bytes);
  ASSERT_TRUE(target->publish_new_versions());
  machine.stores(8, pattern(512, 2));
  EXPECT_EQ(machine.holds(0), part(0, 1));
}

}  // namespace
}  // namespace reveille::test
