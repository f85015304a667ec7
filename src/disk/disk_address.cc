// The texts of the configuration's disk values.
#include <charconv>

#include <reveille/config.h>

namespace reveille {
namespace {

// Digits only, no sign, and no value over `max`.
template <class T>
std::optional<T> number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return static_cast<T>(value);
}

}  // namespace

std::optional<DiskAddress> DiskAddress::parse(std::string_view text) {
  const std::size_t point = text.find('.');
  if (!text.starts_with('e') || point == std::string_view::npos) return std::nullopt;
  // All ones mean every shelf and every slot.
  const auto shelf = number<std::uint16_t>(text.substr(1, point - 1), 0xfffe);
  const auto slot = number<std::uint8_t>(text.substr(point + 1), 0xfe);
  if (!shelf || !slot) return std::nullopt;
  return DiskAddress{*shelf, *slot};
}

std::string DiskAddress::text() const {
  std::string text = "e";
  text += std::to_string(shelf);
  text += '.';
  text += std::to_string(slot);
  return text;
}

std::optional<MacPattern> MacPattern::parse(std::string_view text) {
  const std::size_t octets = (text.size() + 1) / 3;
  if (text.size() % 3 != 2 || octets > 6) return std::nullopt;
  std::string filled(text);
  const char separator = text.size() > 2 ? text[2] : ':';
  for (std::size_t i = octets; i < 6; ++i) {
    filled += separator;
    filled += "00";
  }
  const auto mac = MacAddress::parse(filled);
  if (!mac) return std::nullopt;
  return MacPattern{*mac, static_cast<std::uint8_t>(octets)};
}

}  // namespace reveille
