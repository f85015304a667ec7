#include "control/config/value_text.h"

#include <gtest/gtest.h>

namespace reveille {
namespace {

TEST(Duration, HasAUnit) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("500 ms"), 500ms);
  EXPECT_EQ(parse_duration("10m"), 10min);
  EXPECT_EQ(parse_duration("10 min"), 10min);
  EXPECT_EQ(parse_duration(" 1h "), 1h);
  EXPECT_EQ(parse_duration("2d"), 48h);
}

TEST(Duration, RefusesTheRest) {
  for (const char* text : {"", "s", "90", "-1s", "1.5h", "1h30m", "1 week", "99999999999d",
                           "18446744073709551616s", "1s\n"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, IsWrittenInTheLargestExactUnit) {
  EXPECT_EQ(duration_text(3600s), "1h");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(48h), "2d");
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(Nanoseconds{7}), "7ns");
}

TEST(Size, HasBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("4 GiB"), std::uint64_t{4} << 30);
  EXPECT_EQ(parse_size("512MiB"), std::uint64_t{512} << 20);
  EXPECT_EQ(parse_size("100 kB"), 100'000U);
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("0"), 0U);
}

TEST(Size, RefusesTheRest) {
  for (const char* text : {"", "GiB", "-1", "1.5 GiB", "4 gigs", "9999999999 TiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Size, IsWrittenRoundedDown) {
  EXPECT_EQ(size_text(std::uint64_t{4} << 30), "4 GiB");
  EXPECT_EQ(size_text((std::uint64_t{35} << 20) + 1), "35 MiB");
  EXPECT_EQ(size_text(812), "812 B");
}

TEST(Pool, IsARangeOrOneAddress) {
  const auto range = parse_pool("10.77.1.0 - 10.77.255.254");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, Ipv4Address::of(10, 77, 1, 0));
  EXPECT_EQ(range->last, Ipv4Address::of(10, 77, 255, 254));
  EXPECT_EQ(pool_size(*range), 65279U);
  EXPECT_EQ(pool_text(*range), "10.77.1.0-10.77.255.254");
  const auto one = parse_pool("10.77.1.9");
  ASSERT_TRUE(one);
  EXPECT_EQ(pool_size(*one), 1U);
  EXPECT_EQ(pool_text(*one), "10.77.1.9");
}

TEST(Pool, RefusesTheRest) {
  for (const char* text : {"", "-", "10.77.1.0-", "-10.77.1.0", "10.77.1.0-300.1.1.1",
                           "10.77.1.0/24", "10.77.1.0-10.77.1.9-10.77.2.0"}) {
    EXPECT_FALSE(parse_pool(text)) << text;
  }
}

TEST(Hex, TakesTheUsualSeparators) {
  const std::vector<std::uint8_t> octets{0x01, 0xab, 0xFF};
  EXPECT_EQ(parse_hex("01:ab:FF"), octets);
  EXPECT_EQ(parse_hex("01-ab-ff"), octets);
  EXPECT_EQ(parse_hex("01 ab ff"), octets);
  EXPECT_EQ(parse_hex("01abff"), octets);
}

TEST(Hex, RefusesTheRest) {
  for (const char* text : {"", "0", "0x01", "01:", ":01", "01::02", "0g", "01:2"}) {
    EXPECT_FALSE(parse_hex(text)) << text;
  }
}

TEST(Count, IsGroupedByThousands) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(65279), "65 279");
  EXPECT_EQ(count_text(1048576), "1 048 576");
}

}  // namespace
}  // namespace reveille
