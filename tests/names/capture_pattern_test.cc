#include "names/capture_pattern.h"

#include <chrono>

#include <gtest/gtest.h>

namespace reveille {
namespace {

std::vector<std::string> captures(std::string_view pattern, std::string_view text,
                                  LetterCase letters = LetterCase::sensitive) {
  CaptureMemory memory;
  std::array<std::string_view, kCapturesMax> captured;
  const auto compiled = CapturePattern::compile(pattern, letters);
  EXPECT_TRUE(compiled) << compiled.error().text;
  if (!compiled || !compiled->match(text, memory, captured)) return {};
  EXPECT_EQ(memory.refused(), 0U);
  return {captured.begin(), captured.begin() + compiled->groups() + 1};
}

using Texts = std::vector<std::string>;

TEST(CapturePattern, GivesWhatGroupsHaveCaptured) {
  EXPECT_EQ(captures("^([0-9a-f]{8})/(.*)$", "9f55bbfd/start4.elf"),
            (Texts{"9f55bbfd/start4.elf", "9f55bbfd", "start4.elf"}));
  EXPECT_EQ(captures("b(x)?(c)", "abcd"), (Texts{"bc", "", "c"}));
  EXPECT_EQ(captures("(A+)", "baa"), Texts{});
  EXPECT_EQ(captures("(A+)", "baa", LetterCase::ignored), (Texts{"aa", "aa"}));
}

TEST(CapturePattern, HasNineAtMost) {
  CaptureMemory memory;
  std::array<std::string_view, kCapturesMax> captured;
  const auto compiled =
      CapturePattern::compile("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)", LetterCase::sensitive);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->groups(), 11U);
  ASSERT_TRUE(compiled->match("abcdefghijk", memory, captured));
  EXPECT_EQ(captured[9], "i");
}

TEST(CapturePattern, SaysWhatIsWrongAndWhere) {
  const auto compiled = CapturePattern::compile("ab(c", LetterCase::sensitive);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().offset, 4U);
  EXPECT_EQ(compiled.error().text, "missing closing parenthesis");
}

// Tries every way to split the name: 2^40 of them.
TEST(CapturePattern, GivesUpOnWhatTakesTooLong) {
  CaptureMemory memory;
  std::array<std::string_view, kCapturesMax> captured;
  const auto compiled = CapturePattern::compile("^(a+)+$", LetterCase::sensitive);
  ASSERT_TRUE(compiled);
  const std::string name = std::string(500, 'a') + "b";
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(compiled->match(name, memory, captured));
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_LT(took, std::chrono::seconds{2}) << "for a hundred";
  EXPECT_TRUE(compiled->match("aaa", memory, captured)) << "and the memory is as good as before";
  EXPECT_EQ(captured[1], "aaa");
}

// Every octet of the longest name is a group that may be left another way.
TEST(CapturePattern, HasTheMemoryForTheLongestName) {
  CaptureMemory memory;
  std::array<std::string_view, kCapturesMax> captured;
  for (const char* const pattern : {"^(?:(a)|(b))*$", "^(?:(?:(a)|b)c?)*(a)$", "^(.*)/(.*)$"}) {
    const auto compiled = CapturePattern::compile(pattern, LetterCase::sensitive);
    ASSERT_TRUE(compiled);
    const std::string name =
        pattern[2] == '.' ? "x/" + std::string(510, 'a') : std::string(512, 'a');
    EXPECT_TRUE(compiled->match(name, memory, captured)) << pattern;
  }
  const auto deep = CapturePattern::compile("(?:(a)|(b))*c", LetterCase::sensitive);
  ASSERT_TRUE(deep);
  EXPECT_FALSE(deep->match(std::string(100'000, 'a'), memory, captured));
  EXPECT_EQ(memory.refused(), 0U) << "all of it was there from the start";
}

}  // namespace
}  // namespace reveille
