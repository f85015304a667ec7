// The configuration file: TOML to Config, with the place of every value and every problem.
//
// Free of DPDK and of the network: what the fuzzer drives is what the server reads.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include <reveille/config.h>

#include "control/config/problem.h"

namespace reveille {

// How many of each a file may have.
inline constexpr std::size_t kInterfacesMax = 32;  // DPDK's RTE_MAX_ETHPORTS
inline constexpr std::size_t kVlansMax = 255;      // on one interface
inline constexpr std::size_t kSubnetsMax = 1024;
inline constexpr std::size_t kRangesMax = 1024;  // of addresses, in one [[subnet]] or [[pool]]
inline constexpr std::size_t kPoolNameMax = 64;
inline constexpr std::size_t kHostsMax = 100'000;
inline constexpr std::size_t kDisksMax = 1000;      // a query for all looks at each
inline constexpr std::size_t kAddressListMax = 16;  // routers, DNS servers
inline constexpr std::size_t kRelaysMax = 256;      // of one subnet
inline constexpr std::size_t kRewritesMax = 10'000;
inline constexpr std::size_t kTemplatesMax = 1000;
inline constexpr std::size_t kTemplateBytesMax = 32768;

// What clients ask for when the iPXE script stands in [boot] itself; that of the third rule is
// "rule-3.ipxe".
inline constexpr const char* kInlineScriptName = "inline.ipxe";

// Shorter leases would have clients ask every few seconds; longer ones do not fit option 51,
// whose largest value means for ever.
inline constexpr Seconds kLeaseTimeMin{10};
inline constexpr Seconds kLeaseTimeMax{0xfffffffe};

struct ParsedConfig {
  Config config;
  Origins origins;
  Problems problems;
  // The text is TOML, if nothing else: what is absent was not written.
  bool readable = false;
  // [hosts]: files and folders that are still to be read; see hosts/host_files.h.
  std::vector<std::string> host_files;
  // Each key that can stand in the tables that the file has: "subnet.pools".
  std::set<std::string> keys;
};

// What can be said of the text alone; check_config() looks at the values together. `file` is how
// problems call it, and relative paths in it are taken from its folder.
[[nodiscard]] ParsedConfig parse_config(std::string_view text, std::string file);

// The same from a file. One that cannot be read is a problem too. Hosts files are not read yet.
[[nodiscard]] ParsedConfig read_config(const std::string& file);

}  // namespace reveille
