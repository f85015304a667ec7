#include "port/port_plan.h"

#include <algorithm>

#include "port/af_xdp.h"
#include "port/pools.h"

namespace reveille {
namespace {

constexpr std::string_view kAfXdp = "net_af_xdp";

VirtualDevice split(const std::string& vdev) {
  const std::size_t comma = vdev.find(',');
  if (comma == std::string::npos) return {vdev, ""};
  return {vdev.substr(0, comma), vdev.substr(comma + 1)};
}

// How af_packet serves an interface of the kernel:
//  - frames as long as a receive buffer of ours: 32 octets for the ring's own header leave room
//    for any packet of the MTU, and a buffer holds each (the driver copies without a check of its
//    own);
//  - blocks of pages that frames fill without a rest, as the driver counts them;
//  - the queueing discipline stays in the path: a slow device then queues a burst where a bypass
//    would drop it, and tcpdump on the interface shows our replies.
VirtualDevice af_packet_on(const InterfaceConfig& config, unsigned index, unsigned workers) {
  static_assert(65536 % kFrameRoom == 0 && 36864 == 9 * 4096 && 36864 % kJumboRoom == 0);
  const bool jumbo = frame_room(config.mtu) == kJumboRoom;
  const std::string ring = jumbo ? ",blocksz=36864,framesz=9216,framecnt=1024"
                                 : ",blocksz=65536,framesz=2048,framecnt=2048";
  return {"net_af_packet" + std::to_string(index),
          "iface=" + config.interface + ring + ",qdisc_bypass=0,qpairs=" + std::to_string(workers)};
}

// How AF_XDP does:
//  - by copy also where the device could do without: only then does the driver never wait, up to
//    a second at a time, for a queue that has nothing;
//  - without asking the kernel to poll the device, which costs a system call each time nothing is
//    there.
VirtualDevice af_xdp_on(const InterfaceConfig& config, unsigned index, unsigned queues) {
  return {std::string(kAfXdp) + std::to_string(index),
          "iface=" + config.interface + ",start_queue=0,queue_count=" + std::to_string(queues) +
              ",force_copy=1,busy_budget=0"};
}

void warn_of(PortPlan& plan, const std::vector<std::string>& addresses, const std::string& what) {
  for (const std::string& address : addresses) {
    plan.warnings.push_back("interface " + plan.config.interface + ": the kernel has the address " +
                            address + " on it and " + what);
  }
}

void take_af_packet(PortPlan& plan) {
  plan.device = af_packet_on(plan.config, plan.kernel->index(), plan.workers);
  warn_of(plan, plan.kernel->use().ipv4_addresses,
          "answers for it too (port unreachable); better remove it (ip address flush dev " +
              plan.config.interface + ")");
}

tl::expected<void, std::string> take_af_xdp(PortPlan& plan) {
  const std::string& name = plan.config.interface;
  const KernelUse& use = plan.kernel->use();
  const unsigned queues = use.receive_queues;
  const unsigned most = std::min(plan.workers, af_xdp_queues_max(use));
  if (queues > most) {
    return tl::unexpected("interface " + name + ": it has " + std::to_string(queues) +
                          " receive queues, and AF_XDP here takes " + std::to_string(most) +
                          ": one for each worker, and more than one only of combined ones (" +
                          "ethtool --set-channels)");
  }
  if (use.foreign_program) {  // the driver would take it off at the end
    return tl::unexpected("interface " + name +
                          ": an XDP program is on it, so AF_XDP cannot take it (ip link set dev " +
                          name + " xdp off)");
  }
  plan.device = af_xdp_on(plan.config, plan.kernel->index(), queues);
  constexpr const char* kMissing = "gets no frame for it while AF_XDP takes them";
  warn_of(plan, use.ipv4_addresses, kMissing);
  warn_of(plan, use.ipv6_addresses, kMissing);
  return {};
}

tl::expected<void, std::string> choose_driver(PortPlan& plan, bool buffers_suit) {
  const InterfaceConfig& config = plan.config;
  if (config.driver == KernelDriver::af_xdp) return take_af_xdp(plan);
  const bool suits = config.driver == KernelDriver::automatic && buffers_suit &&
                     af_xdp_suits(config, plan.kernel->use(), plan.kernel->mtu(), plan.workers);
  take_af_packet(plan);
  if (!suits) return {};
  plan.instead = plan.device;
  return take_af_xdp(plan);
}

}  // namespace

unsigned PortPlan::umem_queues() const {
  return device.name.starts_with(kAfXdp) ? workers : 0;
}

bool buffers_suit_af_xdp(const std::vector<InterfaceConfig>& interfaces) {
  return longest_mtu(interfaces) == kMtuDefault &&
         std::ranges::none_of(interfaces, [](const auto& one) { return !one.device.empty(); });
}

unsigned umem_queues_max(const InterfaceConfig& config, unsigned workers) {
  const bool possible = config.interface.empty()
                            ? config.vdev.starts_with(kAfXdp)
                            : config.driver != KernelDriver::af_packet && config.vlans.empty() &&
                                  config.mtu == kMtuDefault;
  return possible ? workers : 0;
}

tl::expected<PortPlan, std::string> PortPlan::make(const InterfaceConfig& config, unsigned workers,
                                                   bool buffers_suit) {
  PortPlan plan;
  plan.config = config;
  plan.workers = workers;
  if (config.interface.empty()) {
    if (!config.vdev.empty()) plan.device = split(config.vdev);
    return plan;
  }
  auto kernel = KernelInterface::claim(config.interface);
  if (!kernel) return tl::unexpected(kernel.error());
  plan.kernel = std::move(*kernel);
  if (auto chosen = choose_driver(plan, buffers_suit); !chosen)
    return tl::unexpected(chosen.error());
  return plan;
}

}  // namespace reveille
