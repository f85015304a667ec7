#include "control/commands/status_text.h"

#include "control/config/config_check.h"
#include "control/config/value_text.h"

namespace reveille {
namespace {

std::string services_with_addresses(const Config& config) {
  std::string tftp = config.tftp.enabled ? "TFTP" : "";
  switch (config.dhcp.mode) {
    case DhcpMode::off:
      return tftp;
    case DhcpMode::server:
      return tftp.empty() ? "DHCP" : "DHCP and " + tftp;
    case DhcpMode::proxy:
      return tftp.empty() ? "ProxyDHCP" : "ProxyDHCP and " + tftp;
  }
  return tftp;
}

std::string services(const Config& config) {
  std::string text = services_with_addresses(config);
  if (config.disks.empty()) return text;
  if (!text.empty()) text += " and ";
  text += config.disks.size() == 1 ? "a disk" : count_text(config.disks.size()) + " disks";
  return text;
}

}  // namespace

std::string service_text(const Config& config) {
  std::string text = services(config) + " on ";
  bool first = true;
  for (const OwnAddress& own : own_addresses(config)) {
    if (!first) text += ", ";
    first = false;
    text += own.interface + " as " + own.address.text();
  }
  if (config.dhcp.mode == DhcpMode::server) {
    std::uint64_t addresses = 0;
    for (const SubnetConfig& subnet : config.subnets) {
      for (const PoolConfig& pool : subnet.pools) addresses += pool_size(pool);
    }
    for (const NamedPoolConfig& pool : config.pools) {
      for (const PoolConfig& range : pool.ranges) addresses += pool_size(range);
    }
    text += ": " + count_text(addresses) + (addresses == 1 ? " address" : " addresses");
    const std::size_t hosts = config.hosts.size();
    if (hosts > 0) text += ", " + count_text(hosts) + (hosts == 1 ? " host" : " hosts");
  }
  return text;
}

std::string status_text(const Config& config, const ImageStock& stock) {
  std::string status = "serving " + service_text(config);
  const bool images = config.tftp.enabled && !config.images.root.empty();
  if (images) status += "; " + text(stock) + ", from " + config.images.root;
  return status;
}

std::string port_text(const PortReport& port) {
  return "port " + port.name + ": " + port.driver + ", " + port.mac.text() + ", MTU " +
         std::to_string(port.mtu) + ", " + std::to_string(port.receive_queues) +
         (port.receive_queues == 1 ? " queue" : " queues") +
         (port.gathers ? ", image bytes leave in place" : ", image bytes are copied");
}

}  // namespace reveille
