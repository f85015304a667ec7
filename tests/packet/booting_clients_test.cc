#include "packet/booting_clients.h"

#include <deque>
#include <random>

#include <gtest/gtest.h>

namespace reveille {
namespace {

MacAddress client(std::uint32_t number) {
  MacAddress mac{{0x52, 0x54}};
  for (std::size_t i = 0; i < 4; ++i) {
    mac.octets[5 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return mac;
}
constexpr Instant kStart{1h};

TEST(BootingClients, RemembersForAMinute) {
  BootingClients booting(4, 1);
  EXPECT_FALSE(booting.is_booting(client(1), kStart));
  booting.saw(client(1), kStart);
  EXPECT_TRUE(booting.is_booting(client(1), kStart));
  EXPECT_TRUE(booting.is_booting(client(1), kStart + 60s - 1ns));
  EXPECT_FALSE(booting.is_booting(client(1), kStart + 60s));
  EXPECT_FALSE(booting.is_booting(client(2), kStart));
  booting.saw(client(1), kStart + 90s);
  EXPECT_TRUE(booting.is_booting(client(1), kStart + 149s));
}

TEST(BootingClients, ForgetsTheOneNotSeenForLongest) {
  BootingClients booting(3, 1);
  for (const std::uint32_t number : {1U, 2U, 3U}) booting.saw(client(number), kStart);
  booting.saw(client(1), kStart + 1s);
  booting.saw(client(4), kStart + 2s);
  EXPECT_TRUE(booting.is_booting(client(1), kStart + 2s));
  EXPECT_FALSE(booting.is_booting(client(2), kStart + 2s));
  EXPECT_TRUE(booting.is_booting(client(3), kStart + 2s));
  EXPECT_TRUE(booting.is_booting(client(4), kStart + 2s));
}

TEST(BootingClients, HasRoomForOneAtLeast) {
  BootingClients booting(0, 1);
  booting.saw(client(1), kStart);
  booting.saw(client(2), kStart);
  EXPECT_FALSE(booting.is_booting(client(1), kStart));
  EXPECT_TRUE(booting.is_booting(client(2), kStart));
}

TEST(BootingClients, AgreesWithAListInAStorm) {
  constexpr std::size_t kCapacity = 50;
  BootingClients booting(kCapacity, 7);
  std::deque<std::pair<std::uint32_t, Instant>> model;  // oldest first
  std::mt19937 random(1);
  Instant now = kStart;
  for (int step = 0; step < 20000; ++step) {
    now += std::chrono::milliseconds{random() % 3000};
    const auto number = static_cast<std::uint32_t>(random() % 80);
    std::erase_if(model, [&](const auto& entry) { return entry.first == number; });
    model.emplace_back(number, now);
    if (model.size() > kCapacity) model.pop_front();
    booting.saw(client(number), now);
    const auto asked = static_cast<std::uint32_t>(random() % 80);
    const bool expected = std::any_of(model.begin(), model.end(), [&](const auto& entry) {
      return entry.first == asked && now - entry.second < 60s;
    });
    ASSERT_EQ(booting.is_booting(client(asked), now), expected) << step;
  }
}

}  // namespace
}  // namespace reveille
