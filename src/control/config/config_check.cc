#include "control/config/config_check.h"

#include <algorithm>

#include "control/socket/unix_address.h"

namespace reveille {
namespace {

bool is_url(std::string_view name) {
  return name.find("://") != std::string_view::npos;
}

// ".." between separators: no image can have such a name.
bool climbs(std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = name.find_first_of("/\\");
    if (name.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) break;
    name.remove_prefix(end + 1);
  }
  return false;
}

bool is_absolute(std::string_view name) {
  const bool drive = name.size() > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/');
  return name.starts_with('/') || name.starts_with('\\') || drive;
}

void check_purpose(const Config& config, const Origins& origins, Problems& problems) {
  if (config.interfaces.empty() && !origins.has("interface")) {
    problems.error({}, "no interface to serve: add an [[interface]] table, or give --interface");
  }
  if (config.dhcp.mode == DhcpMode::off && !config.tftp.enabled && config.disks.empty()) {
    problems.error(origins.of("dhcp.mode"),
                   "DHCP and TFTP are both off and there is no [[disk]]: nothing is left to serve");
  }
  if (config.tftp.enabled && config.images.root.empty() && !origins.has("images.root")) {
    problems.error(origins.of("images"), "no image folder: set `root` in [images], or give --root");
  }
}

void check_tftp(const Config& config, const Origins& origins, Problems& problems) {
  const TftpConfig& tftp = config.tftp;
  if (tftp.half_open_max > tftp.transfers_max) {
    problems.error(
        origins.of(origins.has("tftp.half_open_max") ? "tftp.half_open_max" : "tftp.transfers_max"),
        "half_open_max (" + std::to_string(tftp.half_open_max) + ") is more than transfers_max (" +
            std::to_string(tftp.transfers_max) + ")");
  }
  if (tftp.transfers_max < config.workers.count) {
    problems.error(origins.of("tftp.transfers_max"), "transfers_max is less than one a worker");
  }
}

void check_leases(const Config& config, const Origins& origins, Problems& problems) {
  if (!config.leases.database.empty()) return;
  problems.error(origins.of("leases.database"),
                 "the lease database has no name: give its path, or \"none\" to forget all leases "
                 "when reveille ends");
}

void check_control(const Config& config, const Origins& origins, Problems& problems) {
  if (config.control.socket.size() > kSocketPathMax) {
    problems.error(origins.of("control.socket"),
                   "the control socket's path has " + std::to_string(config.control.socket.size()) +
                       " bytes; sockets have at most " + std::to_string(kSocketPathMax));
  }
}

}  // namespace

std::string_view unusable(Ipv4Address address) {
  if (address == Ipv4Address::broadcast()) return "is the broadcast address";
  if (address.value >> 24 == 0) return "is in 0.0.0.0/8, which means this network";
  if (address.is_loopback()) return "is a loopback address";
  if (address.is_multicast()) return "is a multicast address";
  if (address.value >> 28 == 0xf) return "is in 240.0.0.0/4, which is reserved";
  return {};
}

std::string_view unusable_in(Ipv4Address address, const Ipv4Prefix& network) {
  // RFC 3021: a /31 has two hosts and neither of the two special addresses.
  if (network.length < 31) {
    if (address == network.network()) return "is the network's own address";
    if (address == network.directed_broadcast()) return "is the network's broadcast address";
  }
  return unusable(address);
}

std::string interface_name(const InterfaceConfig& interface) {
  if (!interface.interface.empty()) return interface.interface;
  if (!interface.device.empty()) return interface.device;
  return interface.vdev.substr(0, interface.vdev.find(','));
}

std::vector<OwnAddress> own_addresses(const Config& config) {
  std::vector<OwnAddress> all;
  for (std::size_t i = 0; i < config.interfaces.size(); ++i) {
    const InterfaceConfig& interface = config.interfaces[i];
    const std::string path = element("interface", i);
    const std::string name = interface_name(interface);
    if (interface.address) all.push_back({*interface.address, 0, name, path + ".address"});
    for (std::size_t j = 0; j < interface.vlans.size(); ++j) {
      const VlanConfig& vlan = interface.vlans[j];
      all.push_back({vlan.address, vlan.id, name + " VLAN " + std::to_string(vlan.id),
                     element(path + ".vlan", j) + ".address"});
    }
  }
  return all;
}

void check_reserved_address(const Config& config, const std::vector<OwnAddress>& own,
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

bool is_domain_name(std::string_view name) {
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    const bool good = std::all_of(label.begin(), label.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '_';
    });
    if (label.empty() || label.size() > 63 || label.front() == '-' || !good) return false;
    if (label.size() == name.size()) return true;
    name.remove_prefix(label.size() + 1);
  }
  return false;
}

void check_boot_file(std::string_view name, std::string_view what, const Config& config,
                     Origin origin, Problems& problems) {
  if (name.empty() || is_url(name)) return;
  const std::string text = std::string(what) + " " + in_quotes(name);
  const std::string& root = config.images.root;
  const bool under_root = !root.empty() && name.starts_with(root + "/");
  if (under_root) {
    problems.error(origin, text + " is a path on this machine; clients ask for " +
                               in_quotes(name.substr(root.size() + 1)));
  } else if (is_absolute(name)) {
    problems.error(origin,
                   text + " begins at the root; name the file as it is in the image folder");
  } else if (climbs(name)) {
    problems.error(origin, text + " leaves the image folder; only files in it are served");
  }
}

void check_boot(const Config& config, const Origins& origins, Problems& problems) {
  const BootConfig& boot = config.boot;
  for (std::size_t i = 0; i < boot.files.size(); ++i) {
    const Origin origin = origins.of(element("boot.files", i));
    if (boot.files[i].file.empty()) problems.error(origin, "the boot file's name is empty");
    check_boot_file(boot.files[i].file, "boot file", config, origin, problems);
  }
  check_boot_file(boot.default_file, "default_file", config, origins.of("boot.default_file"),
                  problems);
  check_boot_file(boot.ipxe_script, "ipxe_script", config, origins.of("boot.ipxe_script"),
                  problems);
  if (boot.next_server) {
    if (const auto why = unusable(*boot.next_server); !why.empty()) {
      problems.error(origins.of("boot.next_server"),
                     "next_server " + boot.next_server->text() + " " + std::string(why));
    }
  }
}

void check_config(const Config& config, const Origins& origins, Problems& problems) {
  check_purpose(config, origins, problems);
  check_interfaces(config, origins, problems);
  check_subnets(config, origins, problems);
  check_pools(config, origins, problems);
  check_hosts(config, origins, problems);
  check_boot(config, origins, problems);
  check_tftp(config, origins, problems);
  check_leases(config, origins, problems);
  check_control(config, origins, problems);
  check_names(config, origins, problems);
  check_rules(config, origins, problems);
  check_disks(config, origins, problems);
}

}  // namespace reveille
