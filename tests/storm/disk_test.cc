// Disk clients ask as they are told to, and see whatever is not as it should be.
#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "storm/disk_target.h"

namespace reveille::storm::test {
namespace {

DiskStormConfig of(std::uint32_t machines, std::uint8_t write_percent = 0) {
  DiskStormConfig config;
  config.machines = machines;
  config.depth = 4;
  config.write_percent = write_percent;
  config.write_sectors = 64;
  config.duration = 200ms;
  return config;
}

void expect_no_trouble(const DiskCounters& counters) {
  EXPECT_EQ(counters.wrong, 0U);
  EXPECT_EQ(counters.refused, 0U);
  EXPECT_EQ(counters.silent, 0U);
}

class EachOrder : public testing::TestWithParam<Order> {};
INSTANTIATE_TEST_SUITE_P(DiskStorm, EachOrder, testing::Values(Order::sequential, Order::random));

TEST(DiskPattern, EachOctetCounts) {
  std::array<std::uint8_t, 512> sector;
  fill_sector(pattern_number(7), sector.data());
  EXPECT_TRUE(is_filled(pattern_number(7), sector.data()));
  EXPECT_FALSE(is_filled(pattern_number(8), sector.data()));
  for (std::uint8_t& octet : sector) {
    octet ^= 0x10;
    EXPECT_FALSE(is_filled(pattern_number(7), sector.data()));
    octet ^= 0x10;
  }
  EXPECT_TRUE(is_filled(pattern_number(7), sector.data()));
  // Two words that have changed places, which a sum would not see.
  std::swap_ranges(sector.begin(), sector.begin() + 8, sector.begin() + 8);
  EXPECT_FALSE(is_filled(pattern_number(7), sector.data()));
}

TEST(DiskPattern, AnImageIsKnownByItsEnds) {
  const std::string path =
      testing::TempDir() + "reveille-pattern-" + std::to_string(getpid()) + ".img";
  ASSERT_TRUE(write_pattern_image(path, 10));
  const auto image = DiskImage::open(path);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->bytes().size(), 10 * 512U);
  EXPECT_TRUE(looks_like_pattern(image->bytes()));
  EXPECT_FALSE(looks_like_pattern(image->bytes().subspan(512)));
  EXPECT_FALSE(looks_like_pattern({}));
  std::filesystem::remove(path);
  EXPECT_EQ(write_pattern_image("/nowhere/at/all", 1).error(),
            "/nowhere/at/all cannot be written: No such file or directory");
}

TEST_P(EachOrder, EveryByteThatIsReadIsCompared) {
  DiskStormConfig config = of(3);
  config.order = GetParam();
  DiskLink link(config);
  link.run();
  EXPECT_TRUE(link.storm->finished());
  EXPECT_EQ(link.storm->machines(), 3U);
  // Four requests of each machine in each of ten turns a millisecond.
  EXPECT_GT(link.counters().reads, 3 * 4 * 1000U);
  EXPECT_GE(link.counters().compared, link.counters().bytes);
  EXPECT_EQ(link.counters().bytes, link.counters().reads * 1024);
  EXPECT_EQ(link.counters().repeated, 0U);
  expect_no_trouble(link.counters());
  link.target->bad_sector = 77;
  DiskLink bad(config);
  bad.target->bad_sector = 77;
  bad.run();
  EXPECT_GT(bad.counters().wrong, 0U);
  EXPECT_LT(bad.counters().wrong, bad.counters().reads / 10);
}

TEST_P(EachOrder, APatternIsComparedWithoutTheImage) {
  DiskStormConfig config = of(3, 20);
  config.order = GetParam();
  config.pattern = true;
  DiskLink link(config);
  link.run();
  EXPECT_GT(link.counters().reads, 1000U);
  EXPECT_GT(link.counters().writes, 1000U);
  expect_no_trouble(link.counters());
  DiskLink bad(config);
  bad.target->bad_sector = 977;
  bad.run();
  EXPECT_GT(bad.counters().wrong, 0U);
  // A target that confuses each two sectors.
  DiskLink moved(config);
  Octets swapped = moved.pattern;
  for (std::size_t at = 0; at < swapped.size(); at += 1024) {
    std::swap_ranges(&swapped[at], &swapped[at + 512], &swapped[at + 512]);
  }
  moved.target.emplace(swapped);
  moved.run();
  EXPECT_GT(moved.counters().wrong, moved.counters().reads / 2);
}

TEST_P(EachOrder, WritesAreReadBack) {
  DiskStormConfig config = of(3, 50);
  config.order = GetParam();
  DiskLink link(config);
  link.run();
  EXPECT_TRUE(link.storm->finished());
  EXPECT_GT(link.counters().writes, 1000U);
  expect_no_trouble(link.counters());
  ASSERT_EQ(link.target->written.size(), 3U);
  for (const auto& [client, sectors] : link.target->written) {
    EXPECT_EQ(sectors.size(), 64U) << "all of its part, and nothing else";
  }
  DiskLink bad(config);
  bad.target->loses_writes = true;
  bad.run();
  EXPECT_GE(bad.counters().wrong, 3 * 64U);
}

TEST(DiskStorm, LooksForWhatOthersWrote) {
  DiskStormConfig config = of(4, 30);
  {
    DiskLink apart(config);
    apart.target->shared = true;
    apart.run();
    expect_no_trouble(apart.counters());
  }
  config.isolated = true;
  DiskLink leaky(config);
  leaky.target->shared = true;
  leaky.run();
  EXPECT_GT(leaky.counters().wrong, 0U);
  DiskLink tight(config);
  tight.run();
  expect_no_trouble(tight.counters());
}

TEST(DiskStorm, LostFramesAreAskedForAgain) {
  DiskLink link(of(4, 30), 4096, {.loss = 0.02, .duplicate = 0.02, .reorder = 0.02});
  link.run();
  EXPECT_TRUE(link.storm->finished());
  EXPECT_GT(link.counters().repeated, 0U);
  EXPECT_GT(link.counters().stray, 0U) << "answers that came twice";
  expect_no_trouble(link.counters());
}

TEST(DiskStorm, NeverMoreRequestsThanTold) {
  DiskLink link(of(2));
  link.silent = true;
  link.run(400ms);
  EXPECT_EQ(link.sent.size(), 1U) << "who has the disk?";
  DiskLink other(of(2));
  other.run(3ms);
  const std::size_t before = other.sent.size();
  other.silent = true;
  const Instant begin = other.now;
  other.run(begin - Instant{} + 100ms);
  EXPECT_LE(other.sent.size() - before, 2 * 4U);
}

TEST(DiskStorm, TakesWhatTheTargetCarries) {
  DiskStormConfig config = of(1);
  config.sectors = 16;
  DiskLink link(config);
  link.target->sectors_max = 5;
  link.run();
  EXPECT_EQ(link.storm->sectors(), 5);
  EXPECT_EQ(link.counters().bytes, link.counters().reads * 5 * 512);
  expect_no_trouble(link.counters());
}

TEST(DiskStorm, SaysWhyThereIsNone) {
  DiskLink silent(of(1));
  silent.silent = true;
  silent.run();
  EXPECT_EQ(silent.storm->complaint(), "nobody answers for that disk");
  DiskLink other(of(1));
  other.target->sectors = 4095;
  other.run();
  EXPECT_EQ(other.storm->complaint(), "the disk is not as large as the image");
  DiskLink small(of(100, 1));
  EXPECT_EQ(small.storm->complaint(), "the disk is too small for what all machines write");
  EXPECT_TRUE(small.storm->finished());
}

TEST(DiskStorm, SilenceInTheMiddleIsCounted) {
  DiskLink link(of(2));
  link.run(50ms);
  link.silent = true;
  link.run();
  EXPECT_TRUE(link.storm->finished());
  EXPECT_EQ(link.counters().silent, 2U);
}

TEST(DiskStorm, RefusedWritesAreCountedAndChangeNothing) {
  DiskLink link(of(2, 50));
  link.target->read_only = true;
  link.run();
  EXPECT_GT(link.counters().refused, 100U);
  EXPECT_EQ(link.counters().writes, 0U);
  EXPECT_EQ(link.counters().wrong, 0U);
}

}  // namespace
}  // namespace reveille::storm::test
