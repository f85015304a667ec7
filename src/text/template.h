// A text with variables in it, and, in name rules, with what a pattern has captured.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

#include "packet/client_facts.h"
#include "text/variable.h"

namespace reveille {

// The longest text that a template may become: 45 blocks of a transfer.
inline constexpr std::size_t kTemplateSizeMax = 65536;

// What is wrong with a text, and before which of its octets.
struct TextProblem {
  std::size_t offset = 0;
  std::string text;
};

// Parsed once by control; immutable. Writing allocates nothing, and the same facts always give
// the same octets.
class Template {
 public:
  // What a backslash means: nothing, as in scripts, or `\0` to `\9` for captures.
  enum class Captures : std::uint8_t { none, numbered };
  // Of the pattern: 0 is the whole match.
  using Captured = std::span<const std::string_view>;

  // `{{name}}`, `{{name:form}}` or `{{name|instead}}` is a variable, `{{{{` stands for two braces.
  [[nodiscard]] static tl::expected<Template, TextProblem> parse(std::string_view text,
                                                                 Captures captures);

  // Length of the whole text, as write() gives it.
  [[nodiscard]] std::size_t size(const ClientFacts& client) const;
  // The most that size() can be.
  [[nodiscard]] std::size_t size_max() const;
  // Octets `offset` to `offset` + room.size() of the text as far as there are any; returns how
  // many. What is not known of the client, and has no text instead, is left out. No captures.
  std::size_t write(const ClientFacts& client, std::size_t offset, MutableBytes room) const;

  // The whole as a name: false if it does not fit into `room`, or if something is not known and
  // has no text instead. `captured` has an entry for each capture that the text has.
  bool write_name(const ClientFacts& client, Captured captured, std::span<char> room,
                  std::size_t& length) const;

  // The highest capture in the text, and where it stands; -1 if there is none.
  [[nodiscard]] int capture_max() const { return capture_max_; }
  [[nodiscard]] std::size_t capture_max_offset() const { return capture_max_offset_; }

 private:
  enum class Kind : std::uint8_t { literal, variable, capture };
  struct Piece {
    Kind kind{};
    std::uint8_t capture = 0;
    VariableUse use;
    std::uint32_t begin = 0;  // in text_: the literal, or what stands in for the variable
    std::uint32_t length = 0;
  };

  [[nodiscard]] std::string_view text_of(const Piece& piece) const {
    return std::string_view(text_).substr(piece.begin, piece.length);
  }
  // The text of a variable, in `room`, or what stands in for it.
  [[nodiscard]] std::string_view value_of(const Piece& piece, const ClientFacts& client,
                                          std::span<char, kVariableLengthMax> room) const;
  void add_literal(std::string_view text);

  std::string text_;
  std::vector<Piece> pieces_;
  int capture_max_ = -1;
  std::size_t capture_max_offset_ = 0;
};

}  // namespace reveille
