// Chains against Hyperscan: what is read without it means the same, whatever the pattern and the
// text.
#include "policy/pattern_chain.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <hs.h>

#include "policy/chain_index.h"
#include "policy/pattern_maker.h"

namespace reveille {
namespace {

using PatternIds = std::set<std::uint32_t>;

Bytes bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The same patterns, all of them by Hyperscan.
class Hyperscan {
 public:
  Hyperscan(const std::vector<std::string>& patterns, PatternReading reading) {
    std::vector<const char*> texts;
    std::vector<unsigned> ids;
    for (const std::string& pattern : patterns) {
      ids.push_back(static_cast<unsigned>(texts.size()));
      texts.push_back(pattern.c_str());
    }
    const unsigned flags = HS_FLAG_ALLOWEMPTY | (reading.any_case ? HS_FLAG_CASELESS : 0U) |
                           (reading.dot_is_all ? HS_FLAG_DOTALL : 0U);
    const std::vector<unsigned> all_flags(texts.size(), flags);
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(texts.data(), all_flags.data(), ids.data(),
                         static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr, &database_,
                         &error) != HS_SUCCESS) {
      ADD_FAILURE() << error->message << ": "
                    << (error->expression >= 0 ? texts[static_cast<unsigned>(error->expression)]
                                               : "");
      hs_free_compile_error(error);
      return;
    }
    EXPECT_EQ(hs_alloc_scratch(database_, &scratch_), HS_SUCCESS);
  }
  ~Hyperscan() {
    hs_free_scratch(scratch_);
    hs_free_database(database_);
  }
  Hyperscan(const Hyperscan&) = delete;
  Hyperscan& operator=(const Hyperscan&) = delete;

  [[nodiscard]] PatternIds scan(const std::string& text) const {
    PatternIds found;
    const auto on_match = [](unsigned id, unsigned long long, unsigned long long, unsigned,
                             void* to) {
      static_cast<PatternIds*>(to)->insert(id);
      return 0;
    };
    EXPECT_EQ(hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch_,
                      on_match, &found),
              HS_SUCCESS);
    return found;
  }

 private:
  hs_database_t* database_ = nullptr;
  hs_scratch_t* scratch_ = nullptr;
};

PatternIds scan(const ChainIndex& index, const std::string& text) {
  PatternIds found;
  index.scan(
      bytes(text), [](void* to, std::uint32_t id) { static_cast<PatternIds*>(to)->insert(id); },
      &found);
  return found;
}

std::string shown(std::string_view text) {
  std::string all;
  for (const char c : text) {
    all += c >= ' ' && c <= '~' ? std::string(1, c)
                                : "<" + std::to_string(static_cast<std::uint8_t>(c)) + ">";
  }
  return all;
}

// One set of patterns, both ways.
struct Comparison {
  std::size_t patterns = 0;
  std::size_t taken = 0;
  std::size_t matches = 0;

  void run(test::PatternMaker& maker, PatternReading reading) {
    std::vector<std::string> texts(20);
    std::vector<ChainIndex::Entry> entries;
    std::vector<std::string> read;
    for (int i = 0; i < 30; ++i) {
      const test::PatternMaker::Made made = maker.make();
      ++patterns;
      texts.push_back(made.text);
      auto chains = chains_of(made.pattern, reading);
      if (!chains) continue;
      entries.push_back({std::move(*chains), static_cast<std::uint32_t>(read.size())});
      read.push_back(made.pattern);
    }
    if (read.empty()) return;
    ChainIndex index;
    const std::vector<std::size_t> refused = index.build(entries);
    taken += read.size() - refused.size();
    const Hyperscan other(read, reading);
    for (std::string text : texts) {
      for (int tries = 0; tries < 12; ++tries, text = maker.altered(text)) {
        PatternIds wanted = other.scan(text);
        for (const std::size_t one : refused) wanted.erase(static_cast<std::uint32_t>(one));
        const PatternIds found = scan(index, text);
        matches += found.size();
        if (found == wanted) continue;
        PatternIds differing;
        std::ranges::set_symmetric_difference(found, wanted,
                                              std::inserter(differing, differing.end()));
        for (const std::uint32_t id : differing) {
          ADD_FAILURE() << shown(read[id]) << " on " << shown(text) << ": "
                        << (found.contains(id) ? "only as a chain" : "only by Hyperscan");
        }
        return;
      }
    }
  }
};

