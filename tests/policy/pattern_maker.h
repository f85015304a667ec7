// Random patterns, and texts that they match or nearly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace reveille::test {

// Makes patterns, and with each a text that it matches, or nearly.
class PatternMaker {
 public:
  explicit PatternMaker(unsigned seed) : random_(seed) {}

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

}  // namespace reveille::test
