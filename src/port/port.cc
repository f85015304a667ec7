#include "port/port.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "port/eal_log.h"
#include "port/packet_sockets.h"
#include "port/pools.h"

namespace reveille {
namespace {

using Result = tl::expected<void, std::string>;

// Replies are a few microseconds behind requests: take packets out of the device at once.
rte_eth_conf configuration_for(const PortProfile& profile, const rte_eth_dev_info& info,
                               unsigned receive_queues, std::uint16_t mtu) {
  rte_eth_conf configuration{};
  if (profile.mtu_is_told && mtu != kMtuDefault) configuration.rxmode.mtu = mtu;
  // No VLAN stripping or insertion: the tag is part of the frame for classify and the engines.
  if (profile.receive_checksums) {
    configuration.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
  }
  if (profile.gathers) {
    configuration.txmode.offloads |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  }
  const std::uint64_t spread =
      info.flow_type_rss_offloads & (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP);
  if (receive_queues > 1 && spread != 0) {
    configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    configuration.rx_adv_conf.rss_conf.rss_hf = spread;
  }
  return configuration;
}

}  // namespace

tl::expected<Port, std::string> Port::open(PortPlan plan, rte_mempool* receive) {
  Port port(std::move(plan));
  Result ready = port.attach(port.plan_.device, receive);
  if (!ready && port.plan_.instead) {
    port.warnings_.push_back(ready.error() + "; it is served through af_packet, which is slower");
    port.abandon();
    ready = port.attach(*port.plan_.instead, receive);
  }
  if (!ready) return tl::unexpected(ready.error());
  return port;
}

Port::Port(PortPlan plan) : plan_(std::move(plan)) {
  const InterfaceConfig& config = plan_.config;
  name_ = !config.interface.empty() ? config.interface
          : !config.vdev.empty()    ? plan_.device.name
                                    : config.device;
}

Result Port::attach(const VirtualDevice& device, rte_mempool* receive) {
  forget_eal_log();
  const std::vector<int> before = packet_sockets();
  if (Result probed = probe(device); !probed) return probed;
  Result configured = configure(receive);
  const std::vector<int> after = packet_sockets();
  sockets_.clear();
  std::ranges::set_difference(after, before, std::back_inserter(sockets_));
  // Drivers open one for each queue, in their order.
  if (sockets_.size() != receive_queues_) sockets_.clear();
  return configured;
}

Result Port::probe(const VirtualDevice& device) {
  device_ = device.name.empty() ? plan_.config.device : device.name;

  std::uint16_t id = 0;
  const bool exists = rte_eth_dev_get_port_by_name(device_.c_str(), &id) == 0;
  if (!exists && device.name.empty()) {
    return tl::unexpected(with_eal_words("device " + name_ +
                                             " is no NIC that DPDK can use (is it bound to "
                                             "vfio-pci, and its whole IOMMU group with it?)",
                                         ENODEV));
  }
  if (!exists) {
    const int error = rte_eal_hotplug_add("vdev", device.name.c_str(), device.arguments.c_str());
    if (error != 0) {
      return tl::unexpected(with_eal_words("port " + name_ + " cannot be opened", error));
    }
    plugged_in_ = true;
    if (rte_eth_dev_get_port_by_name(device_.c_str(), &id) != 0) {
      return tl::unexpected("port " + name_ + " is no Ethernet device");
    }
  }
  rte_eth_dev_owner owner{};
  if (rte_eth_dev_owner_new(&owner.id) != 0 || rte_eth_dev_owner_set(id, &owner) != 0) {
    return tl::unexpected("port " + name_ + " is taken: it is configured twice");
  }
  id_ = id;
  taken_ = true;

  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0) {
    return tl::unexpected(with_eal_words(
        "port " + name_ + "'s driver says nothing about it (rte_eth_dev_info_get)", error));
  }
  driver_ = info.driver_name;
  profile_ = profile_of(driver_, device.name.empty() ? nullptr : &device.arguments, info);
  return {};
}

