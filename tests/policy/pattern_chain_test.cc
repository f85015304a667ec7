// Chains against Hyperscan: what is read without it means the same, whatever the pattern and the
// text.
#include "policy/pattern_chain.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <hs.h>

#include "policy/chain_index.h"

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

// Makes patterns, and with each a text that it matches, or nearly.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  struct Made {
    std::string pattern;
    std::string text;
  };

  Made make() {
    Made made;
    if (one_in(4)) made.pattern += "(?i)";
    if (one_in(2)) made.pattern += one_in(5) ? "\\A" : "^";
    sequence(made, 0);
    if (one_in(12)) {
      made.pattern += one_in(2) ? "|^" : "|";
      if (one_in(2)) made.text.clear();
      sequence(made, 0);
    }
    if (one_in(2)) {
      constexpr const char* kEnds[] = {"$", "\\z", "\\Z"};
      made.pattern += kEnds[below(3)];
    }
    return made;
  }

  // What a client might send instead.
  std::string altered(std::string text) {
    for (std::size_t changes = below(3); changes > 0; --changes) {
      const std::size_t at = below(text.size() + 1);
      switch (below(9)) {
        case 0:
          text.insert(at, 1, '\n');
          break;
        case 1:
          text += '\n';
          break;
        case 2:
          text.insert(at, 1, '\0');
          break;
        case 3:
          if (at < text.size()) text[at] = static_cast<char>(text[at] ^ 0x20);
          break;
        case 4:
          if (at < text.size()) text[at] = static_cast<char>(below(256));
          break;
        case 5:
          if (at < text.size()) text.erase(at, 1);
          break;
        case 6:
          text = text.substr(0, at) + text;
          break;
        case 7:
          text = 'x' + text;
          break;
        default:
          text += text;
      }
    }
    return text;
  }

  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }

  void sequence(Made& made, unsigned depth) {
    for (std::size_t items = 1 + below(depth == 0 ? 5 : 2); items > 0; --items) {
      if (depth < 2 && one_in(7)) {
        group(made, depth);
      } else if (one_in(2)) {
        literal(made);
      } else {
        set(made);
      }
    }
  }

  void group(Made& made, unsigned depth) {
    const std::string before = made.text;
    made.pattern += one_in(2) ? "(" : "(?:";
    sequence(made, depth + 1);
    for (std::size_t more = below(3); more > 0; --more) {
      made.pattern += '|';
      if (one_in(2)) made.text = before;
      if (!one_in(8)) sequence(made, depth + 1);
    }
    made.pattern += ")";
    if (one_in(4)) made.pattern += '?';
  }

  void literal(Made& made) {
    constexpr std::string_view kOctets = "abAB12-:/_ #@<>=~\x80\xe9,;'\"&!%`";
    constexpr std::string_view kEscaped = ".-/$^*+?()[]{}|\\_#:";
    for (std::size_t count = 1 + below(6); count > 0; --count) {
      if (one_in(8)) {
        const char c = kEscaped[below(kEscaped.size())];
        made.pattern += std::string("\\") + c;
        made.text += c;
      } else {
        const char c = kOctets[below(one_in(3) ? kOctets.size() : 8)];
        made.pattern += c;
        made.text += c;
      }
    }
    repeat(made);
  }

  void set(Made& made) {
    struct Set {
      const char* pattern;
      char member;
    };
    constexpr Set kSets[] = {
        {".", 'q'},        {"[0-9]", '3'},      {"[^0-9]", 'a'},    {"[aB]", 'a'},
        {"[^a]", 'b'},     {"[a-cX-Z_-]", '-'}, {"[-a]", '-'},      {"[\\x00-\\x1f]", '\x07'},
        {"\\d", '5'},      {"\\w", '_'},        {"\\s", '\x0b'},    {"\\D", 'x'},
        {"\\W", '\x9c'},   {"\\S", 'x'},        {"\\x41", 'A'},     {"\\x00", '\0'},
        {"\\n", '\n'},     {"\\t", '\t'},       {"\\r", '\r'},      {"[\\]\\\\]", ']'},
        {"[\\d.]", '.'},   {"[$^|]", '^'},      {"[^\\w-]", '.'},   {"[\x80-\xff]", '\x90'},
        {"[\\w\\s]", ' '}, {"[*+?(){}]", '{'},  {"[^\\n]", '\r'},   {"[[:digit:]]", '4'},
        {"[a\\-c]", '-'},  {"[\\t-\\r]", '\v'}, {"[^\\x00]", '\0'}, {"[A-z]", '['},
        {"[ -~]", '~'},    {"\\h", ' '},        {"[\\S]", 'a'},     {"\\x7a", 'Z'},
    };
    const Set& set = kSets[below(std::size(kSets))];
    made.pattern += set.pattern;
    made.text += set.member;
    repeat(made);
  }

  // Of the last octet.
  void repeat(Made& made) {
    constexpr const char* kHowOften[] = {"?",     "*",     "+",     "{2}", "{1,3}",
                                         "{0,2}", "{2,}",  "{0,}",  "{1}", "+?",
                                         "*?",    "{3,3}", "{1,}?", "??",  "{0,1}"};
    if (!one_in(3)) return;
    made.pattern += kHowOften[below(std::size(kHowOften))];
    const char last = made.text.back();
    if (one_in(3)) {
      made.text.pop_back();
    } else {
      made.text.append(below(3), last);
    }
  }

  std::mt19937 random_;
};

// One set of patterns, both ways.
struct Comparison {
  std::size_t patterns = 0;
  std::size_t taken = 0;
  std::size_t matches = 0;

  void run(Maker& maker, PatternReading reading) {
    std::vector<std::string> texts(20);
    std::vector<ChainIndex::Entry> entries;
    std::vector<std::string> read;
    for (int i = 0; i < 30; ++i) {
      const Maker::Made made = maker.make();
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
  Maker maker(20'26);
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
