// What a file is taken for, and what becomes of a disk whose file cannot be served.
#include "disk/disk_library.h"

#include <atomic>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aoe/target.h"

namespace reveille::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kSectors = 64;

class Library : public testing::Test {
 protected:
  Config config() { return config_of(disks); }
  DiskConfig& add(std::uint8_t slot, const std::string& name) {
    DiskConfig disk = shared_disk(folder.path(name));
    disk.address = DiskAddress{0, slot};
    disks.push_back(disk);
    return disks.back();
  }
  // True when a new version, or a disk for the first time, is there.
  static bool wait_for_news(DiskLibrary& library, Instant& now) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < end) {
      now += 1s;
      const auto news = library.poll(now);
      if (news && !news->replaced.empty()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  DiskFolder folder;
  std::vector<DiskConfig> disks;
};

TEST_F(Library, DiskThatIsNotThereTakesNothingFromTheOthers) {
  folder.write("one", pattern(kSectors * 512));
  add(1, "missing");
  add(2, "one");
  DiskLibrary library(config(), 1);
  ASSERT_TRUE(library.load());
  EXPECT_THAT(library.problems(),
              ElementsAre(testing::AllOf(HasSubstr("disk e0.1: "), HasSubstr("cannot be opened"),
                                         HasSubstr("; it is not served"))));
  EXPECT_THAT(library.problems(), IsEmpty()) << "once";
  ASSERT_EQ(library.disks()->all.size(), 1U);
  EXPECT_NE(library.disks()->find({0, 2}), nullptr);
  EXPECT_EQ(library.disks()->find({0, 1}), nullptr);
  ASSERT_EQ(library.disks()->unserved.size(), 1U);
  EXPECT_EQ(library.disks()->unserved[0].config.address, (DiskAddress{0, 1}));

  disks[0].clients = {*MacPattern::parse("52:54:00")};
  library.allow(disks);
  folder.write("missing", pattern(kSectors * 512, 2));
  Instant now{};
  ASSERT_TRUE(wait_for_news(library, now)) << "it is served as soon as it is there";
  EXPECT_TRUE(library.disks()->unserved.empty());
  const Disk* const appeared = library.disks()->find({0, 1});
  ASSERT_NE(appeared, nullptr);
  EXPECT_EQ(appeared->clients, disks[0].clients) << "as of the last reload";
}

TEST_F(Library, PrivateDiskThatAnotherProgramHasIsServedWhenThatEnds) {
  folder.write("own", pattern(kSectors * 512));
  add(1, "own").mode = DiskMode::exclusive;
  auto first = std::make_unique<DiskLibrary>(config(), 1);
  ASSERT_TRUE(first->load());
  DiskLibrary second(config(), 1);
  ASSERT_TRUE(second.load());
  EXPECT_THAT(second.problems(), ElementsAre(HasSubstr("another program has it open")));
  EXPECT_EQ(second.disks()->find({0, 1}), nullptr);
  Instant now{};
  for (int i = 0; i < 30; ++i) {
    const auto news = second.poll(now += 1s);
    EXPECT_FALSE(news) << "said once";
    std::this_thread::sleep_for(1ms);
  }
  first.reset();
  EXPECT_TRUE(wait_for_news(second, now));
  EXPECT_NE(second.disks()->find({0, 1}), nullptr);
}

TEST_F(Library, LoadThatIsInterruptedIsAnError) {
  folder.write("one", pattern(kSectors * 512));
  add(1, "one");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(DiskLibrary(config(), 1).load(stop.get_token()));
}

// ---- formats

Octets with_vhd_footer(std::uint32_t type) {
  Octets bytes = pattern(kSectors * 512);
  std::uint8_t* const footer = &bytes[(kSectors - 1) * 512];
  std::memcpy(footer, "conectix", 8);
  store_be64(footer + 48, (kSectors - 1) * 512);
  store_be32(footer + 60, type);
  return bytes;
}

class Formats : public Library {
 protected:
  // Its sectors; 0: it is not served, and `problem` says why.
  std::uint64_t sectors(const Octets& bytes, DiskMode mode, DiskFileFormat format) {
    folder.write("disk", bytes);
    disks.clear();
    DiskConfig& disk = add(1, "disk");
    disk.mode = mode;
    disk.format = format;
    Config all = config();
    all.disk_limits.work_folder = folder.path();
    DiskLibrary library(all, 1);
    EXPECT_TRUE(library.load());
    const Disk* const served = library.disks()->find({0, 1});
    problem = served != nullptr ? "" : library.disks()->unserved.at(0).problem;
    return served != nullptr ? served->base->sectors() : 0;
  }
  std::string problem;
};

TEST_F(Formats, WhatAClientWritesToAPrivateDiskNeverChangesWhatItIs) {
  Octets qcow2 = pattern(kSectors * 512);
  std::memcpy(qcow2.data(), "QFI\xfb\0\0\0\3", 8);
  for (const auto format : {DiskFileFormat::by_mode, DiskFileFormat::raw}) {
    EXPECT_EQ(sectors(qcow2, DiskMode::exclusive, format), kSectors) << problem;
    EXPECT_EQ(sectors(with_vhd_footer(2), DiskMode::exclusive, format), kSectors) << problem;
    EXPECT_EQ(sectors(with_vhd_footer(3), DiskMode::exclusive, format), kSectors) << problem;
  }
  Octets both = with_vhd_footer(2);
  std::copy_n(qcow2.begin(), 8, both.begin());
  EXPECT_EQ(sectors(both, DiskMode::exclusive, DiskFileFormat::fixed_vhd), kSectors - 1) << problem;
}

TEST_F(Formats, OtherDisksAreTakenForWhatTheyLookLike) {
  for (const auto mode : {DiskMode::shared, DiskMode::read_only}) {
    EXPECT_EQ(sectors(pattern(kSectors * 512), mode, DiskFileFormat::by_mode), kSectors);
    EXPECT_EQ(sectors(with_vhd_footer(2), mode, DiskFileFormat::by_mode), kSectors - 1);
    EXPECT_EQ(sectors(with_vhd_footer(2), mode, DiskFileFormat::raw), kSectors) << "but when told";
  }
  Octets qcow2(kSectors * 512);
  std::memcpy(qcow2.data(), "QFI\xfb", 4);  // and nothing behind it
  EXPECT_EQ(sectors(qcow2, DiskMode::shared, DiskFileFormat::by_mode), 0U);
  EXPECT_THAT(problem, HasSubstr("is a qcow2 image"));
}

TEST_F(Formats, WhatIsSaidToBeAVhdHasToBeOne) {
  EXPECT_EQ(sectors(pattern(kSectors * 512), DiskMode::shared, DiskFileFormat::fixed_vhd), 0U);
  EXPECT_THAT(problem, HasSubstr("is no VHD of fixed size"));
  EXPECT_EQ(sectors(with_vhd_footer(3), DiskMode::shared, DiskFileFormat::fixed_vhd), 0U);
  Octets lying = with_vhd_footer(2);
  store_be64(&lying[(kSectors - 1) * 512 + 48], kSectors * 512);
  EXPECT_EQ(sectors(lying, DiskMode::shared, DiskFileFormat::fixed_vhd), 0U);
  EXPECT_EQ(sectors(Octets(100), DiskMode::shared, DiskFileFormat::fixed_vhd), 0U);
}

// Each try may happen to fall between two changes; that no try sees one cannot be.
TEST_F(Library, FileThatChangesWhileItIsReadIsNoVersion) {
  folder.write("disk", Octets(std::size_t{16} << 20));
  const DiskConfig disk = add(1, "disk");
  std::atomic<bool> enough{false};
  std::thread changing([&] {
    for (long i = 0; !enough; ++i) {
      const timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 0},
                                 {.tv_sec = 1000 + i, .tv_nsec = 0}};
      utimensat(AT_FDCWD, folder.path("disk").c_str(), times, 0);
    }
  });
  std::string problem;
  for (int i = 0; i < 200 && problem.empty(); ++i) {
    ImageMemory memory(std::uint64_t{32} << 20);
    const auto opened = DiskBase::open(disk, folder.path(), memory, {});
    if (!opened) problem = opened.error();
  }
  enough = true;
  changing.join();
  EXPECT_EQ(problem, "was changed while it was read");
}

}  // namespace
}  // namespace reveille::test
