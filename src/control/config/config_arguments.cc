#include "control/config/config_arguments.h"

#include <algorithm>
#include <charconv>

#include "control/config/config_check.h"
#include "control/config/value_text.h"
#include "control/hosts/host_files.h"
#include "packet/share.h"

namespace reveille {
namespace {

constexpr Origin kAddress{.option = "--address"};
constexpr Origin kPool{.option = "--pool"};

template <class E>
void apply_word(const std::optional<std::string>& word, std::string_view option, E& to,
                std::initializer_list<std::pair<std::string_view, E>> words, Problems& problems) {
  if (!word) return;
  std::string all;
  for (const auto& [name, value] : words) {
    if (name == *word) {
      to = value;
      return;
    }
    all += (all.empty() ? "" : " or ") + in_quotes(name);
  }
  problems.error({.option = option}, "is " + all + ", not " + in_quotes(*word));
}

void apply_ports(const ConfigArguments& arguments, ParsedConfig& to) {
  if (arguments.ports.empty()) return;
  to.origins.erase("interface");
  to.config.interfaces.clear();
  for (const ConfigArguments::Port& port : arguments.ports) {
    const std::string path = element("interface", to.config.interfaces.size());
    InterfaceConfig& interface = to.config.interfaces.emplace_back();
    std::string& kind = port.option == "--interface" ? interface.interface
                        : port.option == "--device"  ? interface.device
                                                     : interface.vdev;
    kind = port.value;
    const Origin origin{.option = port.option};
    to.origins.set(path, origin);
    to.origins.set(path + "." + std::string(port.option.substr(2)), origin);
  }
  to.origins.set("interface", {.option = arguments.ports.front().option});
}

void apply_driver(const ConfigArguments& arguments, ParsedConfig& to) {
  if (!arguments.driver) return;
  KernelDriver driver = KernelDriver::automatic;
  apply_word(arguments.driver, "--driver", driver,
             {{"auto", KernelDriver::automatic},
              {"af_xdp", KernelDriver::af_xdp},
              {"af_packet", KernelDriver::af_packet}},
             to.problems);
  bool any = false;
  for (std::size_t i = 0; i < to.config.interfaces.size(); ++i) {
    if (to.config.interfaces[i].interface.empty()) continue;
    any = true;
    to.config.interfaces[i].driver = driver;
    to.origins.set(element("interface", i) + ".driver", {.option = "--driver"});
  }
  if (any) return;
  to.problems.error({.option = "--driver"}, "there is no kernel interface that it is for");
}

void apply_addresses(const ConfigArguments& arguments, ParsedConfig& to) {
  auto& interfaces = to.config.interfaces;
  const std::size_t count = arguments.addresses.size();
  if (count > interfaces.size()) {
    to.problems.error(kAddress, std::to_string(count) + " addresses for " +
                                    std::to_string(interfaces.size()) +
                                    " interfaces; give each address after its --interface, "
                                    "--device or --vdev");
  }
  for (std::size_t i = 0; i < std::min(count, interfaces.size()); ++i) {
    to.origins.set(element("interface", i) + ".address", kAddress);
    interfaces[i].address = Ipv4Prefix::parse(arguments.addresses[i]);
    if (!interfaces[i].address) {
      to.problems.error(kAddress, in_quotes(arguments.addresses[i]) +
                                      " is not an address with its prefix length such as "
                                      "\"10.77.0.1/16\"");
    }
  }
}

// The subnet that a pool belongs to; made from one of our networks if need be.
std::optional<std::size_t> subnet_for(const PoolConfig& pool, ParsedConfig& to) {
  auto& subnets = to.config.subnets;
  const auto found = std::find_if(subnets.begin(), subnets.end(), [&](const SubnetConfig& subnet) {
    return subnet.prefix != Ipv4Prefix{} && subnet.prefix.contains(pool.first);
  });
  if (found != subnets.end()) return static_cast<std::size_t>(found - subnets.begin());
  for (const OwnAddress& own : own_addresses(to.config)) {
    const bool given = own.address != Ipv4Prefix{};
    if (!given || !own.address.contains(pool.first)) continue;
    const std::string path = element("subnet", subnets.size());
    to.origins.set(path, kPool);
    to.origins.set(path + ".prefix", kAddress);
    subnets.emplace_back().prefix = {own.address.network(), own.address.length};
    return subnets.size() - 1;
  }
  return std::nullopt;
}

void apply_pools(const ConfigArguments& arguments, ParsedConfig& to) {
  if (!arguments.pools.empty() && arguments.proxy) {
    to.problems.error(kPool,
                      "a ProxyDHCP server has no addresses to lease; give --pool or "
                      "--proxy, not both");
    return;
  }
  std::vector<std::size_t> replaced;
  for (const std::string& text : arguments.pools) {
    to.origins.set("subnet", kPool);
    to.origins.set(kPoolsGiven, kPool);  // even if they cannot be used: not reported as missing
    const auto pool = parse_pool(text);
    if (!pool) {
      to.problems.error(kPool, in_quotes(text) +
                                   " is not a pool of addresses such as "
                                   "\"10.77.1.0-10.77.255.254\"");
      continue;
    }
    const auto i = subnet_for(*pool, to);
    if (!i) {
      to.problems.error(kPool, "pool " + pool_text(*pool) +
                                   " is not in the network of any interface or subnet; is "
                                   "--address right?");
      continue;
    }
    SubnetConfig& subnet = to.config.subnets[*i];
    const std::string path = element("subnet", *i) + ".pools";
    if (std::find(replaced.begin(), replaced.end(), *i) == replaced.end()) {
      replaced.push_back(*i);
      subnet.pools.clear();
      to.origins.erase(path);
      to.origins.set(path, kPool);
    }
    to.origins.set(element(path, subnet.pools.size()), kPool);
    subnet.pools.push_back(*pool);
  }
}

void apply_workers(const ConfigArguments& arguments, ParsedConfig& to) {
  if (!arguments.workers) return;
  const std::string& text = *arguments.workers;
  unsigned count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  to.origins.set("workers.count", {.option = "--workers"});
  if (!whole || count < 1 || count > kWorkersMax) {
    to.problems.error({.option = "--workers"},
                      "must be 1 to " + std::to_string(kWorkersMax) + ", not " + in_quotes(text));
    return;
  }
  to.config.workers.count = static_cast<std::uint16_t>(count);
}

}  // namespace

void apply_arguments(const ConfigArguments& arguments, ParsedConfig& to) {
  if (arguments.proxy) {
    to.config.dhcp.mode = DhcpMode::proxy;
    to.origins.set("dhcp.mode", {.option = "--proxy"});
  }
  if (arguments.root) {
    to.config.images.root = *arguments.root;
    to.origins.set("images.root", {.option = "--root"});
  }
  if (arguments.leases) {
    to.config.leases.database = *arguments.leases;
    to.origins.set("leases.database", {.option = "--leases"});
  }
  if (arguments.log_file) {
    to.config.log.file = *arguments.log_file;
    to.origins.set("log.file", {.option = "--log-file"});
  }
  if (arguments.quiet) to.config.log.quiet = true;
  if (arguments.control) {
    to.config.control.socket = *arguments.control;
    to.origins.set("control.socket", {.option = "--control"});
  }
  apply_workers(arguments, to);
  apply_word(arguments.idle, "--idle", to.config.workers.idle,
             {{"adaptive", Idle::adaptive}, {"busy", Idle::busy}}, to.problems);
  apply_word(arguments.log_format, "--log-format", to.config.log.format,
             {{"text", LogFormat::text}, {"json", LogFormat::json}}, to.problems);
  apply_ports(arguments, to);
  apply_driver(arguments, to);
  apply_addresses(arguments, to);
  apply_pools(arguments, to);
}

ParsedConfig begin_config(const ConfigArguments& arguments) {
  if (!arguments.config_file.empty()) return read_config(arguments.config_file);
  ParsedConfig parsed;
  parsed.problems = Problems("reveille");
  parsed.readable = true;
  return parsed;
}

ParsedConfig configure(const ConfigArguments& arguments) {
  ParsedConfig parsed = begin_config(arguments);
  // Values that were never read would only look as if they were missing.
  if (!parsed.readable) return parsed;
  read_host_files(parsed);
  apply_arguments(arguments, parsed);
  check_config(parsed.config, parsed.origins, parsed.problems);
  return parsed;
}

}  // namespace reveille
