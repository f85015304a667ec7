#include "control/config/architecture_key.h"

#include <charconv>

#include "policy/architecture.h"

namespace reveille {

std::string architecture_key(std::string_view name) {
  std::string key(name);
  for (char& c : key) {
    if (c == ' ') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

std::optional<std::uint16_t> parse_architecture(std::string_view text) {
  for (const Architecture& known : architectures()) {
    if (architecture_key(known.name) == text) return known.code;
  }
  std::uint16_t code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return code;
}

std::vector<std::string> architecture_keys() {
  std::vector<std::string> keys;
  for (const Architecture& known : architectures()) keys.push_back(architecture_key(known.name));
  return keys;
}

}  // namespace reveille
