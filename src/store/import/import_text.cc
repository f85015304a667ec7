#include "store/import/import_text.h"

#include <algorithm>
#include <charconv>

namespace reveille::lease_file {
namespace {

constexpr std::string_view kBlanks = " \t\r";

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string_view take_word(std::string_view& line) {
  line = trimmed(line);
  const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  if (!is_whole || value < 0 || value > kMost) return std::nullopt;
  return value;
}

std::optional<std::vector<std::uint8_t>> parse_octets(std::string_view text) {
  constexpr std::size_t kMost = 255;
  std::vector<std::uint8_t> octets;
  while (octets.size() < kMost) {
    const std::string_view one = text.substr(0, text.find(':'));
    std::uint8_t octet = 0;
    const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), octet, 16);
    if (one.size() > 2 || error != std::errc{} || end != one.data() + one.size()) break;
    octets.push_back(octet);
    if (one.size() == text.size()) return octets;
    text.remove_prefix(one.size() + 1);
  }
  return std::nullopt;
}

std::optional<Ipv4Address> parse_lease_address(std::string_view text) {
  const auto address = Ipv4Address::parse(text);
  const bool is_hosts = address && !address->is_zero() && !address->is_multicast() &&
                        !address->is_loopback() && *address != Ipv4Address::broadcast();
  return is_hosts ? address : std::nullopt;
}

}  // namespace reveille::lease_file
