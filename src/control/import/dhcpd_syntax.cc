#include "control/import/dhcpd_syntax.h"

#include <algorithm>

namespace reveille {
namespace {

constexpr unsigned kDepthMax = 32;
constexpr std::string_view kSpace = " \t\r\n\f";
constexpr std::string_view kMarks = ";{},=()";

using Result = tl::expected<void, DhcpdSyntaxError>;

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result block(std::vector<DhcpdStatement>& to, unsigned depth) {
    if (depth > kDepthMax) return failure("blocks are nested too deep");
    for (DhcpdStatement statement;;) {
      if (!skip_space()) {
        if (depth > 0) return failure("a block is not closed");
        if (!statement.words.empty()) return failure("a semicolon is missing at the end");
        return {};
      }
      if (statement.words.empty()) statement.line = line_;
      const char first = rest_.front();
      if (first == ';') {
        rest_.remove_prefix(1);
        if (!statement.words.empty()) to.push_back(std::move(statement));
        statement = {};
      } else if (first == '{') {
        rest_.remove_prefix(1);
        statement.has_block = true;
        if (auto inner = block(statement.block, depth + 1); !inner) return inner;
        to.push_back(std::move(statement));
        statement = {};
      } else if (first == '}') {
        if (depth == 0) return failure("a block ends that did not begin");
        if (!statement.words.empty()) return failure("a semicolon is missing before the brace");
        rest_.remove_prefix(1);
        return {};
      } else if (auto word = take_word(statement); !word) {
        return word;
      }
    }
  }

 private:
  tl::unexpected<DhcpdSyntaxError> failure(std::string text) const {
    return tl::unexpected(DhcpdSyntaxError{line_, std::move(text)});
  }

  // Over white space and comments; false at the end.
  bool skip_space() {
    while (!rest_.empty()) {
      if (rest_.front() == '#') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (kSpace.find(rest_.front()) != std::string_view::npos) {
        if (rest_.front() == '\n') ++line_;
        rest_.remove_prefix(1);
      } else {
        return true;
      }
    }
    return false;
  }

  Result take_word(DhcpdStatement& to) {
    if (rest_.front() == '"') return take_quoted(to);
    if (kMarks.find(rest_.front()) != std::string_view::npos) {
      to.words.emplace_back(rest_.substr(0, 1));
      to.quoted.push_back(false);
      rest_.remove_prefix(1);
      return {};
    }
    const auto ends = [](char c) {
      return kSpace.find(c) != std::string_view::npos || kMarks.find(c) != std::string_view::npos ||
             c == '"' || c == '#';
    };
    const auto end = std::ranges::find_if(rest_, ends);
    const auto length = static_cast<std::size_t>(end - rest_.begin());
    to.words.emplace_back(rest_.substr(0, length));
    to.quoted.push_back(false);
    rest_.remove_prefix(length);
    return {};
  }

  Result take_quoted(DhcpdStatement& to) {
    std::string word;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '\n') break;
      if (c == '"') {
        to.words.push_back(std::move(word));
        to.quoted.push_back(true);
        rest_.remove_prefix(i + 1);
        return {};
      }
      if (c == '\\' && i + 1 < rest_.size()) ++i;
      word += rest_[i];
    }
    return failure("a quote is not closed");
  }

  std::string_view rest_;
  unsigned line_ = 1;
};

}  // namespace

std::string DhcpdStatement::text() const {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
  return all + (has_block ? " { ... }" : ";");
}

tl::expected<std::vector<DhcpdStatement>, DhcpdSyntaxError> parse_dhcpd(std::string_view text) {
  std::vector<DhcpdStatement> statements;
  if (auto parsed = Parser(text).block(statements, 0); !parsed) {
    return tl::unexpected(parsed.error());
  }
  return statements;
}

}  // namespace reveille