TEST(PatternChains, MeanWhatHyperscanMakesOfThem) {
  test::PatternMaker maker(20'26);
  Comparison comparison;
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    comparison.run(maker, {.any_case = round % 4 == 3, .dot_is_all = round % 3 != 0});
  }
  EXPECT_GT(comparison.taken, comparison.patterns / 4);
  EXPECT_GT(comparison.matches, comparison.taken);
}

// Each set of octets by each of them, in a row that makes it a chain.
TEST(PatternChains, SetsHoldTheSameOctets) {
  const std::vector<std::string> sets{
      ".",       "\\d",       "\\w",       "\\s",      "\\D",  "\\W",         "\\S",
      "[a-f]",   "[^a-f]",    "[^\\d]",    "[\\s\\w]", "\\.",  "\\x20",       "[ -~]",
      "[^\\W]",  "[A-z]",     "a",         "[^\\n]",   "\xe9", "[\xe0-\xff]", "_",
      "[@-\\[]", "[\\x00-A]", "[\\x60-{]", "[^\xe9]",  "[kS]", "\\_"};
  for (const bool any_case : {false, true}) {
    for (const bool dot_is_all : {false, true}) {
      const PatternReading reading{any_case, dot_is_all};
      std::vector<std::string> patterns;
      std::vector<ChainIndex::Entry> entries;
      for (std::size_t i = 0; i < sets.size(); ++i) {
        patterns.push_back(std::to_string(1000 + i).append(sets[i]).append("z"));
        auto chains = chains_of(patterns.back(), reading);
        ASSERT_TRUE(chains) << sets[i];
        entries.push_back({std::move(*chains), static_cast<std::uint32_t>(i)});
      }
      ChainIndex index;
      ASSERT_TRUE(index.build(entries).empty());
      const Hyperscan other(patterns, reading);
      for (std::size_t i = 0; i < sets.size(); ++i) {
        for (unsigned octet = 0; octet < 256; ++octet) {
          const std::string text =
              std::to_string(1000 + i).append(1, static_cast<char>(octet)).append("z");
          ASSERT_EQ(scan(index, text), other.scan(text)) << sets[i] << " on " << octet;
        }
      }
    }
  }
}

TEST(PatternChains, TheUsualPatternsAreSome) {
  for (const char* pattern :
       {"^PXEClient:Arch:0000[679]:UNDI:003016", "^rack12-(node|blade)[0-9]+$", "(?i)class-?77$",
        "^ge-[0-9]{1,2}/0/17\\.[0-9]+\\z", "PXEClient:.{5}:", "\\.(img|iso)(\\.gz)?$", "a|b"}) {
    EXPECT_TRUE(chains_of(pattern, {})) << pattern;
  }
  const auto chains = chains_of("^(a|bc?)x+$|y", {});
  ASSERT_TRUE(chains);
  ASSERT_EQ(chains->size(), 3U);
  EXPECT_EQ((*chains)[1].steps.size(), 3U);
  EXPECT_TRUE((*chains)[1].from_start);
  EXPECT_EQ((*chains)[1].end, ChainEnd::last_line);
  EXPECT_FALSE((*chains)[2].from_start);
  EXPECT_EQ((*chains)[2].end, ChainEnd::anywhere);
}

TEST(PatternChains, WhatCouldMeanSomethingElseIsNone) {
  for (const char* pattern : {"(ab)+",       "(ab){2}",
                              "a++",         "a+?",
                              "a{2}{3}",     "a{",
                              "a{,3}",       "a{0}",
                              "a{3,2}",      "a{1,99}",
                              "[[:alpha:]]", "[]a]",
                              "[a",          "[z-a]",
                              "[\\d-x]",     "[a-c-e]",
                              "\\bfoo",      "\\1",
                              "\\Qa\\E",     "\\x4",
                              "\\cA",        "(?s)a",
                              "(?=a)",       "(*UTF8)a",
                              "a^b",         "a$b",
                              "(^a|b)",      "(a",
                              "a)",          "*a",
                              "a]",          "a}",
                              "\\",          "((((((a))))))",
                              "[a\\b]",      "(a|b|c|d)(a|b|c|d)(a|b)"}) {
    EXPECT_FALSE(chains_of(pattern, {})) << pattern;
  }
  EXPECT_TRUE(chains_of(std::string(PatternChain::kStepsMax, 'a'), {}));
  EXPECT_FALSE(chains_of(std::string(PatternChain::kStepsMax + 1, 'a'), {}));
}

}  // namespace
}  // namespace reveille
