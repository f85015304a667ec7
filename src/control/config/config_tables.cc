#include "control/config/config_tables.h"

#include <algorithm>

#include "control/config/architecture_key.h"
#include "control/config/config_file.h"
#include "control/config/dhcp_option_value.h"
#include "control/config/value_text.h"
#include "dhcp/address_groups.h"
#include "image/catalogue.h"
#include "packet/share.h"

namespace reveille {
namespace {

constexpr std::string_view kAddressForm = "an address such as \"10.77.0.1\"";
constexpr std::string_view kPrefixForm =
    "an address with its prefix length such as \"10.77.0.1/16\"";
constexpr std::string_view kPoolForm = "a pool of addresses such as \"10.77.1.0-10.77.255.254\"";
constexpr std::size_t kNameMax = 255;
constexpr std::size_t kPathMax = 4096;
constexpr std::size_t kPatternMax = 1024;
constexpr std::size_t kBootFilesMax = 256;
constexpr std::size_t kHostFileNamesMax = 256;
constexpr std::size_t kOptionsMax = 64;        // in one subnet
constexpr std::size_t kDiskClientsMax = 1000;  // each is compared with

constexpr std::array kModes{
    std::pair<std::string_view, DhcpMode>{"server", DhcpMode::server},
    std::pair<std::string_view, DhcpMode>{"proxy", DhcpMode::proxy},
    std::pair<std::string_view, DhcpMode>{"off", DhcpMode::off},
};
constexpr std::array kIdentities{
    std::pair<std::string_view, Identity>{"mac", Identity::mac},
    std::pair<std::string_view, Identity>{"client-id", Identity::client_id},
};
constexpr std::array kDiskModes{
    std::pair<std::string_view, DiskMode>{"shared", DiskMode::shared},
    std::pair<std::string_view, DiskMode>{"private", DiskMode::exclusive},
    std::pair<std::string_view, DiskMode>{"read-only", DiskMode::read_only},
};
constexpr std::array kDiskFileFormats{
    std::pair<std::string_view, DiskFileFormat>{"auto", DiskFileFormat::as_it_looks},
    std::pair<std::string_view, DiskFileFormat>{"raw", DiskFileFormat::raw},
    std::pair<std::string_view, DiskFileFormat>{"vhd", DiskFileFormat::fixed_vhd},
};
constexpr std::array kOverlays{
    std::pair<std::string_view, OverlayPlace>{"memory", OverlayPlace::memory},
    std::pair<std::string_view, OverlayPlace>{"file", OverlayPlace::file},
};
constexpr std::array kKernelDrivers{
    std::pair<std::string_view, KernelDriver>{"auto", KernelDriver::automatic},
    std::pair<std::string_view, KernelDriver>{"af_xdp", KernelDriver::af_xdp},
    std::pair<std::string_view, KernelDriver>{"af_packet", KernelDriver::af_packet},
};
constexpr std::array kIdles{
    std::pair<std::string_view, Idle>{"adaptive", Idle::adaptive},
    std::pair<std::string_view, Idle>{"busy", Idle::busy},
};
constexpr std::array kFormats{
    std::pair<std::string_view, LogFormat>{"text", LogFormat::text},
    std::pair<std::string_view, LogFormat>{"json", LogFormat::json},
};

void read_options(TableReader& subnet, std::vector<DhcpOptionConfig>& to) {
  Reading& reading = subnet.reading();
  subnet.entries("options", kOptionsMax, [&](const toml::key& key, const toml::node& value) {
    DhcpOptionConfig option;
    if (!read_option(key, value, option, reading.problems)) return;
    const auto same = [&](const DhcpOptionConfig& other) { return other.code == option.code; };
    if (std::any_of(to.begin(), to.end(), same)) {
      reading.problems.error(origin_of(value), "option " + std::to_string(option.code) +
                                                   " is set twice, by name and by number");
      return;
    }
    to.push_back(std::move(option));
  });
}

void read_boot_files(TableReader& boot, std::vector<ArchitectureFile>& to) {
  Reading& reading = boot.reading();
  boot.entries("files", kBootFilesMax, [&](const toml::key& key, const toml::node& value) {
    const Origin at{
        .option = {}, .line = key.source().begin.line, .column = key.source().begin.column};
    const auto architecture = parse_architecture(key.str());
    if (!architecture) {
      const std::vector<std::string> keys = architecture_keys();
      const std::string_view meant = nearest(key.str(), {keys.begin(), keys.end()});
      return reading.problems.error(
          at, "unknown client architecture " + in_quotes(key.str()) +
                  (meant.empty() ? "; give a name such as \"x64-uefi\" or its number"
                                 : "; did you mean " + in_quotes(meant) + "?"));
    }
    const auto file = value.value_exact<std::string>();
    if (!file) {
      return reading.problems.error(
          origin_of(value),
          in_quotes(key.str()) + " wants a file name, not " + std::string(type_text(value)));
    }
    const auto same = [&](const ArchitectureFile& other) {
      return other.architecture == *architecture;
    };
    if (std::any_of(to.begin(), to.end(), same)) {
      return reading.problems.error(at, "architecture " + std::to_string(*architecture) +
                                            " has two files, by name and by number");
    }
    reading.origins.set(element(boot.path("files"), to.size()), origin_of(value));
    to.push_back({*architecture, *file});
  });
}

}  // namespace

void read_interfaces(TableReader& file, std::vector<InterfaceConfig>& to) {
  file.tables("interface", kInterfacesMax, [&](TableReader& table, std::size_t) {
    InterfaceConfig& interface = to.emplace_back();
    table.text("interface", interface.interface, kNameMax);
    table.text("device", interface.device, kNameMax);
    table.text("vdev", interface.vdev, kNameMax);
    table.parsed("address", interface.address, Ipv4Prefix::parse, kPrefixForm);
    table.number("mtu", interface.mtu, kMtuDefault, kMtuMax);
    table.choice("driver", interface.driver, kKernelDrivers);
    table.tables("vlan", kVlansMax, [&](TableReader& vlan, std::size_t) {
      VlanConfig& one = interface.vlans.emplace_back();
      vlan.number("id", one.id, 1, 4094);
      vlan.parsed("address", one.address, Ipv4Prefix::parse, kPrefixForm);
    });
  });
}

void read_subnets(TableReader& file, std::vector<SubnetConfig>& to) {
  file.tables("subnet", kSubnetsMax, [&](TableReader& table, std::size_t) {
    SubnetConfig& subnet = to.emplace_back();
    table.parsed("prefix", subnet.prefix, Ipv4Prefix::parse,
                 "a network with its length such as \"10.77.0.0/16\"");
    table.list("pools", subnet.pools, parse_pool, kPoolForm, kRangesMax);
    table.list("routers", subnet.routers, Ipv4Address::parse, kAddressForm, kAddressListMax);
    table.list("dns", subnet.dns_servers, Ipv4Address::parse, kAddressForm, kAddressListMax);
    table.text("domain", subnet.domain_name, kNameMax);
    table.duration("lease_time", subnet.lease_time, kLeaseTimeMin, kLeaseTimeMax);
    table.list("relays", subnet.relays, Ipv4Address::parse, kAddressForm, kRelaysMax);
    table.text("boot_file", subnet.boot_file, kNameMax);
    read_options(table, subnet.options);
  });
}

void read_pools(TableReader& file, std::vector<NamedPoolConfig>& to) {
  file.tables("pool", AddressGroups::kPoolsMax, [&](TableReader& table, std::size_t) {
    NamedPoolConfig& pool = to.emplace_back();
    table.text("name", pool.name, kPoolNameMax);
    table.list("ranges", pool.ranges, parse_pool, kPoolForm, kRangesMax);
    table.duration("lease_time", pool.lease_time, kLeaseTimeMin, kLeaseTimeMax);
    Problems& problems = table.reading().problems;
    const toml::node* const name = table.find("name");
    if (name != nullptr && name->value_exact<std::string>() == "") {
      problems.error(origin_of(*name), "a pool's `name` is empty; rules name the pool by it");
    }
    const toml::node* const ranges = table.find("ranges");
    if (ranges != nullptr && ranges->is_array() && ranges->as_array()->empty()) {
      problems.error(origin_of(*ranges), "a pool without `ranges` has no addresses");
    }
  });
}

void read_hosts(TableReader& file, std::vector<HostConfig>& to) {
  file.tables("host", kHostsMax, [&](TableReader& table, std::size_t) {
    HostConfig& host = to.emplace_back();
    table.parsed("mac", host.mac, MacAddress::parse, "a MAC address such as \"52:54:00:12:34:56\"");
    table.parsed("client_id", host.client_id, parse_hex, "octets such as \"01:52:54:00:12:34:56\"");
    table.parsed("uuid", host.uuid, Uuid::parse,
                 "a UUID such as \"00112233-4455-6677-8899-aabbccddeeff\"");
    table.parsed("address", host.address, Ipv4Address::parse, kAddressForm);
    table.text("host_name", host.host_name, kNameMax);
    table.text("boot_file", host.boot_file, kNameMax);
  });
}

void read_templates(TableReader& file, std::vector<TemplateConfig>& to) {
  file.tables("template", kTemplatesMax, [&](TableReader& table, std::size_t) {
    TemplateConfig& one = to.emplace_back();
    table.text("name", one.name, kNameMax);
    table.lines("text", one.text, kTemplateBytesMax);
    table.text("file", one.file, kPathMax);
  });
}

void read_host_file_names(TableReader& table, std::vector<std::string>& to) {
  const auto name = [](std::string_view text) -> std::optional<std::string> {
    if (text.empty() || text.size() > kPathMax) return std::nullopt;
    return std::string(text);
  };
  table.list("files", to, name, "a file or folder such as \"hosts.csv\"", kHostFileNamesMax);
}

void read_dhcp(TableReader& table, DhcpConfig& to) {
  table.choice("mode", to.mode, kModes);
  table.choice("identity", to.identity, kIdentities);
  table.flag("authoritative", to.authoritative);
  table.flag("bootp", to.bootp);
  table.duration("lease_time", to.lease_time, kLeaseTimeMin, kLeaseTimeMax);
  table.duration("offer_time", to.offer_time, 1s, 1h);
  table.duration("decline_time", to.decline_time, 0s, 24h);
  table.flag("detect_conflicts", to.detect_conflicts);
  table.number("hops_max", to.hops_max, 0, 16);
}

void read_boot(TableReader& table, BootConfig& to) {
  read_boot_files(table, to.files);
  table.text("default_file", to.default_file, kNameMax);
  // A name, or the script itself.
  table.lines("ipxe_script", to.ipxe_script, kTemplateBytesMax);
  table.parsed("next_server", to.next_server, Ipv4Address::parse, kAddressForm);
  table.flag("quiet_ra", to.quiet_router_advertisement);
}

void read_relay(TableReader& table, RelayConfig& to) {
  table.flag("drop_copies", to.drop_copies);
  table.duration("window", to.window, 1ms, 60s);
  table.number("entries", to.entries, 64, 1 << 22);
}

void read_tftp(TableReader& table, TftpConfig& to) {
  table.flag("enabled", to.enabled);
  table.flag("ignore_case", to.ignore_case);
  table.number("block_size_max", to.block_size_max, 8, 65464);
  table.number("window_size_max", to.window_size_max, 1, 64);
  table.number("transfers_max", to.transfers_max, 1, 61440);
  table.number("half_open_max", to.half_open_max, 1, 61440);
  table.duration("timeout", to.timeout, 10ms, 255s);
  table.number("retries", to.retries, 0, 60);
  table.number("retries_half_open", to.retries_half_open, 0, 60);
  table.number("errors_per_second", to.errors_per_second, 0, 1'000'000);
  table.tables("rewrite", kRewritesMax, [&](TableReader& rewrite, std::size_t) {
    NameRuleConfig& rule = to.rewrites.emplace_back();
    rewrite.text("match", rule.match, kPatternMax);
    rewrite.text("to", rule.to, kImageNameLengthMax);
    rewrite.flag("fallback", rule.fallback);
  });
}

void read_leases(TableReader& table, LeasesConfig& to) {
  table.text("database", to.database, kPathMax);
  table.number("renewal_unrecorded", to.renewal_unrecorded_percent, 0, 50);
}

void read_images(TableReader& table, ImagesConfig& to) {
  table.text("root", to.root, kPathMax);
  table.size("memory_max", to.memory_max_bytes, 0, std::uint64_t{1} << 46);
  table.number("files_max", to.files_max, 1, 10'000'000);
}

void read_disks(TableReader& file, std::vector<DiskConfig>& to) {
  file.tables("disk", kDisksMax, [&](TableReader& table, std::size_t) {
    DiskConfig& disk = to.emplace_back();
    table.parsed("address", disk.address, DiskAddress::parse,
                 "a shelf and a slot such as \"e0.1\"");
    table.text("file", disk.file, kPathMax);
    table.choice("format", disk.format, kDiskFileFormats);
    table.choice("mode", disk.mode, kDiskModes);
    table.list("clients", disk.clients, MacPattern::parse,
               "a MAC address or its first octets, such as \"52:54:00:12:34:56\" or \"52:54:00\"",
               kDiskClientsMax);
    table.flag("boot", disk.boot);
    table.choice("overlay", disk.overlay, kOverlays);
    table.text("overlay_folder", disk.overlay_folder, kPathMax);
    table.size("overlay_max", disk.overlay_max_bytes, 1 << 16, std::uint64_t{1} << 40);
    table.flag("keep", disk.keep);
    table.size("offset", disk.offset_bytes, 0, std::uint64_t{1} << 44);
    table.size("length", disk.length_bytes, 512, std::uint64_t{1} << 44);
    table.flag("remote_control", disk.remote_control);
  });
}

void read_disk_limits(TableReader& table, DisksConfig& to) {
  table.size("memory_max", to.memory_max_bytes, 0, std::uint64_t{1} << 46);
  table.size("overlay_memory_max", to.overlay_memory_max_bytes, 1 << 16, std::uint64_t{1} << 42);
  table.size("overlay_file_max", to.overlay_file_max_bytes, 1 << 16, std::uint64_t{1} << 42);
  table.number("clients_max", to.clients_max, 1, 1'000'000);
  table.number("discoveries_per_second", to.discoveries_per_second, 0, 10'000'000);
  table.text("work_folder", to.work_folder, kPathMax);
}

void read_workers(TableReader& table, WorkersConfig& to) {
  table.number("count", to.count, 1, kWorkersMax);
  table.choice("idle", to.idle, kIdles);
}

void read_control(TableReader& table, ControlConfig& to) {
  table.text("socket", to.socket, kPathMax);
}

void read_log(TableReader& table, LogConfig& to) {
  table.choice("format", to.format, kFormats);
  table.text("file", to.file, kPathMax);
  table.number("lines_per_client_per_minute", to.lines_per_client_per_minute, 1, 1'000'000);
  table.flag("quiet", to.quiet);
}

}  // namespace reveille
