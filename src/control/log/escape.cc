#include "control/log/escape.h"

#include <algorithm>
#include <cstdint>

#include "text/utf8.h"

namespace reveille {
namespace {

bool harmless(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;  // control characters
  if (code == 0xad || code == 0xfeff) return false;                // soft hyphen, byte order mark
  if (code >= 0x200b && code <= 0x200f) return false;              // no width, direction marks
  if (code >= 0x2028 && code <= 0x202e) return false;              // line ends, direction overrides
  if (code >= 0x2060 && code <= 0x206f) return false;              // invisible, isolates
  return true;
}

}  // namespace

std::string escaped(std::string_view raw, std::size_t bytes_max) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(std::min(raw.size(), bytes_max) + 8);
  for (std::size_t at = 0; at < raw.size();) {
    const Character character = first_character(raw.substr(at));
    const std::size_t length = std::max<std::size_t>(character.length, 1);
    if (at + length > bytes_max) return text + "...";
    const std::string_view bytes = raw.substr(at, length);
    at += length;
    if (bytes == "\\") {
      text += "\\\\";
    } else if (character.length != 0 && harmless(character.code)) {
      text += bytes;
    } else {
      for (const char c : bytes) {
        const auto byte = static_cast<std::uint8_t>(c);
        text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
      }
    }
  }
  return text;
}

std::string quoted(std::string_view raw, std::size_t bytes_max) {
  std::string text = escaped(raw, bytes_max);
  if (!text.empty() && text.find_first_of(" ,;\"") == std::string::npos) return text;
  std::string inside;
  for (const char c : text) {
    if (c == '"') inside += '\\';
    inside += c;
  }
  return '"' + inside + '"';
}

}  // namespace reveille
