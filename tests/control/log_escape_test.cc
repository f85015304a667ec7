#include <string>

#include <gtest/gtest.h>

#include "control/log/escape.h"

namespace reveille {
namespace {

TEST(Escape, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(escaped("snponly.efi"), "snponly.efi");
  EXPECT_EQ(escaped("Größe 日本 \xf0\x9f\x92\xbe %v {} %s"),
            "Größe 日本 \xf0\x9f\x92\xbe %v {} %s");
  EXPECT_EQ(escaped(""), "");
}

TEST(Escape, ControlCharactersCannotActOnATerminal) {
  EXPECT_EQ(escaped("a\nb\r\t\x1b[31m\x7f"), "a\\x0ab\\x0d\\x09\\x1b[31m\\x7f");
  EXPECT_EQ(escaped(std::string_view{"a\0b", 3}), "a\\x00b");
  EXPECT_EQ(escaped("\xc2\x9b"
                    "31m"),
            "\\xc2\\x9b31m")
      << "CSI as one character";
}

TEST(Escape, NothingHidesOrReversesItsSurroundings) {
  EXPECT_EQ(escaped("a\xe2\x80\xae"
                    "exe.ifs"),
            "a\\xe2\\x80\\xaeexe.ifs");
  EXPECT_EQ(escaped("\xe2\x80\x8b"), "\\xe2\\x80\\x8b");
  EXPECT_EQ(escaped("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");
  EXPECT_EQ(escaped("\xef\xbb\xbf"), "\\xef\\xbb\\xbf");
}

TEST(Escape, ABackslashCannotPassForAnEscape) {
  EXPECT_EQ(escaped("boot\\x64\\wdsnbp.com"), "boot\\\\x64\\\\wdsnbp.com");
}

TEST(Escape, BytesThatAreNoUtf8AreShownOneByOne) {
  EXPECT_EQ(escaped("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(escaped("\xe0\x80\xaf"), "\\xe0\\x80\\xaf") << "overlong";
  EXPECT_EQ(escaped("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf") << "overlong";
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "past U+10FFFF";
  EXPECT_EQ(escaped("\xe2\x82"), "\\xe2\\x82") << "cut off";
  EXPECT_EQ(escaped("\xe2"
                    "ab"),
            "\\xe2"
            "ab");
}

TEST(Escape, IsBounded) {
  EXPECT_EQ(escaped("abcdef", 3), "abc...");
  EXPECT_EQ(escaped("abc", 3), "abc");
  EXPECT_EQ(escaped("aä", 2), "a...") << "no character is cut in half";
  EXPECT_LE(escaped(std::string(100'000, '\n')).size(), 4 * 512 + 3U);
}

TEST(Escape, QuotesWhatWouldRunIntoTheSentence) {
  EXPECT_EQ(quoted("a/b.efi"), "a/b.efi");
  EXPECT_EQ(quoted("a b"), "\"a b\"");
  EXPECT_EQ(quoted("x, boots y"), "\"x, boots y\"");
  EXPECT_EQ(quoted(""), "\"\"");
  EXPECT_EQ(quoted("a\"b"), "\"a\\\"b\"");
}

}  // namespace
}  // namespace reveille
