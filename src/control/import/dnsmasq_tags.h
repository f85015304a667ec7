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
  // dhcp-host=MAC,set:tag or dhcp-host=id:CLIENT-ID,set:tag
  void read_host(const std::vector<std::string>& parts);
  // dhcp-range=set:tag: of a range for everybody, or for those of other tags, which are read
  // before.
  void read_range(std::string_view value, bool tagged);

  // All of these tags, "x" or "!x". nullopt: some are set by nothing that rules know.
  [[nodiscard]] std::optional<ImportedCondition> condition(
      const std::vector<std::string>& tags) const;
  // The subnet that alone sets this one tag.
  [[nodiscard]] std::optional<Ipv4Prefix> subnet(const std::vector<std::string>& tags) const;

 private:
  void set(const std::string& tag, ImportedCondition condition);

  // What sets a tag: one of these is enough. dnsmasq itself sets the first.
  std::map<std::string, std::vector<ImportedCondition>, std::less<>> tags_{{"known", {is_known()}}};
};

}  // namespace reveille
