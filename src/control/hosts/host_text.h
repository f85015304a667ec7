// Hosts files: machines by the thousand, as CSV or as dnsmasq's dhcp-host lines.
//
//   mac,address,host_name,boot_file            the first line names the columns: `mac`,
//   52:54:00:12:34:56,10.77.0.10,node1,        `client_id`, `uuid`, `address`, `host_name` and
//   52:54:00:12:34:57,,node2,"special.efi"     `boot_file`, in any order
//
//   dhcp-host=52:54:00:12:34:56,10.77.0.10,node1      `dhcp-host=` may be left out, as in the
//   52:54:00:12:34:57,id:01:52:54:00:12:34:57,node2   files of dnsmasq's dhcp-hostsfile
//
// Which of the two it is shows in the first line that is neither empty nor a comment (#).
#pragma once

#include <string_view>
#include <vector>

#include <reveille/config.h>

#include "control/config/problem.h"

namespace reveille {

// Appends the hosts of `text` to `to`, in the order of the lines, and their origins as "host[i]".
// What is wrong is added to `problems`, every line of it, at its line and column in `file`, a
// name that origins keep. Stops, with a problem, at `hosts_max` hosts.
void parse_hosts(std::string_view text, std::string_view file, std::size_t hosts_max,
                 std::vector<HostConfig>& to, Origins& origins, Problems& problems);

}  // namespace reveille
