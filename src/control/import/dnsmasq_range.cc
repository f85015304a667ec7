#include "control/import/dnsmasq_range.h"

#include <algorithm>

#include "control/config/value_text.h"
#include "control/import/import_options.h"

namespace reveille {
namespace {

std::optional<Seconds> lease_time_of(std::string_view text) {
  if (text == "infinite") return Seconds{0xfffffffe};
  if (const auto number = whole_number(text)) return Seconds{*number};
  if (text.ends_with('w')) {
    const auto weeks = whole_number(text.substr(0, text.size() - 1));
    if (!weeks || *weeks > 7000) return std::nullopt;
    return Seconds{*weeks * 604'800};
  }
  const auto duration = parse_duration(text);
  if (!duration) return std::nullopt;
  return std::chrono::duration_cast<Seconds>(*duration);
}

// The smallest network that holds both, but none smaller than a /24.
Ipv4Prefix network_around(Ipv4Address first, Ipv4Address last) {
  Ipv4Prefix prefix{first, 24};
  while (prefix.length > 8 && !prefix.contains(last)) --prefix.length;
  return {prefix.network(), prefix.length};
}

}  // namespace

tl::expected<DnsmasqRange, std::string> dnsmasq_range(const std::vector<std::string>& words) {
  DnsmasqRange range;
  std::vector<std::string> parts;
  for (const std::string& word : words) {
    if (word.starts_with("interface:")) continue;
    if (word.starts_with("tag:")) {
      range.only_for.push_back(word.substr(4));
      continue;
    }
    const bool is_set = word.starts_with("set:") || word.starts_with("net:");
    (is_set ? range.tags : parts).push_back(is_set ? word.substr(4) : word);
  }
  const auto first = Ipv4Address::parse(parts.empty() ? "" : parts[0]);
  if (!first) return tl::unexpected(std::string("reveille serves IPv4 only"));
  Ipv4Address last = *first;
  std::optional<std::uint8_t> length;
  bool is_static = false;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (part == "proxy") {
      range.is_proxy = true;
    } else if (part == "static") {
      is_static = true;
    } else if (const auto address = Ipv4Address::parse(part)) {
      if (i == 1) {
        last = *address;
        range.pool = {*first, last};
      } else if (!length) {
        length = mask_length(part);
        if (!length) return tl::unexpected(std::string("that is not a netmask"));
      }
    } else if (const auto time = lease_time_of(part)) {
      range.lease_time = std::max(*time, Seconds{120});  // dnsmasq takes nothing shorter
    } else {
      return tl::unexpected(std::string("not understood"));
    }
  }
  if (is_static) range.pool.reset();
  if (!range.only_for.empty() && (!range.pool || range.is_proxy)) {
    return tl::unexpected(std::string("for tagged clients only addresses are taken over"));
  }
  range.is_guessed = !length;
  range.prefix = length ? Ipv4Prefix{Ipv4Prefix{*first, *length}.network(), *length}
                        : network_around(*first, last);
  return range;
}

}  // namespace reveille
