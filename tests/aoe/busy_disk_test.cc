// Disks that are slow, that fail, and clients that ask for too much of them.
#include <csignal>
#include <sys/resource.h>
#include <unistd.h>

#include "aoe/held_sync.h"
#include "aoe/shared_disk.h"

namespace reveille::test {
namespace {

constexpr std::uint8_t kFault = wire::kAtaReady | wire::kAtaDeviceFault | wire::kAtaError;
constexpr std::size_t kUnderWayMax = 64;  // as query config says

class OnePrivate : public Shared {
 protected:
  OnePrivate() {
    config_.disks[0].mode = DiskMode::exclusive;
    restart();
  }
};

// A machine that has written something, and syncs that a test holds or fails.
class Written : public InFile {
 protected:
  Written() {
    open(machine);
    machine.stores(0, pattern(512, 2));
  }

  HeldSync sync;
  Machine machine{*target, 1};
};

// ---- flushes

TEST_F(Written, FlushIsAnsweredWhenAllIsOnDisk) {
  sync.hold();
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  target->pass(50ms);
  std::this_thread::sleep_for(20ms);
  target->pass(50ms);
  machine.hears_nothing();
  sync.release();
  target->settle();
  EXPECT_EQ(machine.hears().status(), wire::kAtaReady);
  EXPECT_EQ(sync.calls(), 1U);
}

TEST_F(Written, FailedFlushStaysFailedUntilTheMachineBoots) {
  sync.fail_next(EIO);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  target->settle();
  EXPECT_EQ(machine.hears().status(), kFault);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_disk_failed) << "the kernel has forgotten the failure";
  EXPECT_EQ(machine.hears().status(), kFault);
  ASSERT_EQ(target->told(EventKind::disk_failed).size(), 1U);
  EXPECT_EQ(target->told(EventKind::disk_failed)[0].bytes, static_cast<std::uint64_t>(EIO));
  target->pass(1s);
  target->power_on(machine.mac);
  open(machine);
  EXPECT_EQ(machine.holds(0), part(0, 1));
}

class WrittenAndKept : public InFile {
 protected:
  WrittenAndKept() : InFile(true) {
    open(machine);
    machine.stores(0, pattern(512, 2));
  }

  HeldSync sync;
  Machine machine{*target, 1};
};

TEST_F(WrittenAndKept, FailedFlushDropsNothing) {
  sync.fail_next(EIO);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  target->settle();
  EXPECT_EQ(machine.hears().status(), kFault);
  target->pass(1s);
  target->power_on(machine.mac);
  open(machine);
  EXPECT_EQ(machine.holds(0), pattern(512, 2));
  EXPECT_TRUE(target->told(EventKind::disk_dropped).empty()) << "nor is it said to be";
}

TEST_F(OnePrivate, FailedFlushStaysFailed) {
  HeldSync sync;
  Machine machine(*target, 1);
  machine.stores(0, pattern(512, 2));
  sync.fail_next(ENOSPC);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  target->settle();
  EXPECT_EQ(machine.hears().status(), kFault);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_disk_failed);
  EXPECT_EQ(target->told(EventKind::disk_failed).size(), 1U);
}

// The limit on the size of files stands for a full disk.
TEST_F(OnePrivate, FailedWriteFailsTheDisk) {
  Machine machine(*target, 1);
  machine.stores(0, pattern(512, 2));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 512, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_EQ(machine.writes(8, pattern(512, 3)), Outcome::aoe_parked);
  target->settle();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(machine.hears().status(), kFault);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_disk_failed) << "not all that it wrote is there";
}

TEST_F(Written, OneSyncAnswersTheFlushesThatWaitForIt) {
  sync.hold();
  for (std::size_t i = 0; i < kUnderWayMax; ++i) {
    ASSERT_EQ(machine.flushes(), Outcome::aoe_parked);
  }
  EXPECT_EQ(machine.flushes(), Outcome::aoe_disk_busy);
  target->limit_replies(3);  // fewer than there are answers
  sync.release();
  target->settle();
  EXPECT_EQ(sync.calls(), 1U);
  EXPECT_EQ(target->sent.size(), kUnderWayMax);
  for (const Answer& answer : target->sent) EXPECT_EQ(answer.status(), wire::kAtaReady);
}

TEST_F(Written, FlushAfterAWriteHasASyncOfItsOwn) {
  sync.hold();
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  EXPECT_EQ(machine.writes(0, pattern(512, 3)), Outcome::aoe_parked);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  EXPECT_EQ(machine.flushes(), Outcome::aoe_parked);
  sync.release();
  target->settle();
  EXPECT_EQ(sync.calls(), 2U);
  EXPECT_EQ(target->sent.size(), 4U);
}

TEST_F(Written, FlushesThatWaitForAFailedSyncFail) {
  sync.hold();
  sync.fail_next(EIO);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(machine.flushes(), Outcome::aoe_parked);
  sync.release();
  target->settle();
  EXPECT_EQ(target->sent.size(), 3U);
  for (const Answer& answer : target->sent) EXPECT_EQ(answer.status(), kFault);
}

// ---- limits

class ReadFromFile : public InFile {
 protected:
  ReadFromFile() : InFile(false, 0) {
    config_.disk_limits.clients_max = 20;
    restart();
  }
};

