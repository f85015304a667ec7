#include <algorithm>
#include <map>

#include "control/config_check.h"

namespace reveille {
namespace {

// Finds the second use of a key, and says where the first was.
template <class Key>
class OnlyOnce {
 public:
  OnlyOnce(std::string what, const Origins& origins, Problems& problems)
      : what_(std::move(what)), origins_(origins), problems_(problems) {}

  void add(const Key& key, const std::string& text, const std::string& path) {
    const auto [first, is_new] = seen_.emplace(key, path);
    if (is_new) return;
    const Origin at = origins_.of(first->second);
    std::string where;
    if (at.line > 0) where = " (line " + std::to_string(at.line) + ")";
    problems_.error(origins_.of(path),
                    what_ + " " + text + " belongs to another [[host]] already" + where);
  }

 private:
  std::string what_;
  const Origins& origins_;
  Problems& problems_;
  std::map<Key, std::string> seen_;
};

void check_host_address(const Config& config, const std::vector<OwnAddress>& own,
                        Ipv4Address address, Origin origin, Problems& problems) {
  const std::string text = "address " + address.text();
  for (const OwnAddress& ours : own) {
    if (ours.address.address == address) {
      problems.error(origin, text + " is the server's own address on " + ours.interface);
      return;
    }
  }
  // A prefix that could not be understood may have been the one.
  const auto unknown = [](const SubnetConfig& subnet) { return subnet.prefix == Ipv4Prefix{}; };
  const auto holds = [&](const SubnetConfig& subnet) { return subnet.prefix.contains(address); };
  const auto& subnets = config.subnets;
  const auto subnet = std::find_if(subnets.begin(), subnets.end(), holds);
  const std::string_view why =
      subnet == subnets.end() ? unusable(address) : unusable_in(address, subnet->prefix);
  if (!why.empty()) {
    problems.error(origin, text + " " + std::string(why));
  } else if (subnet == subnets.end() && std::none_of(subnets.begin(), subnets.end(), unknown)) {
    problems.error(origin, text + " is not inside any [[subnet]]");
  }
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

}  // namespace

void check_hosts(const Config& config, const Origins& origins, Problems& problems) {
  OnlyOnce<MacAddress> macs("MAC address", origins, problems);
  OnlyOnce<std::string> client_ids("client-id", origins, problems);
  OnlyOnce<Uuid> uuids("UUID", origins, problems);
  OnlyOnce<Ipv4Address> addresses("address", origins, problems);
  const std::vector<OwnAddress> own = own_addresses(config);
  for (std::size_t i = 0; i < config.hosts.size(); ++i) {
    const HostConfig& host = config.hosts[i];
    const std::string path = element("host", i);
    const bool has_key = origins.has(path + ".mac") || origins.has(path + ".client_id") ||
                         origins.has(path + ".uuid");
    if (!has_key) {
      problems.error(origins.of(path),
                     "a host needs a `mac`, a `client_id` or a `uuid` to be "
                     "known by");
    }
    if (host.mac) {
      if (host.mac->is_group() || host.mac->is_zero()) {
        problems.error(origins.of(path + ".mac"),
                       host.mac->text() + " is not the address of one machine");
      }
      macs.add(*host.mac, host.mac->text(), path + ".mac");
    }
    if (!host.client_id.empty()) {
      client_ids.add(hex_text(host.client_id), hex_text(host.client_id), path + ".client_id");
    }
    if (host.client_id.size() > 255) {
      problems.error(origins.of(path + ".client_id"), "a client-id has at most 255 octets");
    }
    if (host.uuid) uuids.add(*host.uuid, host.uuid->text(), path + ".uuid");
    if (host.address) {
      addresses.add(*host.address, host.address->text(), path + ".address");
      check_host_address(config, own, *host.address, origins.of(path + ".address"), problems);
    }
    if (!host.host_name.empty() && !is_domain_name(host.host_name)) {
      problems.error(origins.of(path + ".host_name"),
                     in_quotes(host.host_name) + " is not a host name");
    }
    check_boot_file(host.boot_file, "boot_file", config, origins.of(path + ".boot_file"), problems);
  }
}

}  // namespace reveille
