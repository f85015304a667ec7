// The syntax of dhcpd.conf (dhcpd.conf(5)): statements that end in a semicolon or open a block.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace reveille {

struct DhcpdStatement {
  unsigned line = 0;
  std::vector<std::string> words;  // quotes taken off; commas and operators are words
  std::vector<bool> quoted;        // by word: it stood in quotes
  bool has_block = false;
  std::vector<DhcpdStatement> block;

  [[nodiscard]] std::string_view word(std::size_t i) const {
    return i < words.size() ? std::string_view(words[i]) : std::string_view{};
  }
  [[nodiscard]] bool is_quoted(std::size_t i) const { return i < quoted.size() && quoted[i]; }
  // As written, but for spaces.
  [[nodiscard]] std::string text() const;
};

struct DhcpdSyntaxError {
  unsigned line = 0;
  std::string text;
};

// Blocks may be nested 32 deep.
[[nodiscard]] tl::expected<std::vector<DhcpdStatement>, DhcpdSyntaxError> parse_dhcpd(
    std::string_view text);

}  // namespace reveille
