// The configuration as plain values: what a TOML file or the command line says, checked.
//
// Made by control/, read by everyone, changed by nobody once built. Zero-argument defaults are
// the documented defaults. See README.md for the TOML table that goes with each struct.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <reveille/address.h>
#include <reveille/instant.h>
#include <reveille/rules.h>

namespace reveille {

using Seconds = std::chrono::seconds;

// [[interface]]: a port, and the address that answers on it.
struct VlanConfig {
  std::uint16_t id = 0;  // 1 to 4094
  Ipv4Prefix address;    // our own address on that VLAN

  bool operator==(const VlanConfig&) const = default;
};
struct InterfaceConfig {
  // Exactly one of the three is set.
  std::string interface;              // a kernel interface, taken over through af_packet
  std::string device;                 // a PCI address bound to vfio-pci
  std::string vdev;                   // a DPDK virtual device with its arguments
  std::optional<Ipv4Prefix> address;  // untagged; absent when only VLANs are served
  std::vector<VlanConfig> vlans;

  bool operator==(const InterfaceConfig&) const = default;
};

struct PoolConfig {
  Ipv4Address first;
  Ipv4Address last;  // inclusive

  bool operator==(const PoolConfig&) const = default;
};

// [[subnet]]
struct SubnetConfig {
  Ipv4Prefix prefix;
  std::vector<PoolConfig> pools;  // disjoint, inside prefix
  std::vector<Ipv4Address> routers;
  std::vector<Ipv4Address> dns_servers;
  std::string domain_name;
  std::optional<Seconds> lease_time;
  std::vector<Ipv4Address> relays;  // giaddrs outside prefix that belong here too (RFC 3527)
  std::vector<DhcpOptionConfig> options;
  std::string boot_file;  // empty: by architecture
};

// [[host]]: a reservation. At least one of mac, client_id and uuid is set.
struct HostConfig {
  std::optional<MacAddress> mac;
  std::vector<std::uint8_t> client_id;  // type octet included; empty = not a key
  std::optional<Uuid> uuid;
  std::optional<Ipv4Address> address;
  std::string host_name;
  std::string boot_file;
};

enum class DhcpMode : std::uint8_t { off, server, proxy };

// What makes two requests come from one machine. The MAC address is the same in firmware, in
// iPXE and in the OS; the client-id is not.
enum class Identity : std::uint8_t { mac, client_id };

// [dhcp]
struct DhcpConfig {
  DhcpMode mode = DhcpMode::server;
  Identity identity = Identity::mac;
  // We are the only server: NAK or adopt leases that are not on record, instead of silence.
  bool authoritative = false;
  bool bootp = true;  // answer BOOTP clients that have a reservation (or a pool address)
  Seconds lease_time{3600};
  Seconds offer_time{60};     // how long an offered address is held
  Seconds decline_time{600};  // how long a declined address is set aside
  // Free addresses are probed (ARP, ICMP echo through relays) before they are needed.
  bool detect_conflicts = true;
  std::uint8_t hops_max = 16;
};

// [boot]
struct ArchitectureFile {
  std::uint16_t architecture = 0;  // option 93, the IANA "Processor Architecture Types"
  std::string file;
};
struct BootConfig {
  std::vector<ArchitectureFile> files;
  std::string default_file;                // for architectures not in `files`
  std::string ipxe_script;                 // name or URL for clients that already run iPXE
  std::optional<Ipv4Address> next_server;  // default: our address on that link
  bool quiet_router_advertisement = true;  // `quiet_ra`
};

// [relay]: copies through redundant relays
struct RelayConfig {
  bool drop_copies = true;
  Nanoseconds window = std::chrono::seconds{1};
  std::uint32_t entries = 65536;  // a worker's table
};

// [[tftp.rewrite]]: what a client gets when it asks for a name (names/name_rules.h)
struct NameRuleConfig {
  std::string match;     // a regular expression
  std::string to;        // a name, with captures and variables in it
  bool fallback = true;  // when there is no such file: later rules, and the name as it was asked
};

// [tftp]
struct TftpConfig {
  bool enabled = true;
  bool ignore_case = false;
  std::uint16_t block_size_max = 1468;  // further bounded by the port's MTU
  std::uint16_t window_size_max = 64;
  std::uint32_t transfers_max = 16384;            // all workers together
  std::uint32_t half_open_max = 4096;             // of these, before their first ACK
  Nanoseconds timeout = std::chrono::seconds{1};  // first retransmission, doubling
  std::uint8_t retries = 6;
  std::uint8_t retries_half_open = 3;
  std::uint32_t errors_per_second = 100;  // ERROR 5 to strangers, a worker
  std::vector<NameRuleConfig> rewrites;   // first match wins
};

// [images]
struct ImagesConfig {
  std::string root;
  std::uint64_t memory_max_bytes = std::uint64_t{4} << 30;  // beyond: mapped from the file
  std::uint32_t files_max = 100000;
};

// [leases]: where they are kept
struct LeasesConfig {
  static constexpr const char* kInMemory = "none";

  std::string database = "/var/lib/reveille/leases.db";  // or kInMemory: gone with the process
  // A client that asks again while less than this share of its lease has passed gets the time
  // that is left, and nothing is written. `renewal_unrecorded`, in per cent.
  std::uint8_t renewal_unrecorded_percent = 25;

  [[nodiscard]] bool in_memory() const { return database == kInMemory; }
};

enum class Idle : std::uint8_t { adaptive, busy };

// [workers]
struct WorkersConfig {
  std::uint16_t count = 1;
  Idle idle = Idle::adaptive;
};

enum class LogFormat : std::uint8_t { text, json };

// [log]
struct LogConfig {
  LogFormat format = LogFormat::text;
  std::string file;  // empty: standard error
  std::uint32_t lines_per_client_per_minute = 60;
  bool quiet = false;  // no line for each step of a boot: only warnings and the closing table
};

// [control]: where `reveille status` and its like ask
struct ControlConfig {
  std::string socket = "/run/reveille/control.sock";  // empty: none
};

// [[template]]: a file that is written anew for each client (text/template.h)
struct TemplateConfig {
  std::string name;  // what clients ask for
  std::string text;
  std::string file;  // where the text was read from; empty: it stands in the configuration
};

struct Config {
  std::vector<InterfaceConfig> interfaces;
  DhcpConfig dhcp;
  std::vector<SubnetConfig> subnets;
  std::vector<HostConfig> hosts;
  std::vector<RuleConfig> rules;  // first match wins; before hosts, subnets and [boot]
  BootConfig boot;
  RelayConfig relay;
  TftpConfig tftp;
  LeasesConfig leases;
  ImagesConfig images;
  std::vector<TemplateConfig> templates;
  WorkersConfig workers;
  LogConfig log;
  ControlConfig control;
};

}  // namespace reveille
