// The values of a configuration seen together: addresses that exclude each other, tables that
// miss what they need. Looks at no file, no interface, no clock; machine_check does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <reveille/config.h>

#include "control/config/problem.h"
#include "dhcp/subnets.h"

namespace reveille {

// The path in Origins that says: the command line gives pools.
inline constexpr const char* kPoolsGiven = "--pool";

// Adds what is wrong to `problems`. Works on configurations that parse_config() found errors in:
// values that are absent because they could not be understood are not reported again.
void check_config(const Config& config, const Origins& origins, Problems& problems);

// One of our own addresses and where it was configured.
struct OwnAddress {
  Ipv4Prefix address;
  std::uint16_t vlan = 0;
  std::string interface;  // as people call it
  std::string path;       // in Origins
};
[[nodiscard]] std::vector<OwnAddress> own_addresses(const Config& config);

// "eth1", "0000:65:00.0" or the name of the virtual device.
[[nodiscard]] std::string interface_name(const InterfaceConfig& interface);

// Why no host can have `address`, as the end of a sentence ("is a multicast address"); empty when
// one can.
[[nodiscard]] std::string_view unusable(Ipv4Address address);
// The same, of an address in its network: also not the network or broadcast address.
[[nodiscard]] std::string_view unusable_in(Ipv4Address address, const Ipv4Prefix& network);

// The parts of check_config().
void check_interfaces(const Config& config, const Origins& origins, Problems& problems);
void check_subnets(const Config& config, const Origins& origins, Problems& problems);
void check_pools(const Config& config, const Origins& origins, Problems& problems);
void check_hosts(const Config& config, const Origins& origins, Problems& problems);
void check_rules(const Config& config, const Origins& origins, Problems& problems);
void check_boot(const Config& config, const Origins& origins, Problems& problems);
void check_names(const Config& config, const Origins& origins, Problems& problems);
void check_disks(const Config& config, const Origins& origins, Problems& problems);

// Can `address` be reserved for a machine? `own` are our own addresses.
void check_reserved_address(const Config& config, const std::vector<OwnAddress>& own,
                            Ipv4Address address, Origin origin, Problems& problems);
// Is `name` a file that TFTP can serve, or a URL? `what` names the value in the problem.
void check_boot_file(std::string_view name, std::string_view what, const Config& config,
                     Origin origin, Problems& problems);
// Letters, digits, hyphens and dots, no label over 63 (RFC 1123 2.1).
[[nodiscard]] bool is_domain_name(std::string_view name);

}  // namespace reveille
