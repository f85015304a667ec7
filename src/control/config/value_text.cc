#include "control/config/value_text.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace reveille {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kDurationUnits{
    Unit{"d", 86'400'000'000'000}, Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000},
    Unit{"min", 60'000'000'000},   Unit{"s", 1'000'000'000},     Unit{"ms", 1'000'000},
};

constexpr std::array kSizeUnits{
    Unit{"TiB", std::uint64_t{1} << 40},
    Unit{"GiB", 1U << 30},
    Unit{"MiB", 1U << 20},
    Unit{"KiB", 1U << 10},
    Unit{"TB", 1'000'000'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"kB", 1'000},
    Unit{"B", 1},
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// A number, optional spaces, a unit. `bare` is the factor without a unit; 0 = a unit is needed.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                             std::uint64_t bare) {
  text = trim(text);
  std::uint64_t number = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name = trim(text.substr(static_cast<std::size_t>(after - text.data())));
  std::uint64_t factor = name.empty() ? bare : 0;
  for (const Unit& unit : units) {
    if (unit.name == name) factor = unit.factor;
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (factor == 0 || number > kMax / factor) return std::nullopt;
  return number * factor;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  const auto count = parse_with_unit(text, kDurationUnits, 0);
  if (!count) return std::nullopt;
  return Nanoseconds{static_cast<std::int64_t>(*count)};
}

std::string duration_text(Nanoseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (count == 0) return "0s";
  for (const Unit& unit : kDurationUnits) {
    if (count % unit.factor == 0)
      return std::to_string(count / unit.factor) + std::string(unit.name);
  }
  return std::to_string(count) + "ns";
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizeUnits, 1);
}

std::string size_text(std::uint64_t bytes) {
  for (const Unit& unit : std::span(kSizeUnits).first(4)) {
    if (bytes >= unit.factor) {
      return std::to_string(bytes / unit.factor) + " " + std::string(unit.name);
    }
  }
  return std::to_string(bytes) + " B";
}

std::optional<PoolConfig> parse_pool(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = Ipv4Address::parse(trim(text.substr(0, dash)));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return PoolConfig{*first, *first};
  const auto last = Ipv4Address::parse(trim(text.substr(dash + 1)));
  if (!last) return std::nullopt;
  return PoolConfig{*first, *last};
}

std::string pool_text(const PoolConfig& pool) {
  if (pool.first == pool.last) return pool.first.text();
  return pool.first.text() + "-" + pool.last.text();
}

std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text) {
  std::vector<std::uint8_t> octets;
  std::size_t at = 0;
  while (at < text.size()) {
    const bool separator = text[at] == ':' || text[at] == '-' || text[at] == ' ';
    if (separator) {
      if (octets.empty() || at + 1 == text.size()) return std::nullopt;
      ++at;
    }
    if (at + 2 > text.size()) return std::nullopt;
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    octets.push_back(static_cast<std::uint8_t>(high * 16 + low));
    at += 2;
  }
  if (octets.empty()) return std::nullopt;
  return octets;
}

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, " ");
  }
  return digits;
}

}  // namespace reveille
