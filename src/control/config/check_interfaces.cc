#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "control/config/config_check.h"
#include "packet/link_state.h"

namespace reveille {
namespace {

constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ less its NUL

// 0000:65:00.0
bool is_pci_address(std::string_view text) {
  constexpr std::string_view kShape = "xxxx:xx:xx.x";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool right = kShape[i] == 'x' ? std::isxdigit(static_cast<unsigned char>(text[i])) != 0
                                        : text[i] == kShape[i];
    if (!right) return false;
  }
  return true;
}

bool is_interface_name(std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c != '/' && c != ':' && c != ',' && c != 0x7f;
  });
  return printable && text.size() <= kInterfaceNameMax && text != "." && text != "..";
}

// What the port is: exactly one of three.
void check_kind(const InterfaceConfig& interface, const std::string& path, const Origins& origins,
                Problems& problems) {
  const int kinds =
      !interface.interface.empty() + !interface.device.empty() + !interface.vdev.empty();
  const bool not_understood = origins.has(path + ".interface") || origins.has(path + ".device") ||
                              origins.has(path + ".vdev");
  if (kinds > 1) {
    problems.error(origins.of(path), "give one of `interface`, `device` and `vdev`, not several");
  } else if (kinds == 0 && !not_understood) {
    problems.error(origins.of(path),
                   "say what to serve: `interface` (a kernel interface), `device` (a PCI address) "
                   "or `vdev` (a DPDK virtual device)");
  }
  if (!interface.interface.empty() && !is_interface_name(interface.interface)) {
    problems.error(origins.of(path + ".interface"),
                   in_quotes(interface.interface) + " cannot be the name of an interface");
  }
  if (!interface.device.empty() && !is_pci_address(interface.device)) {
    problems.error(origins.of(path + ".device"),
                   in_quotes(interface.device) + " is not a PCI address such as \"0000:65:00.0\"");
  }
  const bool vdev_good =
      interface.vdev.starts_with("net_") && interface.vdev.find(' ') == std::string::npos;
  if (!interface.vdev.empty() && !vdev_good) {
    problems.error(origins.of(path + ".vdev"),
                   in_quotes(interface.vdev) +
                       " is not a DPDK network device such as \"net_tap0,iface=boot0\"");
  }
}

void check_driver(const InterfaceConfig& interface, const std::string& path, const Config& config,
                  const Origins& origins, Problems& problems) {
  const Origin origin = origins.of(path + ".driver");
  if (interface.interface.empty() && origins.has(path + ".driver")) {
    problems.error(origin, "`driver` is for an `interface` of the kernel only");
  }
  if (interface.driver != KernelDriver::af_xdp) return;
  if (!interface.vlans.empty()) {
    problems.error(origin, "AF_XDP does not see VLAN tags; VLANs need \"af_packet\"");
  }
  if (interface.mtu > kMtuDefault) {
    problems.error(origin, "AF_XDP carries packets of at most " + std::to_string(kMtuDefault) +
                               " octets; longer ones need \"af_packet\"");
  } else if (std::ranges::any_of(config.interfaces, [](const InterfaceConfig& other) {
               return other.mtu > kMtuDefault || !other.device.empty();
             })) {
    problems.error(origin,
                   "AF_XDP does not go with a `device` or a longer `mtu` on another interface; "
                   "\"af_packet\" does");
  }
}

void check_vlans(const InterfaceConfig& interface, const std::string& path, const Origins& origins,
                 Problems& problems) {
  std::set<std::uint16_t> seen;
  for (std::size_t i = 0; i < interface.vlans.size(); ++i) {
    const std::string vlan_path = path + element(".vlan", i);
    const std::uint16_t id = interface.vlans[i].id;
    if (id == 0) {
      if (!origins.has(vlan_path + ".id")) {
        problems.error(origins.of(vlan_path), "a VLAN needs its `id`");
      }
    } else if (!seen.insert(id).second) {
      problems.error(origins.of(vlan_path + ".id"),
                     "VLAN " + std::to_string(id) + " is configured twice on this interface");
    }
    if (!origins.has(vlan_path + ".address")) {
      problems.error(origins.of(vlan_path), "a VLAN needs an `address` of its own");
    }
  }
}

// Absent because it could not be understood: length 0 and address 0 at once.
bool is_missing(const Ipv4Prefix& prefix) {
  return prefix == Ipv4Prefix{};
}

void check_own_addresses(const Config& config, const Origins& origins, Problems& problems) {
  const std::vector<OwnAddress> all = own_addresses(config);
  if (all.size() > kStationsMax) {
    problems.error(origins.of("interface"), std::to_string(all.size()) +
                                                " addresses and VLANs; at most " +
                                                std::to_string(kStationsMax) + " are possible");
    return;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Ipv4Prefix& own = all[i].address;
    if (is_missing(own)) continue;
    const Origin origin = origins.of(all[i].path);
    if (own.length < 8 || own.length > 31) {
      problems.error(origin, "address " + own.text() + " needs a prefix length of 8 to 31");
      continue;
    }
    if (const auto why = unusable_in(own.address, own); !why.empty()) {
      problems.error(origin, "address " + own.text() + " " + std::string(why));
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      const Ipv4Prefix& other = all[j].address;
      if (is_missing(other)) continue;
      if (other.contains(own.address) || own.contains(other.address)) {
        problems.error(origin, "address " + own.text() + " of " + all[i].interface +
                                   " is in the same network as " + other.text() + " of " +
                                   all[j].interface);
        break;
      }
    }
  }
}

}  // namespace

void check_interfaces(const Config& config, const Origins& origins, Problems& problems) {
  std::map<std::string, std::string> seen;  // name, path of the first
  for (std::size_t i = 0; i < config.interfaces.size(); ++i) {
    const InterfaceConfig& interface = config.interfaces[i];
    const std::string path = element("interface", i);
    check_kind(interface, path, origins, problems);
    check_driver(interface, path, config, origins, problems);
    check_vlans(interface, path, origins, problems);
    const std::string name = interface_name(interface);
    if (!name.empty() && !seen.emplace(name, path).second) {
      problems.error(origins.of(path), name +
                                           " is configured twice; VLANs of one interface go "
                                           "into its [[interface.vlan]] tables");
    }
    const bool has_address = interface.address || origins.has(path + ".address") ||
                             !interface.vlans.empty() || origins.has(path + ".vlan");
    if (!has_address) {
      problems.error(origins.of(path), (name.empty() ? std::string("the interface") : name) +
                                           " has no address to answer on: set `address`, or give "
                                           "--address");
    }
  }
  check_own_addresses(config, origins, problems);
}

}  // namespace reveille
