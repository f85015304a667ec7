// Sessions by client and disk, and the guesses that save a search.
#include "aoe/session_table.h"

#include <gtest/gtest.h>

namespace reveille {
namespace {

constexpr MacAddress kClient{{0x52, 0x54, 0, 0, 0, 1}};
constexpr MacAddress kOther{{0x52, 0x54, 0, 0, 0, 2}};
constexpr DiskAddress kDisk{3, 1};

std::uint32_t place_of(const SessionTable& table, const MacAddress& client, DiskAddress address) {
  return table.prefetch_session(table.prefetch(client, address));
}

TEST(SessionTable, TheGuessIsTheSession) {
  SessionTable table(4, 7);
  EXPECT_EQ(place_of(table, kClient, kDisk), kNoIndex);
  const std::uint32_t index = table.begin(kClient, kDisk);
  EXPECT_EQ(place_of(table, kClient, kDisk), index);
  EXPECT_EQ(table.find(kClient, kDisk, index), index);
}

TEST(SessionTable, AGuessThatIsWrongFindsTheSameAsNone) {
  SessionTable table(4, 7);
  const std::uint32_t index = table.begin(kClient, kDisk);
  const std::uint32_t other = table.begin(kOther, kDisk);
  const std::uint32_t slot = table.begin(kClient, {kDisk.shelf, 2});
  for (const std::uint32_t place : {index, other, slot, 3U, 4U, 0x80000000U, kNoIndex}) {
    EXPECT_EQ(table.find(kClient, kDisk, place), index) << place;
    EXPECT_EQ(table.find(kOther, kDisk, place), other) << place;
    EXPECT_EQ(table.find(kClient, {kDisk.shelf, 2}, place), slot) << place;
    EXPECT_EQ(table.find(kOther, {9, 9}, place), kNoIndex) << place;
  }
}

// Between the guess and its use an earlier request of the burst may end the session.
TEST(SessionTable, ASessionThatHasEndedIsNotFoundByAGuess) {
  SessionTable table(1, 7);
  const std::uint32_t place = table.begin(kClient, kDisk);
  table.end(place);
  EXPECT_EQ(table.find(kClient, kDisk, place), kNoIndex);
  ASSERT_EQ(table.begin(kOther, kDisk), place);
  EXPECT_EQ(table.find(kClient, kDisk, place), kNoIndex);
  EXPECT_EQ(table.find(kOther, kDisk, place), place);
}

}  // namespace
}  // namespace reveille
