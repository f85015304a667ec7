// dhcp-range of dnsmasq.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

namespace reveille {

struct DnsmasqRange {
  Ipv4Prefix prefix;
  bool is_guessed = false;  // the prefix: the line has no netmask
  bool is_proxy = false;
  std::optional<PoolConfig> pool;  // none when only reservations are served
  std::optional<Seconds> lease_time;
  std::vector<std::string> tags;      // that it sets
  std::vector<std::string> only_for;  // tags that a machine must have: "x" or "!x"
};

// What stands between the commas of its value; or why it cannot be taken over.
[[nodiscard]] tl::expected<DnsmasqRange, std::string> dnsmasq_range(
    const std::vector<std::string>& words);

}  // namespace reveille
