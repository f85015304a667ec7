#include "control/config/dhcp_option_names.h"

#include <algorithm>
#include <array>

namespace reveille {
namespace {

using enum OptionShape;

// In the order of the codes. RFC 2132 unless another document is named.
constexpr std::array kOptions{
    OptionName{2, "time-offset", i32},
    OptionName{4, "time-servers", addresses},
    OptionName{5, "name-servers", addresses},
    OptionName{7, "log-servers", addresses},
    OptionName{8, "cookie-servers", addresses},
    OptionName{9, "lpr-servers", addresses},
    OptionName{10, "impress-servers", addresses},
    OptionName{11, "resource-location-servers", addresses},
    OptionName{14, "merit-dump", text},
    OptionName{16, "swap-server", address},
    OptionName{17, "root-path", text},
    OptionName{18, "extensions-path", text},
    OptionName{19, "ip-forwarding", flag},
    OptionName{20, "non-local-source-routing", flag},
    OptionName{21, "policy-filter", address_pairs},
    OptionName{22, "max-dgram-reassembly", u16},
    OptionName{23, "default-ip-ttl", u8},
    OptionName{24, "path-mtu-aging-timeout", u32},
    OptionName{25, "path-mtu-plateau-table", u16_list},
    OptionName{26, "interface-mtu", u16},
    OptionName{27, "all-subnets-local", flag},
    OptionName{28, "broadcast-address", address},
    OptionName{29, "perform-mask-discovery", flag},
    OptionName{30, "mask-supplier", flag},
    OptionName{31, "router-discovery", flag},
    OptionName{32, "router-solicitation-address", address},
    OptionName{33, "static-routes", address_pairs},
    OptionName{34, "trailer-encapsulation", flag},
    OptionName{35, "arp-cache-timeout", u32},
    OptionName{36, "ieee802-3-encapsulation", flag},
    OptionName{37, "default-tcp-ttl", u8},
    OptionName{38, "tcp-keepalive-interval", u32},
    OptionName{39, "tcp-keepalive-garbage", flag},
    OptionName{40, "nis-domain", text},
    OptionName{41, "nis-servers", addresses},
    OptionName{42, "ntp-servers", addresses},
    OptionName{44, "netbios-name-servers", addresses},
    OptionName{45, "netbios-dd-servers", addresses},
    OptionName{46, "netbios-node-type", u8},
    OptionName{47, "netbios-scope", text},
    OptionName{48, "font-servers", addresses},
    OptionName{49, "x-display-managers", addresses},
    OptionName{64, "nisplus-domain", text},
    OptionName{65, "nisplus-servers", addresses},
    OptionName{68, "mobile-ip-home-agents", addresses},
    OptionName{69, "smtp-servers", addresses},
    OptionName{70, "pop3-servers", addresses},
    OptionName{71, "nntp-servers", addresses},
    OptionName{72, "www-servers", addresses},
    OptionName{73, "finger-servers", addresses},
    OptionName{74, "irc-servers", addresses},
    OptionName{75, "streettalk-servers", addresses},
    OptionName{76, "streettalk-directory-assistance-servers", addresses},
    OptionName{100, "posix-timezone", text},          // RFC 4833
    OptionName{101, "tzdb-timezone", text},           // RFC 4833
    OptionName{114, "captive-portal", text},          // RFC 8910
    OptionName{119, "domain-search", hex},            // RFC 3397: compressed names
    OptionName{121, "classless-static-routes", hex},  // RFC 3442
    OptionName{128, "tftp-phone-server", text},
    OptionName{138, "capwap-controllers", addresses},  // RFC 5417
    OptionName{150, "tftp-servers", addresses},        // RFC 5859
    OptionName{208, "pxelinux-magic", hex},            // RFC 5071, as are the next three
    OptionName{209, "pxelinux-config-file", text},
    OptionName{210, "pxelinux-path-prefix", text},
    OptionName{211, "pxelinux-reboot-time", u32},
    OptionName{252, "wpad", text},
};

struct ReservedOption {
  std::uint8_t first;
  std::uint8_t last;
  std::string_view reason;
};

constexpr std::array kReserved{
    ReservedOption{0, 0, "it is padding"},
    ReservedOption{1, 1, "it follows from the subnet's prefix"},
    ReservedOption{3, 3, "set the subnet's `routers`"},
    ReservedOption{6, 6, "set the subnet's `dns`"},
    ReservedOption{12, 12, "set a host's `host_name`"},
    ReservedOption{13, 13, "it is the size of the boot file, which reveille knows"},
    ReservedOption{15, 15, "set the subnet's `domain`"},
    ReservedOption{43, 43, "reveille writes it for PXE clients"},
    ReservedOption{51, 51, "set the subnet's `lease_time`"},
    ReservedOption{50, 59, "it belongs to the DHCP exchange itself"},
    ReservedOption{60, 60, "reveille writes it for PXE clients"},
    ReservedOption{61, 61, "it belongs to the DHCP exchange itself"},
    ReservedOption{66, 66, "set `next_server` in [boot]"},
    ReservedOption{67, 67, "set `files` in [boot] or the subnet's `boot_file`"},
    ReservedOption{82, 82, "it belongs to relays"},
    ReservedOption{93, 94, "it is what clients say of themselves"},
    ReservedOption{97, 97, "it is what clients say of themselves"},
    ReservedOption{175, 175, "reveille writes it for iPXE"},
    ReservedOption{255, 255, "it ends the options"},
};

}  // namespace

const OptionName* find_option(std::string_view name) {
  const auto* found = std::find_if(kOptions.begin(), kOptions.end(),
                                   [name](const OptionName& known) { return known.name == name; });
  return found == kOptions.end() ? nullptr : found;
}

const OptionName* find_option(std::uint8_t code) {
  const auto* found = std::find_if(kOptions.begin(), kOptions.end(),
                                   [code](const OptionName& known) { return known.code == code; });
  return found == kOptions.end() ? nullptr : found;
}

std::vector<std::string_view> option_names() {
  std::vector<std::string_view> names;
  names.reserve(kOptions.size());
  for (const OptionName& known : kOptions) names.push_back(known.name);
  return names;
}

std::string_view reserved_option(std::uint8_t code) {
  for (const ReservedOption& reserved : kReserved) {
    if (code >= reserved.first && code <= reserved.last) return reserved.reason;
  }
  return {};
}

}  // namespace reveille
