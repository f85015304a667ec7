#include "control/import/plain_json.h"

#include <algorithm>

namespace reveille {

// What Kea allows beyond JSON: comments of three kinds, and a comma before a closing bracket.
std::string plain_json(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  std::size_t comma = std::string::npos;  // the last thing that was not space
  const auto skip_to = [&text, &plain](std::string_view end) {
    const std::size_t found = text.find(end);
    const std::size_t length = found == std::string_view::npos ? text.size() : found + end.size();
    plain.append(static_cast<std::size_t>(std::ranges::count(text.substr(0, length), '\n')), '\n');
    text.remove_prefix(length);
  };
  while (!text.empty()) {
    const char c = text.front();
    if (c == '#' || text.starts_with("//")) {
      skip_to("\n");
    } else if (text.starts_with("/*")) {
      skip_to("*/");
    } else if (c == '"') {
      std::size_t end = 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      plain += text.substr(0, end);
      text.remove_prefix(end);
      comma = std::string::npos;
    } else {
      const bool closes = c == ']' || c == '}';
      if (closes && comma != std::string::npos) plain[comma] = ' ';
      if (c == ',') {
        comma = plain.size();
      } else if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) {
        comma = std::string::npos;
      }
      plain += c;
      text.remove_prefix(1);
    }
  }
  return plain;
}

}  // namespace reveille
