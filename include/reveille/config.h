// The configuration as plain values: what a TOML file or the command line says, checked.
//
// Made by control/, read by everyone, changed by nobody once built. Default member initializers are
// the documented defaults. See README.md for the TOML table that goes with each struct.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reveille/address.h>
#include <reveille/instant.h>
#include <reveille/rules.h>

namespace reveille {

using Seconds = std::chrono::seconds;

// [[interface.vlan]]
struct VlanConfig {
  std::uint16_t id = 0;  // 1 to 4094
  Ipv4Prefix address;    // our own address on that VLAN

  bool operator==(const VlanConfig&) const = default;
};
inline constexpr std::uint16_t kMtuDefault = 1500;
inline constexpr std::uint16_t kMtuMax = 9000;
// How a kernel interface is served. `automatic`: through AF_XDP where that is known to be faster
// and takes nothing from anybody else, through af_packet elsewhere.
enum class KernelDriver : std::uint8_t { automatic, af_xdp, af_packet };
// [[interface]]: a port, and the address that answers on it.
struct InterfaceConfig {
  // Exactly one of the three is set.
  std::string interface;              // a kernel interface
  std::string device;                 // a PCI address bound to vfio-pci
  std::string vdev;                   // a DPDK virtual device with its arguments
  std::optional<Ipv4Prefix> address;  // untagged; absent when only VLANs are served
  // Longest IP packet or AoE packet, in octets: 1500 to kMtuMax. Never more than the kernel
  // interface or the NIC carries; a warning says so where that is less.
  std::uint16_t mtu = kMtuDefault;
  KernelDriver driver = KernelDriver::automatic;  // of `interface` only
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

// [[pool]]: addresses for those machines only whose rule names it.
struct NamedPoolConfig {
  std::string name;
  // Disjoint from those of all other pools, each inside one subnet; not all inside the same.
  std::vector<PoolConfig> ranges;
  std::optional<Seconds> lease_time;  // goes before that of the subnet

  bool operator==(const NamedPoolConfig&) const = default;
};

// [[host]]: a reservation. At least one of mac, client_id and uuid is set.
struct HostConfig {
  std::optional<MacAddress> mac;
  // Type octet included, though 0 may be left out; empty: no key.
  std::vector<std::uint8_t> client_id;
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

// shared: the image is never written to, each client's writes go to an overlay of its own.
// exclusive ("private"): one client at a time, its writes go to the image.
enum class DiskMode : std::uint8_t { shared, exclusive, read_only };
enum class OverlayPlace : std::uint8_t { memory, file };
// What a disk's file is taken for. by_mode: raw if the disk is private, for then a client chooses
// what the file begins and ends with; else as it looks.
enum class DiskFileFormat : std::uint8_t { by_mode, as_it_looks, raw, fixed_vhd };

// A MAC address, or the octets that all those meant begin with.
struct MacPattern {
  MacAddress address;       // octets beyond `octets` are zero
  std::uint8_t octets = 6;  // 1 to 6

  // "52:54:00:12:34:56", or its first octets: "52:54:00".
  static std::optional<MacPattern> parse(std::string_view text);
  [[nodiscard]] bool matches(const MacAddress& mac) const {
    const unsigned rest = (6U - octets) * 8;
    return mac.number() >> rest == address.number() >> rest;
  }
  bool operator==(const MacPattern&) const = default;
};

// Where clients find a disk: "e0.1" is shelf 0, slot 1.
struct DiskAddress {
  std::uint16_t shelf = 0;  // 0 to 65534
  std::uint8_t slot = 0;    // 0 to 254

  static std::optional<DiskAddress> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  bool operator==(const DiskAddress&) const = default;
};

// [[disk]]: a disk for clients, by ATA over Ethernet
struct DiskConfig {
  std::optional<DiskAddress> address;
  std::string file;
  DiskFileFormat format = DiskFileFormat::by_mode;
  DiskMode mode = DiskMode::shared;
  std::vector<MacPattern> clients;  // empty: any
  bool boot = true;                 // its clients are told to boot from it
  OverlayPlace overlay = OverlayPlace::memory;
  std::string overlay_folder;                                // for OverlayPlace::file
  std::uint64_t overlay_max_bytes = std::uint64_t{1} << 30;  // of one client
  bool keep = false;               // a client that boots finds what it wrote before
  std::uint64_t offset_bytes = 0;  // the part of the file that is the disk
  std::uint64_t length_bytes = 0;  // 0: to its end
  bool remote_control = false;     // clients may change MAC masks and reservations

  bool operator==(const DiskConfig&) const = default;
};

// [disks]: limits of all together
struct DisksConfig {
  std::uint64_t memory_max_bytes = std::uint64_t{4} << 30;  // beyond: read from the file
  std::uint64_t overlay_memory_max_bytes = std::uint64_t{1} << 30;
  std::uint64_t overlay_file_max_bytes = std::uint64_t{16} << 30;
  std::uint32_t clients_max = 4096;
  std::uint32_t discoveries_per_second = 1000;  // answered, a worker
  std::string work_folder = "/var/tmp";         // where other formats are turned into raw ones

  bool operator==(const DisksConfig&) const = default;
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
  std::vector<NamedPoolConfig> pools;
  std::vector<HostConfig> hosts;
  std::vector<RuleConfig> rules;  // first match wins; before hosts, subnets and [boot]
  BootConfig boot;
  RelayConfig relay;
  TftpConfig tftp;
  LeasesConfig leases;
  ImagesConfig images;
  std::vector<TemplateConfig> templates;
  std::vector<DiskConfig> disks;
  DisksConfig disk_limits;
  WorkersConfig workers;
  LogConfig log;
  ControlConfig control;
};

}  // namespace reveille
