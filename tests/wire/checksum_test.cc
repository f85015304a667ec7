#include <random>

#include <gtest/gtest.h>

#include <reveille/wire/checksum.h>

#include "vectors/vectors.h"

namespace reveille::wire {
namespace {

// RFC 1071 4.1, word by word.
std::uint16_t slow_sum(Bytes bytes) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    total += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    total = (total & 0xffff) + (total >> 16);
  }
  return static_cast<std::uint16_t>(total);
}

TEST(Checksum, ExampleOfRfc1071) {
  const Octets example{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(sum(example), 0xddf2);
}

TEST(Checksum, AgreesWithTheDefinitionAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  Octets bytes(400);
  for (std::uint8_t& octet : bytes) octet = static_cast<std::uint8_t>(random());
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t length = 0; length + from <= bytes.size(); ++length) {
      const Bytes part = Bytes{bytes}.subspan(from, length);
      ASSERT_EQ(sum(part), slow_sum(part)) << from << "+" << length;
    }
  }
}

TEST(Checksum, LosesNoCarry) {
  const Octets ones(65535, 0xff);
  EXPECT_EQ(sum(ones), slow_sum(ones));
}

// What is made in fewer steps is what the long way makes, at both ends of the numbers too.
TEST(Checksum, ShortWaysAgreeWithTheLongOnes) {
  std::mt19937 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t number = i < 70'000 ? static_cast<std::uint32_t>(random())
                                            : 0xffffffff - static_cast<std::uint32_t>(i - 70'000);
    ASSERT_EQ(fold32(number), fold(number)) << number;
    const auto one = static_cast<std::uint16_t>(number);
    const auto other = static_cast<std::uint16_t>(number >> 16);
    ASSERT_EQ(add(one, other), fold(std::uint64_t{one} + other)) << number;
  }
}

TEST(Checksum, TwentyOctetsSumUpWhenTheirSumSaysSo) {
  std::mt19937 random(3);
  Octets header(21);
  for (int round = 0; round < 20'000; ++round) {
    // Few different octets make carries that run all the way.
    for (std::uint8_t& octet : header) {
      octet = static_cast<std::uint8_t>(round % 2 == 0 ? random() : random() % 2 * 0xff);
    }
    const std::size_t from = round % 2;
    std::uint8_t* const at = &header[from];
    const Bytes twenty = Bytes{header}.subspan(from, 20);
    ASSERT_EQ(twenty_sum_up(at), sum(twenty) == 0xffff) << round;
    store_be16(at + 10, 0);
    store_be16(at + 10, static_cast<std::uint16_t>(~sum(twenty)));
    ASSERT_TRUE(twenty_sum_up(at)) << round;
    at[random() % 20] ^= static_cast<std::uint8_t>(1 + random() % 255);
    ASSERT_EQ(twenty_sum_up(at), sum(twenty) == 0xffff) << round;
  }
  std::fill(header.begin(), header.end(), std::uint8_t{0});
  EXPECT_FALSE(twenty_sum_up(header.data()));
  std::fill(header.begin(), header.end(), std::uint8_t{0xff});
  EXPECT_TRUE(twenty_sum_up(header.data()));
}

TEST(Checksum, PartsAddUpAlsoAtOddOffsets) {
  const Octets frame = captured("dnsmasq_data");
  for (std::size_t cut = 0; cut <= frame.size(); ++cut) {
    const Bytes head = Bytes{frame}.first(cut);
    const std::uint16_t tail = sum(Bytes{frame}.subspan(cut));
    ASSERT_EQ(add(sum(head), cut % 2 == 0 ? tail : at_odd_offset(tail)), sum(frame)) << cut;
  }
}

TEST(Checksum, CapturedHeadersSumToAllOnes) {
  const Octets frame = captured("ipxe_discover");
  const Bytes ip = Bytes{frame}.subspan(14, 20);
  EXPECT_EQ(sum(ip), 0xffff);
  const Bytes udp = Bytes{frame}.subspan(34);
  EXPECT_EQ(add(sum(udp), pseudo_header_sum(Ipv4Address::from(&ip[12]), Ipv4Address::from(&ip[16]),
                                            17, static_cast<std::uint16_t>(udp.size()))),
            0xffff);
}

}  // namespace
}  // namespace reveille::wire
