#include "names/name_patterns.h"

#include <thread>

#include <gtest/gtest.h>

namespace reveille {
namespace {

std::vector<std::uint32_t> matches(const NamePatterns& set, std::string_view text,
                                   std::size_t most = 8, unsigned worker = 0) {
  std::vector<std::uint32_t> found(most, 999);
  found.resize(set.match(text, worker, found));
  return found;
}
using Indices = std::vector<std::uint32_t>;

NamePatterns compiled(const std::vector<std::string>& patterns,
                      LetterCase letters = LetterCase::sensitive, unsigned workers = 1) {
  auto set = NamePatterns::compile(patterns, letters, workers);
  if (!set) throw std::runtime_error(set.error());
  return std::move(*set);
}

TEST(NamePatterns, FindsAllThatMatchInOrder) {
  const NamePatterns set =
      compiled({"^grub/", "cfg", "^pxelinux\\.cfg/", "x$", "^$", "^[0-9a-f]{8}/"});
  EXPECT_EQ(matches(set, "grub/grub.cfg"), (Indices{0, 1}));
  EXPECT_EQ(matches(set, "pxelinux.cfg/x"), (Indices{1, 2, 3}));
  EXPECT_EQ(matches(set, "0123abcd/start.elf"), (Indices{5}));
  EXPECT_EQ(matches(set, "nothing"), Indices{});
  EXPECT_EQ(matches(set, ""), (Indices{4}));
}

TEST(NamePatterns, KeepsTheFirstOnesOnly) {
  std::vector<std::string> patterns;
  for (int i = 0; i < 100; ++i) patterns.push_back(i % 2 == 0 ? "a+" + std::to_string(i) : "b|a");
  const NamePatterns set = compiled(patterns);
  EXPECT_EQ(matches(set, "aaa98", 3), (Indices{1, 3, 5}));
  EXPECT_EQ(matches(set, "aaa0", 3), (Indices{0, 1, 3}));
  EXPECT_EQ(matches(set, "aaa0", 0), Indices{});
}

TEST(NamePatterns, TakesCaseAsItIsTold) {
  EXPECT_EQ(matches(compiled({"^Boot/"}), "boot/x"), Indices{});
  EXPECT_EQ(matches(compiled({"^Boot/"}, LetterCase::ignored), "boot/x"), Indices{0});
  EXPECT_EQ(matches(compiled({"(?i)^Boot/"}), "boot/x"), Indices{0});
}

TEST(NamePatterns, SaysWhatItCannotDo) {
  EXPECT_EQ(NamePatterns::problem_of("^a.*b$", LetterCase::sensitive), "");
  EXPECT_EQ(NamePatterns::problem_of("(a)\\1", LetterCase::sensitive),
            "a pattern cannot refer back (\\1); list the alternatives, as in (aa|bb)");
  EXPECT_EQ(NamePatterns::problem_of("a(?=b)", LetterCase::sensitive),
            "a pattern cannot look ahead or behind; say what must match, and in rules use `not`");
  const auto set = NamePatterns::compile({"a", "(b)\\1"}, LetterCase::sensitive, 1);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error(),
            "the name rules cannot be compiled: (b)\\1: a pattern cannot refer back (\\1); list "
            "the alternatives, as in (aa|bb)");
}

TEST(NamePatterns, ServesItsWorkersAtOnce) {
  const NamePatterns set = compiled({"^a", "b", "c$"}, LetterCase::sensitive, 4);
  std::vector<std::thread> threads;
  std::array<int, 4> right{};
  for (unsigned worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&set, &right, worker] {
      for (int i = 0; i < 20'000; ++i) {
        if (matches(set, "a/long/name/with/b/and/c", 8, worker) == Indices{0, 1, 2})
          ++right[worker];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, (std::array<int, 4>{20'000, 20'000, 20'000, 20'000}));
}

}  // namespace
}  // namespace reveille
