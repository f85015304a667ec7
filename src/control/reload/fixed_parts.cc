#include "control/reload/fixed_parts.h"

#include <algorithm>
#include <iterator>

#include "control/config/value_text.h"
#include "dhcp/subnets.h"

namespace reveille {
namespace {

template <class Part, class Value>
void keep(Value Part::*value, const Part& running, Part& wanted, const char* name,
          std::vector<std::string>& kept) {
  if (running.*value == wanted.*value) return;
  wanted.*value = running.*value;
  kept.emplace_back(name);
}

void keep_scalars(const Config& running, Config& wanted, std::vector<std::string>& kept) {
  const auto dhcp = [&](auto value, const char* name) {
    keep(value, running.dhcp, wanted.dhcp, name, kept);
  };
  dhcp(&DhcpConfig::mode, "mode in [dhcp]");
  dhcp(&DhcpConfig::identity, "identity in [dhcp]");
  dhcp(&DhcpConfig::offer_time, "offer_time in [dhcp]");
  const auto relay = [&](auto value, const char* name) {
    keep(value, running.relay, wanted.relay, name, kept);
  };
  relay(&RelayConfig::window, "window in [relay]");
  relay(&RelayConfig::entries, "entries in [relay]");
  const auto tftp = [&](auto value, const char* name) {
    keep(value, running.tftp, wanted.tftp, name, kept);
  };
  tftp(&TftpConfig::enabled, "enabled in [tftp]");
  tftp(&TftpConfig::ignore_case, "ignore_case in [tftp]");
  tftp(&TftpConfig::transfers_max, "transfers_max in [tftp]");
  tftp(&TftpConfig::half_open_max, "half_open_max in [tftp]");
  tftp(&TftpConfig::errors_per_second, "errors_per_second in [tftp]");
  const auto images = [&](auto value, const char* name) {
    keep(value, running.images, wanted.images, name, kept);
  };
  images(&ImagesConfig::root, "root in [images]");
  images(&ImagesConfig::memory_max_bytes, "memory_max in [images]");
  images(&ImagesConfig::files_max, "files_max in [images]");
  const auto workers = [&](auto value, const char* name) {
    keep(value, running.workers, wanted.workers, name, kept);
  };
  workers(&WorkersConfig::count, "count in [workers]");
  workers(&WorkersConfig::idle, "idle in [workers]");
  const auto log = [&](auto value, const char* name) {
    keep(value, running.log, wanted.log, name, kept);
  };
  log(&LogConfig::format, "format in [log]");
  log(&LogConfig::file, "file in [log]");
  log(&LogConfig::lines_per_client_per_minute, "lines_per_client_per_minute in [log]");
  const auto leases = [&](auto value, const char* name) {
    keep(value, running.leases, wanted.leases, name, kept);
  };
  leases(&LeasesConfig::database, "database in [leases]");
  keep(&ControlConfig::socket, running.control, wanted.control, "socket in [control]", kept);
}

// All pools as they are, because of what stands in `kept` already.
void keep_pools(const Config& running, Config& wanted, std::vector<std::string>& kept) {
  for (std::size_t i = 0; i < running.subnets.size(); ++i) {
    const SubnetConfig& before = running.subnets[i];
    if (wanted.subnets[i].pools != before.pools) {
      kept.push_back("the pools of " + before.prefix.text());
    }
    wanted.subnets[i].pools = before.pools;
  }
  for (std::size_t i = 0; i < running.pools.size(); ++i) {
    const NamedPoolConfig& before = running.pools[i];
    NamedPoolConfig& after = wanted.pools[i];
    const std::string name = "[[pool]] " + before.name;
    if (after.ranges == before.ranges) continue;
    kept.push_back(after.ranges.empty()    ? name + ", which is gone"
                   : before.ranges.empty() ? name + ", which is back"
                                           : "the ranges of " + name);
    after.ranges = before.ranges;
  }
  for (std::size_t i = running.pools.size(); i < wanted.pools.size(); ++i) {
    kept.push_back("[[pool]] " + wanted.pools[i].name + ", which is new");
  }
  wanted.pools.resize(running.pools.size());
}

// Groups know their pool by its place.
void keep_places(const Config& running, Config& wanted) {
  std::vector<NamedPoolConfig> pools;
  for (const NamedPoolConfig& before : running.pools) {
    const auto after = std::ranges::find(wanted.pools, before.name, &NamedPoolConfig::name);
    if (after == wanted.pools.end()) {
      pools.push_back({before.name, {}, before.lease_time});
      continue;
    }
    pools.push_back(std::move(*after));
    wanted.pools.erase(after);
  }
  std::ranges::move(wanted.pools, std::back_inserter(pools));
  wanted.pools = std::move(pools);
}

// Leases know their subnet by its number.
void keep_subnets(const Config& running, Config& wanted, std::vector<std::string>& kept) {
  std::vector<SubnetConfig> subnets;
  for (const SubnetConfig& before : running.subnets) {
    const auto after = std::ranges::find(wanted.subnets, before.prefix, &SubnetConfig::prefix);
    if (after == wanted.subnets.end()) {
      kept.push_back("[[subnet]] " + before.prefix.text() + ", which is gone");
      subnets.push_back(before);
      continue;
    }
    subnets.push_back(std::move(*after));
    wanted.subnets.erase(after);
  }
  for (const SubnetConfig& left : wanted.subnets) {
    kept.push_back("[[subnet]] " + left.prefix.text() + ", which is new");
  }
  wanted.subnets = std::move(subnets);
}

// Pools follow where their subnets are the same and the workers have the memory: see AddressPlan.
void keep_address_plan(const Config& running, Config& wanted, std::vector<std::string>& kept,
                       std::shared_ptr<const Subnets>& subnets,
                       std::span<const Ipv4Address> recorded) {
  const std::size_t kept_before = kept.size();
  keep_subnets(running, wanted, kept);
  keep_places(running, wanted);
  const bool same_subnets = kept.size() == kept_before;
  auto after = Subnets::after(*subnets, wanted, recorded);
  if (!same_subnets || !after) {
    if (same_subnets) kept.push_back("pools: " + after.error());
    keep_pools(running, wanted, kept);
    after = Subnets::after(*subnets, wanted, recorded);
  }
  subnets = std::move(*after);  // the pools that there were always fit
  if (const auto count = subnets->plan().on_record(); count > 0) {
    kept.push_back(count_text(count) + (count == 1 ? " address" : " addresses") +
                   " of the pools with a lease that no worker has read");
  }
}

// Disks are open files, and sessions know their size and mode. Who may use one, and who is told to
// boot from it, is looked up each time.
void keep_disks(const Config& running, Config& wanted, std::vector<std::string>& kept) {
  std::vector<DiskConfig> disks;
  for (const DiskConfig& before : running.disks) {
    const std::string name = "[[disk]] " + before.address->text();
    disks.push_back(before);
    const auto after = std::ranges::find(wanted.disks, before.address, &DiskConfig::address);
    if (after == wanted.disks.end()) {
      kept.push_back(name + ", which is gone");
      continue;
    }
    disks.back().clients = std::move(after->clients);
    disks.back().boot = after->boot;
    after->clients = disks.back().clients;
    if (*after != disks.back()) kept.push_back(name + ", all but clients and boot");
    wanted.disks.erase(after);
  }
  for (const DiskConfig& left : wanted.disks) {
    kept.push_back("[[disk]] " + left.address->text() + ", which is new");
  }
  wanted.disks = std::move(disks);
  keep(&Config::disk_limits, running, wanted, "[disks]", kept);
}

}  // namespace

std::vector<std::string> keep_fixed_parts(const Config& running, Config& wanted,
                                          std::shared_ptr<const Subnets>& subnets,
                                          std::span<const Ipv4Address> recorded) {
  std::vector<std::string> kept;
  keep(&Config::interfaces, running, wanted, "[[interface]]", kept);
  keep_scalars(running, wanted, kept);
  keep_address_plan(running, wanted, kept, subnets, recorded);
  keep_disks(running, wanted, kept);
  return kept;
}

}  // namespace reveille
