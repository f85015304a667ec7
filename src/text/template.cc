#include "text/template.h"

#include <algorithm>

namespace reveille {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

}  // namespace

void Template::add_literal(std::string_view text) {
  if (text.empty()) return;
  const auto begin = static_cast<std::uint32_t>(text_.size());
  const auto length = static_cast<std::uint32_t>(text.size());
  text_ += text;
  const bool continues = !pieces_.empty() && pieces_.back().kind == Kind::literal;
  if (continues) {
    pieces_.back().length += length;
  } else {
    pieces_.push_back({.kind = Kind::literal, .begin = begin, .length = length});
  }
}

tl::expected<Template, TextProblem> Template::parse(std::string_view text, Captures captures) {
  Template result;
  const auto fails = [](std::size_t offset, std::string why) {
    return tl::unexpected(TextProblem{offset, std::move(why)});
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("{{{{")) {
      result.add_literal(kOpen);
      at += 4;
    } else if (rest.starts_with(kOpen)) {
      const std::size_t close = rest.find(kClose);
      const std::string_view inside = rest.substr(2, close - 2);
      // What holds a brace or goes over lines has lost its end.
      if (close == std::string_view::npos || inside.find_first_of("{}\n") != inside.npos) {
        return fails(at, "a variable that does not end in }}");
      }
      const std::size_t bar = inside.find('|');
      const auto use = parse_variable(inside.substr(0, bar));
      if (!use) return fails(at, use.error());
      const auto instead = bar == std::string_view::npos ? "" : inside.substr(bar + 1);
      result.pieces_.push_back({.kind = Kind::variable,
                                .use = *use,
                                .begin = static_cast<std::uint32_t>(result.text_.size()),
                                .length = static_cast<std::uint32_t>(instead.size())});
      result.text_ += instead;
      at += close + 2;
    } else if (captures == Captures::numbered && rest.front() == '\\') {
      const bool numbered = rest.size() > 1 && rest[1] >= '0' && rest[1] <= '9';
      if (!numbered) {
        return fails(at, "a backslash begins a capture, \\0 to \\9; write / between folders");
      }
      const int number = rest[1] - '0';
      if (number > result.capture_max_) {
        result.capture_max_ = number;
        result.capture_max_offset_ = at;
      }
      result.pieces_.push_back(
          {.kind = Kind::capture, .capture = static_cast<std::uint8_t>(number)});
      at += 2;
    } else {
      const std::size_t end = std::min(rest.find_first_of("{\\", 1), rest.size());
      result.add_literal(rest.substr(0, end));
      at += end;
    }
  }
  return result;
}

std::string_view Template::value_of(const Piece& piece, const ClientFacts& client,
                                    std::span<char, kVariableLengthMax> room) const {
  const std::size_t length = write_variable(piece.use, client, room);
  return length == 0 ? text_of(piece) : std::string_view(room.data(), length);
}

std::size_t Template::size(const ClientFacts& client) const {
  std::array<char, kVariableLengthMax> room;
  std::size_t size = 0;
  for (const Piece& piece : pieces_) {
    size += piece.kind == Kind::variable ? value_of(piece, client, room).size() : piece.length;
  }
  return size;
}

std::size_t Template::size_max() const {
  std::size_t size = 0;
  for (const Piece& piece : pieces_) {
    size += piece.kind == Kind::variable ? std::max<std::size_t>(piece.length, kVariableLengthMax)
                                         : piece.length;
  }
  return size;
}

std::size_t Template::write(const ClientFacts& client, std::size_t offset,
                            MutableBytes room) const {
  std::array<char, kVariableLengthMax> variable_room;
  std::size_t at = 0;  // of the whole text: where the piece begins
  std::size_t written = 0;
  for (const Piece& piece : pieces_) {
    if (written == room.size()) break;
    std::string_view text =
        piece.kind == Kind::variable ? value_of(piece, client, variable_room) : text_of(piece);
    const std::size_t end = at + text.size();
    if (end > offset) {
      if (at < offset) text.remove_prefix(offset - at);
      const std::size_t part = std::min(text.size(), room.size() - written);
      std::copy_n(text.begin(), part, room.begin() + static_cast<std::ptrdiff_t>(written));
      written += part;
    }
    at = end;
  }
  return written;
}

bool Template::write_name(const ClientFacts& client, Captured captured, std::span<char> room,
                          std::size_t& length) const {
  std::array<char, kVariableLengthMax> variable_room;
  length = 0;
  for (const Piece& piece : pieces_) {
    std::string_view text;
    switch (piece.kind) {
      case Kind::literal:
        text = text_of(piece);
        break;
      case Kind::variable:
        text = value_of(piece, client, variable_room);
        if (text.empty()) return false;
        break;
      case Kind::capture:
        text = captured[piece.capture];
        break;
    }
    if (text.size() > room.size() - length) return false;
    std::ranges::copy(text, room.begin() + static_cast<std::ptrdiff_t>(length));
    length += text.size();
  }
  return true;
}

}  // namespace reveille