TEST_F(ReadFromFile, OneClientMayNotTakeAllThatCanWait) {
  Machine greedy(*target, 1);
  Machine other(*target, 2);
  open(greedy);
  open(other);
  for (std::size_t i = 0; i < kUnderWayMax; ++i) ASSERT_EQ(greedy.reads(0), Outcome::aoe_parked);
  EXPECT_EQ(greedy.reads(0), Outcome::aoe_disk_busy);
  EXPECT_EQ(other.reads(8), Outcome::aoe_parked);
  target->settle();
  EXPECT_EQ(target->sent.size(), kUnderWayMax + 1);
  target->sent.clear();
  EXPECT_EQ(greedy.holds(0), part(0, 1));
}

TEST_F(ReadFromFile, TooMuchAtOnceIsShed) {
  constexpr unsigned kMachines = DiskIo::kTickets / kUnderWayMax;
  for (unsigned i = 0; i <= kMachines; ++i) {
    Machine machine(*target, i);
    open(machine);
  }
  for (unsigned i = 0; i < kMachines; ++i) {
    Machine machine(*target, i);
    for (std::size_t k = 0; k < kUnderWayMax; ++k) ASSERT_EQ(machine.reads(0), Outcome::aoe_parked);
  }
  Machine late(*target, kMachines);
  EXPECT_EQ(late.reads(0), Outcome::aoe_disk_busy);
  target->settle();
  EXPECT_EQ(target->sent.size(), DiskIo::kTickets);
  target->sent.clear();
  EXPECT_EQ(late.holds(0), part(0, 1));
}

// The soft limit, for as long as it lives.
class OpenFilesLimit {
 public:
  explicit OpenFilesLimit(rlim_t files) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit low{.rlim_cur = files, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~OpenFilesLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  OpenFilesLimit(const OpenFilesLimit&) = delete;
  OpenFilesLimit& operator=(const OpenFilesLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(InFile, WhoFindsNoDescriptorLeftIsTheOnlyOneWithAFault) {
  Machine first(*target, 1);
  Machine second(*target, 2);
  open(first);
  const int next = dup(0);  // the lowest that is free: that of the first one's overlay
  ASSERT_EQ(close(next), 0);
  {
    const OpenFilesLimit limit(static_cast<rlim_t>(next) + 1 + kDescriptorsKept);
    first.stores(0, pattern(512, 1));
    open(second);
    EXPECT_EQ(second.holds(0), part(0, 1)) << "who only reads needs none";
    EXPECT_EQ(second.writes(0, pattern(512)), Outcome::aoe_opening);
    target->settle();
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(second.reads(0), Outcome::aoe_disk_failed);
      EXPECT_EQ(second.hears().status(), kFault);
    }
    const auto problems = target->library->problems();
    ASSERT_EQ(problems.size(), 1U) << "told once";
    EXPECT_NE(problems[0].find("raise LimitNOFILE"), std::string::npos) << problems[0];
    EXPECT_EQ(first.holds(0), pattern(512, 1));
    first.stores(8, pattern(512, 2));
    const int others = dup(0);
    EXPECT_EQ(others, next + 1) << "the last ones are not for overlays";
    close(others);
  }
  target->pass(1s);
  target->power_on(second.mac);
  open(second);
  second.stores(0, pattern(512, 3));
  EXPECT_EQ(second.holds(0), pattern(512, 3)) << "once it has booted";
}

// ---- room for clients

TEST_F(Shared, OneWhoIsBusyDoesNotKeepTheSilentOnesInPlace) {
  Machine busy(*target, 1);
  busy.holds(0);
  for (unsigned i = 2; i <= 8; ++i) Machine(*target, i).holds(0);
  for (int minute = 0; minute < 11; ++minute) {
    target->pass(1min);
    busy.holds(0);
  }
  Machine late(*target, 99);
  EXPECT_EQ(late.holds(0), part(0, 1));
  const auto figures = target->engine->figures();
  EXPECT_EQ(std::ranges::count(figures, busy.mac, &DiskClient::client), 1);
}

TEST_F(Shared, WhatIsInMemoryIsNotTakenFromOneWhoIsSilent) {
  for (unsigned i = 1; i <= 8; ++i) Machine(*target, i).stores(0, pattern(512, i));
  target->pass(24h);
  Machine late(*target, 99);
  EXPECT_EQ(late.identifies(), Outcome::aoe_clients_full);
  EXPECT_EQ(Machine(*target, 1).holds(0), pattern(512, 1));
}

TEST_F(InFile, OneWhoIsSilentForLongMakesRoomAndFindsItsFileAgain) {
  for (unsigned i = 1; i <= 8; ++i) {
    Machine machine(*target, i);
    target->power_on(machine.mac);
    target->pass(1s);
    open(machine);
    machine.stores(0, pattern(512, i));
  }
  Machine late(*target, 99);
  EXPECT_EQ(late.identifies(), Outcome::aoe_clients_full) << "all were heard of lately";
  target->sent.clear();
  target->pass(11min);
  EXPECT_EQ(late.identifies(), Outcome::aoe_opening) << "the first one's file is being closed";
  late.hears_nothing();
  target->settle();
  EXPECT_EQ(late.identifies(), Outcome::aoe_identified);
  target->settle();
  target->sent.clear();
  EXPECT_EQ(late.holds(0), part(0, 1));
  Machine back(*target, 1);
  for (int i = 0; i < 2; ++i) open(back);  // the next one makes room for it
  EXPECT_EQ(back.holds(0), pattern(512, 1)) << "it was silent, and has not booted";
  target->power_on(back.mac);
  open(back);
  EXPECT_EQ(back.holds(0), part(0, 1));
}

}  // namespace
}  // namespace reveille::test
