#include "control/config/toml_shape.h"

namespace reveille {
namespace {

// Where in TOML's lexical grammar a character stands.
enum class Inside : std::uint8_t { nothing, comment, basic, literal, long_basic, long_literal };

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<ShapeProblem> scan() {
    while (at_ < text_.size()) {
      if (text_[at_] == '\n') {
        next_line();
      } else if (inside_ == Inside::nothing) {
        if (auto problem = plain()) return problem;
      } else {
        in_text();
      }
      ++at_;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool three(char c) const {
    return text_.size() - at_ >= 3 && text_[at_] == c && text_[at_ + 1] == c && text_[at_ + 2] == c;
  }

  void next_line() {
    ++line_;
    line_begin_ = at_ + 1;
    dots_ = 0;
    const bool goes_on = inside_ == Inside::long_basic || inside_ == Inside::long_literal;
    if (!goes_on) inside_ = Inside::nothing;
  }

  std::optional<ShapeProblem> plain() {
    switch (text_[at_]) {
      case '#':
        inside_ = Inside::comment;
        break;
      case '"':
        open('"', Inside::basic, Inside::long_basic);
        break;
      case '\'':
        open('\'', Inside::literal, Inside::long_literal);
        break;
      case '.':
        return ++dots_ > kConfigDepthMax ? too_deep() : std::nullopt;
      case '=':
      case ',':
        dots_ = 0;
        break;
      case '[':
      case '{':
        return ++brackets_ > kConfigDepthMax ? too_deep() : std::nullopt;
      case ']':
      case '}':
        if (brackets_ > 0) --brackets_;
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  void open(char quote, Inside one_line, Inside many_lines) {
    const bool is_long = three(quote);
    inside_ = is_long ? many_lines : one_line;
    if (is_long) at_ += 2;
  }

  void in_text() {
    const char c = text_[at_];
    switch (inside_) {
      case Inside::basic:
        if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
        if (c == '"') inside_ = Inside::nothing;
        break;
      case Inside::literal:
        if (c == '\'') inside_ = Inside::nothing;
        break;
      case Inside::long_basic:
        if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
        if (c == '"' && three('"')) close_long('"');
        break;
      case Inside::long_literal:
        if (c == '\'' && three('\'')) close_long('\'');
        break;
      case Inside::nothing:
      case Inside::comment:
        break;
    }
  }

  // Up to two quotes may stand directly before the closing three: they belong to the text.
  void close_long(char quote) {
    at_ += 2;
    for (int extra = 0; extra < 2 && at_ + 1 < text_.size() && text_[at_ + 1] == quote; ++extra) {
      ++at_;
    }
    inside_ = Inside::nothing;
  }

  [[nodiscard]] std::optional<ShapeProblem> too_deep() const {
    const auto column = static_cast<unsigned>(at_ - line_begin_ + 1);
    return ShapeProblem{{.option = {}, .line = line_, .column = column},
                        "nested deeper than " + std::to_string(kConfigDepthMax) +
                            " levels; no table of reveille needs that"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  unsigned line_ = 1;
  unsigned dots_ = 0;
  unsigned brackets_ = 0;
  Inside inside_ = Inside::nothing;
};

}  // namespace

std::optional<ShapeProblem> toml_shape_problem(std::string_view text) {
  if (text.size() > kConfigBytesMax) {
    return ShapeProblem{{}, "larger than " + std::to_string(kConfigBytesMax >> 20) + " MiB"};
  }
  return Scanner(text).scan();
}

}  // namespace reveille
