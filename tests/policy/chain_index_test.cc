// Which chains an index takes; what it finds is compared in pattern_chain_test.cc.
#include "policy/chain_index.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reveille {
namespace {

std::vector<std::size_t> refused(const std::vector<std::string>& patterns) {
  std::vector<ChainIndex::Entry> entries;
  for (const std::string& pattern : patterns) {
    entries.push_back({chains_of(pattern, {}).value(), static_cast<std::uint32_t>(entries.size())});
  }
  return ChainIndex().build(entries);
}

TEST(ChainIndex, RefusesWhatHasNoFourOctetsInARow) {
  using Places = std::vector<std::size_t>;
  EXPECT_EQ(refused({"abcd", "abc", "ab[0-9]cd", "abc?d", "", ".*", "(abcd|ab)"}),
            (Places{1, 2, 3, 4, 5, 6}));
}

// "foo.*" before the mark would be gone through again from every "mark" of a text.
TEST(ChainIndex, RefusesWhatATextCouldMakeSlow) {
  using Places = std::vector<std::size_t>;
  EXPECT_EQ(refused({"foo.*mark", "^foo.*mark", "^mark.*foo", "foo.*mark$", "y[^kK]+mark",
                     "y[^K]+xmarK", "[a-z]*/mark/[a-z]*", ".*mark.*", "x.*mark.*x"}),
            (Places{0, 1, 5, 8}));
}

TEST(ChainIndex, FewShareAMark) {
  std::vector<std::string> patterns;
  for (std::size_t i = 0; i < ChainIndex::kSharesMax + 2; ++i) {
    patterns.push_back(std::string("mark[0").append(1, static_cast<char>('a' + i)).append("]"));
  }
  EXPECT_EQ(refused(patterns).size(), 2U);
  for (std::string& pattern : patterns) pattern += pattern;  // and some other place
  EXPECT_EQ(refused(patterns).size(), 2U);
}

}  // namespace
}  // namespace reveille
