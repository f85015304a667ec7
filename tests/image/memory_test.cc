#include "image/memory.h"

#include <algorithm>
#include <sys/mman.h>
#include <vector>

#include <gtest/gtest.h>

#include "temp_folder.h"

namespace reveille {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

TEST(ImageMemory, SmallImagesShareARegionAtCacheLines) {
  ImageMemory memory{64 * kMiB};
  const auto a = memory.take(1000);
  const auto b = memory.take(1);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->region, b->region);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b->bytes.data()) % 64, 0U);
  EXPECT_GE(b->bytes.data(), a->bytes.data() + 1000);
  EXPECT_EQ(memory.use().total(), ImageMemory::kRegionSize);
}

// A device is given whole pages: two images in one page could not both be given to it.
TEST(ImageMemory, LargerImagesShareNoPage) {
  ImageMemory memory{64 * kMiB};
  std::uintptr_t free_from = 0;
  std::vector<ImageMemory::Room> rooms;
  for (const std::uint64_t size : {100, 20'000, 7, 16'384, 500'000, 16'383}) {
    rooms.push_back(*memory.take(size));
    const auto start = reinterpret_cast<std::uintptr_t>(rooms.back().bytes.data());
    EXPECT_EQ(rooms.back().region, rooms.front().region);
    EXPECT_GE(start, free_from) << size;
    const bool own_pages = size >= 4 * kPageSize;
    EXPECT_EQ(start % (own_pages ? kPageSize : 64), 0U) << size;
    free_from = own_pages ? (start + size + kPageSize - 1) / kPageSize * kPageSize : start + size;
  }
}

TEST(ImageMemory, ARegionGoesWithItsLastImage) {
  ImageMemory memory{64 * kMiB};
  auto small = memory.take(1000);
  auto large = memory.take(5 * kMiB);
  ASSERT_TRUE(small && large);
  EXPECT_NE(small->region, large->region);
  std::ranges::fill(large->bytes, std::uint8_t{0xa5});
  large.reset();
  EXPECT_EQ(memory.use().total(), ImageMemory::kRegionSize);
  small.reset();
  EXPECT_EQ(memory.use().total(), 0U);
  EXPECT_TRUE(memory.take(1000));
}

TEST(ImageMemory, ARegionOutlivesTheMemoryThatMadeIt) {
  std::optional<ImageMemory::Room> room;
  {
    ImageMemory memory{64 * kMiB};
    room = memory.take(3 * kMiB);
  }
  ASSERT_TRUE(room);
  std::ranges::fill(room->bytes, std::uint8_t{1});
  room.reset();
}

TEST(ImageMemory, TheLimitHolds) {
  ImageMemory memory{10 * kMiB};
  EXPECT_FALSE(memory.take(11 * kMiB));
  const auto most = memory.take(8 * kMiB);
  EXPECT_TRUE(most);
  EXPECT_FALSE(memory.take(3 * kMiB));
  EXPECT_TRUE(memory.take(100));
  EXPECT_FALSE(memory.take(~std::uint64_t{0}));
}

TEST(ImageMemory, ALimitOfNothingStillHoldsEmptyFiles) {
  ImageMemory memory{0};
  EXPECT_FALSE(memory.take(1));
  const auto empty = memory.take(0);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->bytes.empty());
}

TEST(ImageMemory, MemoryThatMayNotBeLockedIsPlain) {
  const test::AsNobody nobody;
  const test::NoLockedMemory none;
  if (const int probe = 0; mlock(&probe, sizeof probe) == 0) {
    GTEST_SKIP() << "mlock is a stand-in here that never refuses, as under a sanitizer";
  }
  ImageMemory memory{64 * kMiB};
  const auto room = memory.take(5 * kMiB);
  ASSERT_TRUE(room);
  EXPECT_EQ(memory.use()[MemoryKind::locked], 0U);
  std::ranges::fill(room->bytes, std::uint8_t{1});
}

}  // namespace
}  // namespace reveille
