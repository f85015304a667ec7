// Tags of dnsmasq as conditions: what sets them, and what several of them together mean.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reveille/address.h>

#include "control/import/import_condition.h"

namespace reveille {

// "00:60:8c:*:*:*", or one address.
[[nodiscard]] std::optional<ImportedCondition> dnsmasq_mac(std::string_view text);

class DnsmasqTags {
 public:
  // dhcp-match and its like: the line does nothing but set a tag.
  [[nodiscard]] static bool is_key(std::string_view key);
  // Such a line. Empty, or why its condition is none that rules can make.
  [[nodiscard]] std::string read(std::string_view key, const std::vector<std::string>& parts);
  // dhcp-host=MAC,set:tag
  void read_host(const std::vector<std::string>& parts);
  // dhcp-range=set:tag
  void set_by_subnet(const std::string& tag, const Ipv4Prefix& prefix);

  // All of these tags, "x" or "!x". nullopt: some are set by nothing that rules know.
  [[nodiscard]] std::optional<ImportedCondition> condition(
      const std::vector<std::string>& tags) const;
  // The subnet that alone sets this one tag.
  [[nodiscard]] std::optional<Ipv4Prefix> subnet(const std::vector<std::string>& tags) const;

 private:
  // What sets a tag: one of these is enough.
  std::map<std::string, std::vector<ImportedCondition>, std::less<>> tags_;
};

}  // namespace reveille
