#include <array>

#include <gtest/gtest.h>

#include <reveille/event.h>

namespace reveille {
namespace {

TEST(Events, WhatHasNoRoomIsCountedAndNotWritten) {
  std::array<Event, 4> storage;
  Events events(storage);
  const auto add = [&](unsigned count) {
    for (unsigned i = 0; i < count; ++i) events.add(EventKind::dhcp_offered, Instant{});
    return events.all().size();
  };
  EXPECT_EQ(add(5), 4U);
  EXPECT_EQ(events.lost(), 1U);
  events.clear(2);  // whoever carries them on is nearly full
  EXPECT_EQ(add(3), 2U);
  EXPECT_EQ(events.lost(), 2U);
  events.clear(0);
  EXPECT_EQ(events.add(EventKind::dhcp_offered, Instant{}), nullptr);
  EXPECT_EQ(events.lost(), 3U);
  events.clear(100);
  EXPECT_EQ(add(5), 4U);
  events.clear();
  EXPECT_EQ(add(5), 4U);
  EXPECT_EQ(events.lost(), 5U);
}

}  // namespace
}  // namespace reveille
