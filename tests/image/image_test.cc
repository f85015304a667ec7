#include "image/image.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <reveille/wire/checksum.h>

#include "memory_image.h"

namespace reveille {
namespace {

using test::make_image;

std::vector<std::uint8_t> random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<std::uint8_t> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// RFC 1071 as one would write it on paper.
std::uint16_t naive_sum(Bytes bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint64_t{bytes[i]} << 8 : bytes[i];
  }
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(sum);
}

// What a datagram would carry: two sums that are both zeros of ones' complement give one.
std::uint16_t datagram_checksum(std::uint16_t payload_sum) {
  const auto header = wire::pseudo_header_sum(Ipv4Address::of(10, 77, 0, 1),
                                              Ipv4Address::of(10, 77, 1, 5), 17, 1476);
  return static_cast<std::uint16_t>(~wire::add(header, payload_sum));
}

std::string hex(const std::array<std::uint8_t, 32>& hash) {
  std::string text;
  for (const unsigned byte : hash) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

TEST(Image, SumEqualsTheNaiveSumAtAnyOffsetAndLength) {
  const auto image = make_image("random", random_bytes(300'001, 1));
  std::mt19937 random{2};
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t offset = random() % (image->size() + 1);
    const auto length = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(random() % 9000, image->size() - offset));
    const auto expected = naive_sum(image->bytes().subspan(offset, length));
    ASSERT_EQ(datagram_checksum(image->sum(offset, length)), datagram_checksum(expected))
        << "offset " << offset << " length " << length;
  }
}

TEST(Image, SumIsExactForEveryShortRangeAroundABlockBorder) {
  const auto image = make_image("small", random_bytes(3 * PrefixSums::kBlockSize + 5, 3));
  for (std::uint64_t offset = 0; offset <= image->size(); ++offset) {
    for (std::uint32_t length = 0; offset + length <= image->size(); ++length) {
      const auto expected = naive_sum(image->bytes().subspan(offset, length));
      ASSERT_EQ(datagram_checksum(image->sum(offset, length)), datagram_checksum(expected))
          << "offset " << offset << " length " << length;
    }
  }
}

TEST(Image, SumOfZerosAndOfOnesIsAZeroOfOnesComplement) {
  for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{0xff}}) {
    const auto image = make_image("same", std::vector<std::uint8_t>(10'000, value));
    for (const std::uint64_t offset : {0, 1, 63, 64, 65, 4095}) {
      const std::uint16_t sum = image->sum(offset, 1468);
      EXPECT_TRUE(sum == 0 || sum == 0xffff) << sum;
      EXPECT_EQ(datagram_checksum(sum),
                datagram_checksum(naive_sum(image->bytes().subspan(offset, 1468))));
    }
  }
}

TEST(Image, EmptyImageHasTheHashOfNothingAndSumZero) {
  const auto image = make_image("empty", {});
  EXPECT_EQ(image->size(), 0U);
  EXPECT_EQ(image->sum(0, 0), 0);
  EXPECT_EQ(hex(image->sha256()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// FIPS 180-2, appendix B.3: one million times 'a'; four parts of Digester::kPartSize.
TEST(Image, HashIsSha256) {
  const auto image = make_image("a", std::vector<std::uint8_t>(1'000'000, 'a'));
  EXPECT_EQ(hex(image->sha256()),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Image, IsUnreadWhenNoWorkerHoldsIt) {
  const auto image = make_image("held", {1, 2, 3});
  EXPECT_TRUE(image->unread());
  image->hold(kWorkersMax - 1).transfers.store(1);
  EXPECT_FALSE(image->unread());
  image->hold(kWorkersMax - 1).transfers.store(0);
  EXPECT_TRUE(image->unread());
}

TEST(Image, HoldsOfTwoWorkersShareNoCacheLine) {
  const auto image = make_image("held", {});
  const auto first = reinterpret_cast<std::uintptr_t>(&image->hold(0));
  const auto second = reinterpret_cast<std::uintptr_t>(&image->hold(1));
  EXPECT_EQ(first % 64, 0U);
  EXPECT_GE(second - first, 64U);
  for (const std::byte b : image->hold(0).transmit_state) EXPECT_EQ(b, std::byte{0});
}

// The sums that transfers go by, for every stride and however the file came in parts.
TEST(PrefixSums, StridesAreTheSumsBeforeTheirMultiples) {
  std::vector<std::uint8_t> bytes(300'001);
  std::uint32_t state = 5;
  for (std::uint8_t& octet : bytes) {
    state = state * 1664525U + 1013904223U;
    octet = static_cast<std::uint8_t>(state >> 24);
  }
  for (const std::size_t size : {0UL, 1UL, 1431UL, 1432UL, 1456UL * 4, 64UL * 1432, 300'001UL}) {
    for (const std::size_t part : {64UL, 1472UL, 65536UL, 1UL << 20}) {
      const Bytes whole = Bytes{bytes}.first(size);
      PrefixSums sums(size);
      for (std::size_t at = 0; at < size; at += part) {
        sums.append(whole.subspan(at, std::min(part, size - at)));
      }
      for (const std::uint32_t stride : PrefixSums::kStrides) {
        const std::uint16_t* before = sums.strides(stride);
        ASSERT_NE(before, nullptr);
        for (std::uint64_t k = 0; k * stride <= size; ++k) {
          ASSERT_EQ(before[k], sums.before(whole, k * stride)) << stride << " * " << k;
        }
      }
    }
  }
  EXPECT_EQ(PrefixSums(10).strides(512), nullptr);
}

}  // namespace
}  // namespace reveille
