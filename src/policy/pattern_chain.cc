#include "policy/pattern_chain.h"

#include <algorithm>
#include <utility>

namespace reveille {
namespace {

using Steps = std::vector<ChainStep>;
using Choices = std::vector<Steps>;

constexpr unsigned kGroupsMax = 4;  // within each other

constexpr bool is_letter(std::uint8_t octet) {
  return (octet | 0x20) >= 'a' && (octet | 0x20) <= 'z';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_punctuation(char c) {
  return c > ' ' && c < 0x7f && !is_digit(c) && !is_letter(static_cast<std::uint8_t>(c));
}
std::optional<std::uint8_t> hexadecimal(char c) {
  if (is_digit(c)) return static_cast<std::uint8_t>(c - '0');
  const char small = static_cast<char>(c | 0x20);
  if (small >= 'a' && small <= 'f') return static_cast<std::uint8_t>(small - 'a' + 10);
  return std::nullopt;
}

OctetSet inverse(OctetSet set) {
  for (std::uint64_t& word : set.words) word = ~word;
  return set;
}
OctetSet in_any_case(OctetSet set) {
  OctetSet both = set;
  for (unsigned octet = 0; octet < 128; ++octet) {
    const auto letter = static_cast<std::uint8_t>(octet);
    if (is_letter(letter) && set.has(letter)) both.add(letter ^ 0x20);
  }
  return both;
}

// `\d` and its like; `kind` is the letter.
std::optional<OctetSet> named_set(char kind) {
  OctetSet set;
  switch (kind | 0x20) {
    case 'w':
      set.add('A', 'Z');
      set.add('a', 'z');
      set.add('_');
      [[fallthrough]];
    case 'd':
      set.add('0', '9');
      break;
    case 's':
      set.add('\t', '\r');
      set.add(' ');
      break;
    default:
      return std::nullopt;
  }
  return (kind & 0x20) != 0 ? set : inverse(set);
}

// Left to right. Every function says nullopt or false to what it does not know for sure.
class Reader {
 public:
  Reader(std::string_view text, PatternReading reading) : left_(text), reading_(reading) {
    if (take("(?i)")) reading_.any_case = true;
  }

  std::optional<std::vector<PatternChain>> chains() {
    std::vector<PatternChain> chains;
    do {
      const bool from_start = take("^") || take("\\A");
      auto choices = sequence(0);
      if (!choices) return std::nullopt;
      const ChainEnd end = take("$") || take("\\Z") ? ChainEnd::last_line
                           : take("\\z")            ? ChainEnd::last_octet
                                                    : ChainEnd::anywhere;
      for (Steps& steps : *choices) chains.push_back({std::move(steps), from_start, end});
      if (chains.size() > kChainsOfPatternMax) return std::nullopt;
    } while (take("|"));
    if (!left_.empty()) return std::nullopt;
    return chains;
  }

 private:
  bool take(std::string_view word) {
    if (!left_.starts_with(word)) return false;
    left_.remove_prefix(word.size());
    return true;
  }
  [[nodiscard]] bool at_any(std::string_view octets) const {
    return !left_.empty() && octets.find(left_.front()) != std::string_view::npos;
  }
  [[nodiscard]] bool at_end_mark() const {
    return left_.starts_with('$') || left_.starts_with("\\z") || left_.starts_with("\\Z");
  }

  // Up to what ends a branch.
  std::optional<Choices> sequence(unsigned depth) {
    Choices all{{}};
    while (!left_.empty() && !at_any("|)") && !at_end_mark()) {
      const auto item = left_.front() == '(' ? group(depth) : single();
      if (!item || all.size() * item->size() > kChainsOfPatternMax) return std::nullopt;
      Choices longer;
      for (const Steps& head : all) {
        for (const Steps& tail : *item) {
          if (head.size() + tail.size() > PatternChain::kStepsMax) return std::nullopt;
          longer.push_back(head);
          longer.back().insert(longer.back().end(), tail.begin(), tail.end());
        }
      }
      all = std::move(longer);
    }
    return all;
  }

  std::optional<Choices> group(unsigned depth) {
    if (depth == kGroupsMax || !take("(")) return std::nullopt;
    if (at_any("*") || (at_any("?") && !take("?:"))) return std::nullopt;
    Choices branches;
    do {
      auto branch = sequence(depth + 1);
      if (!branch) return std::nullopt;
      std::ranges::move(*branch, std::back_inserter(branches));
    } while (take("|"));
    if (!take(")")) return std::nullopt;
    if (take("?")) branches.emplace_back();
    if (at_any("?*+{")) return std::nullopt;
    return branches;
  }

  // One octet and how often it comes.
  std::optional<Choices> single() {
    const auto set = octets();
    if (!set) return std::nullopt;
    Steps steps{{*set}};
    if (take("?")) {
      steps[0].optional = true;
    } else if (take("*")) {
      steps[0].optional = steps[0].repeats = true;
    } else if (take("+")) {
      steps[0].repeats = true;
    } else if (take("{") && !counted(steps)) {
      return std::nullopt;
    }
    if (at_any("?*+{")) return std::nullopt;
    return Choices{std::move(steps)};
  }

  // After "{": "n}", "n,}" or "n,m}".
  bool counted(Steps& steps) {
    const auto least = count();
    if (!least) return false;
    const bool ranged = take(",");
    const bool endless = ranged && at_any("}");
    const auto most = ranged && !endless ? count() : least;
    if (!take("}") || !most || *most < *least || (*most == 0 && !endless)) return false;
    const ChainStep step = steps[0];
    steps.assign(*least, step);
    if (endless && steps.empty()) steps.push_back({step.octets, true, true});
    if (endless) steps.back().repeats = true;
    while (steps.size() < *most) steps.push_back({step.octets, true, false});
    return true;
  }
  std::optional<unsigned> count() {
    unsigned number = 0;
    std::size_t digits = 0;
    for (; digits < left_.size() && is_digit(left_[digits]); ++digits) {
      if (digits == 2) return std::nullopt;
      number = number * 10 + static_cast<unsigned>(left_[digits] - '0');
    }
    left_.remove_prefix(digits);
    if (digits == 0 || number > PatternChain::kStepsMax) return std::nullopt;
    return number;
  }

  std::optional<OctetSet> octets() {
    if (take("[")) return octet_class();
    OctetSet set;
    if (take(".")) {
      set = inverse(set);
      if (!reading_.dot_is_all) set.words[0] &= ~(std::uint64_t{1} << '\n');
      return set;
    }
    if (left_.starts_with('\\')) {
      const auto escape = escaped();
      return escape ? std::optional(cased(*escape)) : std::nullopt;
    }
    if (left_.empty() || at_any("^$*+?{}[]()|")) return std::nullopt;
    set.add(octet());
    return cased(set);
  }

  // After "[".
  std::optional<OctetSet> octet_class() {
    const bool negated = take("^");
    OctetSet set;
    for (bool first = true; first || !take("]"); first = false) {
      if (left_.empty() || at_any("[") || (first && at_any("]"))) return std::nullopt;
      const auto low = class_member(first);
      if (!low) return std::nullopt;
      OctetSet range = low->set;
      if (left_.starts_with('-') && !left_.starts_with("-]")) {
        take("-");
        if (at_any("[]-") || !low->octet) return std::nullopt;
        const auto high = class_member(false);
        if (!high || !high->octet || *high->octet < *low->octet) return std::nullopt;
        range.add(*low->octet, *high->octet);
      }
      for (std::size_t i = 0; i < set.words.size(); ++i) set.words[i] |= range.words[i];
    }
    set = cased(set);
    return negated ? inverse(set) : set;
  }

  struct Member {
    OctetSet set;
    std::optional<std::uint8_t> octet{};  // when it is a single one
  };
  // '-' stands for itself only at the ends of a class.
  std::optional<Member> class_member(bool first) {
    if (left_.empty() || (left_.front() == '-' && !first && !left_.starts_with("-]"))) {
      return std::nullopt;
    }
    if (left_.front() != '\\') {
      Member one;
      one.octet = octet();
      one.set.add(*one.octet);
      return one;
    }
    const auto set = escaped();
    if (!set) return std::nullopt;
    Member member{*set};
    for (unsigned i = 0; i < 256; ++i) {
      OctetSet one;
      one.add(static_cast<std::uint8_t>(i));
      if (one == *set) member.octet = static_cast<std::uint8_t>(i);
    }
    return member;
  }

  // At a backslash.
  std::optional<OctetSet> escaped() {
    take("\\");
    if (left_.empty()) return std::nullopt;
    const char kind = static_cast<char>(octet());
    if (const auto set = named_set(kind)) return set;
    OctetSet set;
    switch (kind) {
      case 'n':
        set.add('\n');
        return set;
      case 'r':
        set.add('\r');
        return set;
      case 't':
        set.add('\t');
        return set;
      case 'x': {
        const auto high = left_.size() < 2 ? std::nullopt : hexadecimal(left_[0]);
        const auto low = left_.size() < 2 ? std::nullopt : hexadecimal(left_[1]);
        if (!high || !low) return std::nullopt;
        left_.remove_prefix(2);
        set.add(static_cast<std::uint8_t>(*high << 4 | *low));
        return set;
      }
      default:
        if (!is_punctuation(kind)) return std::nullopt;
        set.add(static_cast<std::uint8_t>(kind));
        return set;
    }
  }

  std::uint8_t octet() {
    const auto octet = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return octet;
  }
  [[nodiscard]] OctetSet cased(OctetSet set) const {
    return reading_.any_case ? in_any_case(set) : set;
  }

  std::string_view left_;
  PatternReading reading_;
};

}  // namespace

std::optional<std::vector<PatternChain>> chains_of(std::string_view pattern,
                                                   PatternReading reading) {
  return Reader(pattern, reading).chains();
}

}  // namespace reveille
