#include "control/config/architecture_key.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "policy/architecture.h"

namespace reveille {
namespace {

TEST(ArchitectureKey, IsTheNameOfTheLog) {
  EXPECT_EQ(parse_architecture("x86-bios"), 0);
  EXPECT_EQ(parse_architecture("x64-uefi"), 7);
  EXPECT_EQ(parse_architecture("arm-64-bit-uefi"), 11);
  EXPECT_EQ(parse_architecture("x64-uefi-http"), 16);
}

TEST(ArchitectureKey, OrANumber) {
  EXPECT_EQ(parse_architecture("7"), 7);
  EXPECT_EQ(parse_architecture("65534"), 65534);
  for (const char* text : {"", "65536", "-1", "7x", "x64 UEFI", "0x07"}) {
    EXPECT_FALSE(parse_architecture(text)) << text;
  }
}

TEST(ArchitectureKey, NamesEachCodeOnceAsABareKey) {
  const std::vector<std::string> keys = architecture_keys();
  ASSERT_EQ(keys.size(), architectures().size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(parse_architecture(keys[i]), architectures()[i].code) << keys[i];
    const bool bare = std::all_of(keys[i].begin(), keys[i].end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    EXPECT_TRUE(bare) << keys[i];
  }
}

}  // namespace
}  // namespace reveille
