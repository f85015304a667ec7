#include "tftp/options.h"

#include <algorithm>
#include <charconv>

namespace reveille {
namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Digits only: no sign, no space, no hexadecimal.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || next != end) return std::nullopt;
  return value;
}

// Each puts its part into the terms and returns the number to acknowledge.
using Answer = std::optional<std::uint64_t> (*)(std::uint64_t asked, const TftpLimits& limits,
                                                TftpTerms& terms);

std::optional<std::uint64_t> block_size(std::uint64_t asked, const TftpLimits& limits,
                                        TftpTerms& terms) {
  terms.block_size =
      static_cast<std::uint16_t>(std::min<std::uint64_t>(asked, limits.block_size_max));
  return terms.block_size;
}
std::optional<std::uint64_t> window_size(std::uint64_t asked, const TftpLimits& limits,
                                         TftpTerms& terms) {
  terms.window_size =
      static_cast<std::uint16_t>(std::min<std::uint64_t>(asked, limits.window_size_max));
  return terms.window_size;
}
std::optional<std::uint64_t> transfer_size(std::uint64_t, const TftpLimits& limits, TftpTerms&) {
  return limits.file_size;
}
std::optional<std::uint64_t> seconds(std::uint64_t asked, const TftpLimits&, TftpTerms& terms) {
  if (terms.timeout) return std::nullopt;
  terms.timeout = std::chrono::seconds{asked};
  return asked;
}
std::optional<std::uint64_t> microseconds(std::uint64_t asked, const TftpLimits&,
                                          TftpTerms& terms) {
  if (terms.timeout) return std::nullopt;
  terms.timeout = std::chrono::microseconds{asked};
  return asked;
}

struct Rule {
  std::string_view name;
  std::uint64_t least;  // outside of the range an option counts as not asked
  std::uint64_t most;
  Answer answer;
};

constexpr std::array<Rule, 5> kRules{{
    {"blksize", 8, 65464, block_size},                // RFC 2348
    {"tsize", 0, UINT64_MAX, transfer_size},          // RFC 2349; 0 is what a reader sends
    {"timeout", 1, 255, seconds},                     // RFC 2349
    {"utimeout", 10'000, 255'000'000, microseconds},  // as tftpd-hpa defined it
    {"windowsize", 1, 65535, window_size},            // RFC 7440
}};

}  // namespace

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

TftpTerms negotiate(std::span<const wire::TftpOption> asked, const TftpLimits& limits) {
  TftpTerms terms;
  std::array<bool, kRules.size()> seen{};
  std::array<wire::TftpOption, kRules.size()> accepted;
  std::array<std::array<char, 20>, kRules.size()> digits;
  std::size_t count = 0;

  for (const wire::TftpOption& option : asked) {
    const auto rule = std::ranges::find_if(
        kRules, [&](const Rule& r) { return equal_without_case(r.name, option.name); });
    if (rule == kRules.end()) continue;
    bool& repeated = seen[static_cast<std::size_t>(rule - kRules.begin())];
    if (repeated) continue;
    repeated = true;
    const auto value = parse_number(option.value);
    if (!value || *value < rule->least || *value > rule->most) continue;
    const auto answer = rule->answer(*value, limits, terms);
    if (!answer) continue;
    // The name goes back as it came: some clients compare it with case.
    char* const begin = digits[count].data();
    const char* const end = std::to_chars(begin, begin + digits[count].size(), *answer).ptr;
    accepted[count++] = {option.name, {begin, end}};
  }
  if (count > 0) {
    terms.oack_length = static_cast<std::uint8_t>(
        wire::write_tftp_oack(terms.oack, std::span{accepted}.first(count)));
  }
  return terms;
}

}  // namespace reveille