Result Port::configure(rte_mempool* receive) {
  const unsigned workers = plan_.workers;
  const std::uint16_t mtu = plan_.config.mtu;
  const auto failed = [this](const char* what, int error) {
    return tl::unexpected(with_eal_words("port " + name_ + ": " + what, error));
  };
  if (mtu > profile_.mtu_max) {
    return tl::unexpected("port " + name_ + " (" + driver_ + ") carries packets of at most " +
                          std::to_string(profile_.mtu_max) + " octets, not the `mtu` of " +
                          std::to_string(mtu));
  }
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(id_, &info);
  receive_queues_ = static_cast<std::uint16_t>(std::min<unsigned>(workers, info.max_rx_queues));
  transmit_queues_ = static_cast<std::uint16_t>(std::min<unsigned>(workers, info.max_tx_queues));
  if (receive_queues_ == 0 || transmit_queues_ == 0) return failed("it has no queues", ENOTSUP);

  const rte_eth_conf configuration = configuration_for(profile_, info, receive_queues_, mtu);
  if (const int error =
          rte_eth_dev_configure(id_, receive_queues_, transmit_queues_, &configuration);
      error != 0) {
    return failed("its driver refuses the configuration", error);
  }
  // As many as AF_XDP's driver lends to the kernel: what does not fit is then counted as missed.
  std::uint16_t receive_descriptors = plan_.umem_queues() > 0 ? kUmemRing : kDescriptors;
  std::uint16_t transmit_descriptors = kDescriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive_descriptors, &transmit_descriptors);
  const int socket = rte_eth_dev_socket_id(id_);
  for (std::uint16_t queue = 0; queue < receive_queues_; ++queue) {
    if (const int error = rte_eth_rx_queue_setup(id_, queue, receive_descriptors,
                                                 static_cast<unsigned>(socket), nullptr, receive);
        error != 0) {
      return failed("a receive queue cannot be set up", error);
    }
  }
  // Never MBUF_FAST_FREE: frames come from two pools, and payloads are held elsewhere too.
  for (std::uint16_t queue = 0; queue < transmit_queues_; ++queue) {
    if (const int error = rte_eth_tx_queue_setup(id_, queue, transmit_descriptors,
                                                 static_cast<unsigned>(socket), nullptr);
        error != 0) {
      return failed("a transmit queue cannot be set up", error);
    }
  }
  rte_ether_addr address{};
  if (const int error = rte_eth_macaddr_get(id_, &address); error != 0) {
    return failed("it has no MAC address", error);
  }
  mac_ = MacAddress::from(address.addr_bytes);
  std::uint16_t device_mtu = mtu;  // what a virtual device says of it has no meaning
  if (plan_.kernel) device_mtu = plan_.kernel->mtu();
  if (profile_.mtu_is_told) rte_eth_dev_get_mtu(id_, &device_mtu);
  mtu_ = std::min(device_mtu, mtu);
  if (mtu_ < mtu && mtu != kMtuDefault) {
    warnings_.push_back("port " + name_ + " carries packets of " + std::to_string(mtu_) +
                        " octets, less than the `mtu` of " + std::to_string(mtu));
  }
  return {};
}

Result Port::start() {
  forget_eal_log();
  if (const int error = rte_eth_dev_start(id_); error != 0) {
    return tl::unexpected(with_eal_words("port " + name_ + " cannot be started", error));
  }
  started_ = true;
  // Only what is addressed to us, and IPv6 neighbour discovery (33:33:...). Virtual ports that
  // know neither deliver everything anyway; classify sorts it out.
  if (rte_eth_promiscuous_get(id_) == 1) rte_eth_promiscuous_disable(id_);
  rte_eth_allmulticast_enable(id_);
  if (profile_.stale_at_start) discard_stale_frames();
  return {};
}

void Port::discard_stale_frames() const {
  constexpr unsigned kBurstsMax = 256;  // more than the rings of the port hold
  std::array<rte_mbuf*, kBurst> frames;
  for (std::uint16_t queue = 0; queue < receive_queues_; ++queue) {
    for (unsigned i = 0; i < kBurstsMax; ++i) {
      const std::uint16_t count = rte_eth_rx_burst(id_, queue, frames.data(), kBurst);
      if (count == 0) break;
      rte_pktmbuf_free_bulk(frames.data(), count);
    }
  }
}

std::vector<std::string> Port::warnings() const {
  std::vector<std::string> all = plan_.warnings;
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  return all;
}

Port::Port(Port&& other) noexcept
    : plan_(std::move(other.plan_)),
      name_(std::move(other.name_)),
      device_(std::move(other.device_)),
      driver_(std::move(other.driver_)),
      profile_(other.profile_),
      id_(other.id_),
      taken_(std::exchange(other.taken_, false)),
      plugged_in_(std::exchange(other.plugged_in_, false)),
      started_(std::exchange(other.started_, false)),
      mac_(other.mac_),
      mtu_(other.mtu_),
      warnings_(std::move(other.warnings_)),
      sockets_(std::move(other.sockets_)),
      receive_queues_(other.receive_queues_),
      transmit_queues_(other.transmit_queues_) {}

// Leaves the device that could not be set up to the end of DPDK: the driver of AF_XDP (22.11)
// writes into memory that it has freed when it is closed then.
void Port::abandon() {
  taken_ = false;
  plugged_in_ = false;
}

Port::~Port() {
  if (started_) rte_eth_dev_stop(id_);
  if (taken_) rte_eth_dev_close(id_);
  if (plugged_in_) rte_eal_hotplug_remove("vdev", device_.c_str());
}

void add_stations(std::vector<Station>& stations, const Port& port, const InterfaceConfig& config) {
  Station station{.port = port.id(),
                  .vlan = 0,
                  .mac = port.mac(),
                  .address = {},
                  .link_local = Ipv6Address::link_local(port.mac()),
                  .mtu = port.mtu(),
                  .partial_checksums = port.profile().partial_checksums};
  if (config.address) {
    station.address = *config.address;
    stations.push_back(station);
  }
  for (const VlanConfig& vlan : config.vlans) {
    station.vlan = vlan.id;
    station.address = vlan.address;
    stations.push_back(station);
  }
}

}  // namespace reveille
