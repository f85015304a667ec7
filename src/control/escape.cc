#include "control/escape.h"

#include <algorithm>
#include <cstdint>

namespace reveille {

namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  // in bytes; 0: not UTF-8
};

// The first character of `text`, which is not empty. RFC 3629, section 4: shortest forms only,
// no surrogates, nothing past U+10FFFF.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {};
  return {code, length};
}

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
