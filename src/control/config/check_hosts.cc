#include <algorithm>
#include <unordered_map>

#include "control/config/config_check.h"

namespace reveille {
namespace {

// Finds the second use of a key, and says where the first was. Nothing is written down that is
// not wrong: there may be a hundred thousand hosts.
template <class Key>
class OnlyOnce {
 public:
  OnlyOnce(const char* what, const char* field, const Origins& origins, Problems& problems)
      : what_(what), field_(field), origins_(origins), problems_(problems) {}

  void add(Key key, std::size_t host, const std::string& text) {
    const auto [first, is_new] = seen_.emplace(std::move(key), host);
    if (is_new) return;
    const Origin here = origins_.of(path(host));
    const Origin there = origins_.of(path(first->second));
    std::string where;
    if (there.line > 0) where = "line " + std::to_string(there.line);
    if (!where.empty() && there.file != here.file) {
      where += there.file.empty() ? " of the configuration" : " of " + std::string(there.file);
    }
    problems_.error(here, std::string(what_) + " " + text + " belongs to another [[host]] already" +
                              (where.empty() ? "" : " (" + where + ")"));
  }

 private:
  [[nodiscard]] std::string path(std::size_t host) const { return element("host", host) + field_; }

  const char* what_;
  const char* field_;
  const Origins& origins_;
  Problems& problems_;
  std::unordered_map<Key, std::size_t> seen_;
};

std::string bytes_of(const auto& octets) {
  return {octets.begin(), octets.end()};
}

std::string hex_text(const std::vector<std::uint8_t>& octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t octet : octets) {
    if (!out.empty()) out += ':';
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

// A value that could not be understood is a key all the same.
bool has_key(const HostConfig& host, const std::string& path, const Origins& origins) {
  return host.mac || host.uuid || !host.client_id.empty() || origins.has(path + ".mac") ||
         origins.has(path + ".client_id") || origins.has(path + ".uuid");
}

void check_host(const Config& config, const HostConfig& host, const std::string& path,
                const std::vector<OwnAddress>& own, const Origins& origins, Problems& problems) {
  if (!has_key(host, path, origins)) {
    problems.error(origins.of(path),
                   "a host needs a `mac`, a `client_id` or a `uuid` to be known by");
  }
  if (host.mac && (host.mac->is_group() || host.mac->is_zero())) {
    problems.error(origins.of(path + ".mac"),
                   host.mac->text() + " is not the address of one machine");
  }
  if (host.client_id.size() > 255) {
    problems.error(origins.of(path + ".client_id"), "a client-id has at most 255 octets");
  }
  if (host.address) {
    check_reserved_address(config, own, *host.address, origins.of(path + ".address"), problems);
  }
  if (!host.host_name.empty() && !is_domain_name(host.host_name)) {
    problems.error(origins.of(path + ".host_name"),
                   in_quotes(host.host_name) + " is not a host name");
  }
  if (!host.boot_file.empty()) {
    check_boot_file(host.boot_file, "boot_file", config, origins.of(path + ".boot_file"), problems);
  }
}

}  // namespace

void check_hosts(const Config& config, const Origins& origins, Problems& problems) {
  OnlyOnce<std::uint64_t> macs("MAC address", ".mac", origins, problems);
  OnlyOnce<std::string> client_ids("client-id", ".client_id", origins, problems);
  OnlyOnce<std::string> uuids("UUID", ".uuid", origins, problems);
  OnlyOnce<std::uint32_t> addresses("address", ".address", origins, problems);
  const std::vector<OwnAddress> own = own_addresses(config);
  for (std::size_t i = 0; i < config.hosts.size(); ++i) {
    const HostConfig& host = config.hosts[i];
    if (host.mac) macs.add(host.mac->number(), i, host.mac->text());
    if (!host.client_id.empty()) {
      client_ids.add(bytes_of(host.client_id), i, hex_text(host.client_id));
    }
    if (host.uuid) uuids.add(bytes_of(host.uuid->octets), i, host.uuid->text());
    if (host.address) addresses.add(host.address->value, i, host.address->text());
    check_host(config, host, element("host", i), own, origins, problems);
  }
}

}  // namespace reveille
