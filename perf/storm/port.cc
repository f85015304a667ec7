#include "storm/port.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <net/if.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include <reveille/pollers.h>

namespace reveille::storm {
namespace {

constexpr unsigned kBuffers = 32767;
constexpr unsigned kJumboBuffers = 16383;  // of 9 KiB each
constexpr std::uint16_t kDescriptors = 1024;

// Side by side in one piece of memory, which AF_XDP's driver takes for granted (see port/pools.cc
// of the server). nullptr: not to be had.
rte_mempool* packed_pool(const std::string& name, unsigned buffers, std::size_t room) {
  const auto element = static_cast<unsigned>(sizeof(rte_mbuf) + room);
  rte_mempool* const pool = rte_mempool_create_empty(name.c_str(), buffers, element, 256,
                                                     sizeof(rte_pktmbuf_pool_private),
                                                     SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private told{};
  told.mbuf_data_room_size = static_cast<std::uint16_t>(room);
  int error = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr);
  if (error == 0) {
    rte_pktmbuf_pool_init(pool, &told);
    error = std::min(rte_mempool_populate_default(pool), 0);
  }
  if (error != 0 || pool->nb_mem_chunks != 1) {
    rte_mempool_free(pool);
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

// For one thread, which does not poll yet.
rte_rcu_qsbr* looks_of_one() {
  const std::size_t bytes = RTE_ALIGN_CEIL(rte_rcu_qsbr_get_memsize(1), RTE_CACHE_LINE_SIZE);
  auto* const looks = static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, bytes));
  if (looks == nullptr) throw std::bad_alloc();
  rte_rcu_qsbr_init(looks, 1);
  rte_rcu_qsbr_thread_register(looks, 0);
  return looks;
}

std::string sentence(const std::string& what, int error) {
  return what + ": " + rte_strerror(error < 0 ? -error : error);
}

}  // namespace

Port::Port(const PortConfig& config)
    : room_octets_(config.jumbo ? kJumboRoom : kRoom),
      impaired_(config.impairment.any()),
      incoming_(config.impairment, config.seed * 2 + 1),
      outgoing_(config.impairment, config.seed * 2 + 2),
      looks_(looks_of_one()) {
  add_pollers(looks_.get());
  waiting_.reserve(kWaitingMax + 64);
  arrived_.reserve(kWaitingMax);
}

tl::expected<std::unique_ptr<Port>, std::string> Port::open(const PortConfig& config) {
  std::unique_ptr<Port> port(new Port(config));
  if (auto started = port->start(config); !started) return tl::unexpected(started.error());
  return port;
}

tl::expected<void, std::string> Port::start(const PortConfig& config) {
  std::string vdev = config.vdev;
  const std::string shown = config.interface.empty() ? config.vdev : config.interface;
  if (!config.interface.empty()) {
    const unsigned index = if_nametoindex(config.interface.c_str());
    if (index == 0) return tl::unexpected("there is no interface " + config.interface);
    // Through the queueing discipline: what the device cannot take at once waits there.
    vdev = "net_af_packet" + std::to_string(index) + ",iface=" + config.interface +
           (config.jumbo ? ",blocksz=36864,framesz=9216,framecnt=2048"
                         : ",blocksz=65536,framesz=2048,framecnt=4096") +
           ",qdisc_bypass=0";
  }
  const std::string name = vdev.substr(0, vdev.find(','));
  const std::string arguments = name.size() == vdev.size() ? "" : vdev.substr(name.size() + 1);
  if (const int error = rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str()); error != 0) {
    return tl::unexpected(sentence("port " + shown + " cannot be opened", error));
  }
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0) {
    return tl::unexpected("port " + shown + " is no Ethernet device");
  }
  pool_ = packed_pool("storm-" + std::to_string(id_), config.jumbo ? kJumboBuffers : kBuffers,
                      RTE_PKTMBUF_HEADROOM + room_octets_);
  if (pool_ == nullptr) return tl::unexpected(sentence("no memory for frames", rte_errno));
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(id_, &info);
  driver_ = info.driver_name;
  const rte_eth_conf plain{};
  std::uint16_t receive_descriptors = kDescriptors;
  std::uint16_t transmit_descriptors = kDescriptors;
  int error = rte_eth_dev_configure(id_, 1, 1, &plain);
  if (error == 0) {
    error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive_descriptors, &transmit_descriptors);
  }
  if (error == 0) {
    error = rte_eth_rx_queue_setup(id_, 0, receive_descriptors, SOCKET_ID_ANY, nullptr, pool_);
  }
  if (error == 0) {
    error = rte_eth_tx_queue_setup(id_, 0, transmit_descriptors, SOCKET_ID_ANY, nullptr);
  }
  if (error == 0) error = rte_eth_dev_start(id_);
  if (error != 0) return tl::unexpected(sentence("port " + shown + " cannot be started", error));
  started_ = true;
  // Frames for as many MAC addresses as there are machines.
  rte_eth_promiscuous_enable(id_);
  rte_ether_addr address{};
  rte_eth_macaddr_get(id_, &address);
  mac_ = MacAddress::from(address.addr_bytes);
  return {};
}

void Port::Free::operator()(rte_rcu_qsbr* looks) const {
  std::free(looks);
}

Port::~Port() {
  forget_pollers(looks_.get());  // who closes a port takes its callbacks off as well
  if (open_ != nullptr) rte_pktmbuf_free(open_);
  rte_pktmbuf_free_bulk(waiting_.data(), static_cast<unsigned>(waiting_.size()));
  rte_pktmbuf_free_bulk(arrived_.data(), static_cast<unsigned>(arrived_.size()));
  while (held_in_.size() > 0) rte_pktmbuf_free(held_in_.take());
  while (held_out_.size() > 0) rte_pktmbuf_free(held_out_.take());
  if (started_) {
    rte_eth_dev_stop(id_);
    rte_eth_dev_close(id_);
  }
  if (pool_ != nullptr) rte_mempool_free(pool_);
}

Port::Polling::Polling(Port& port) : port_(port) {
  rte_rcu_qsbr_thread_online(port_.looks_.get(), 0);
}

Port::Polling::~Polling() {
  rte_rcu_qsbr_thread_offline(port_.looks_.get(), 0);
}

bool Port::link_is_up() const {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(id_, &link) != 0 || link.link_status == RTE_ETH_LINK_UP;
}

bool Port::wait_for_link(Nanoseconds limit) const {
  for (auto waited = Nanoseconds{0};; waited += 10ms) {
    if (link_is_up()) return true;
    if (waited >= limit) return false;
    usleep(10'000);
  }
}

MutableBytes Port::room() {
  if (open_ == nullptr) open_ = rte_pktmbuf_alloc(pool_);
  if (open_ == nullptr) return nowhere_;
  return {rte_pktmbuf_mtod(open_, std::uint8_t*), room_octets_};
}

void Port::send(std::size_t length) {
  if (open_ == nullptr || waiting_.size() >= kWaitingMax) {
    ++not_sent_;
    return;
  }
  rte_mbuf* const frame = open_;
  open_ = nullptr;
  frame->data_len = static_cast<std::uint16_t>(length);
  frame->pkt_len = static_cast<std::uint32_t>(length);
  if (!impaired_) {
    waiting_.push_back(frame);
    return;
  }
  impair(frame, outgoing_, held_out_, waiting_);
}

void Port::impair(rte_mbuf* frame, Impairment& impairment, HoldQueue<rte_mbuf*>& held,
                  std::vector<rte_mbuf*>& ready) {
  const Impairment::Fate fate = impairment.next();
  if (fate.copies == 0) rte_pktmbuf_free(frame);
  for (std::uint8_t copy = 0; copy < fate.copies; ++copy) {
    rte_mbuf* const one = copy == 0 ? frame : rte_pktmbuf_copy(frame, pool_, 0, UINT32_MAX);
    if (one == nullptr) continue;
    if (fate.wait[copy].count() == 0) {
      ready.push_back(one);
    } else if (held.size() < kWaitingMax) {
      held.hold(one, now_ + fate.wait[copy]);
    } else {
      ++not_sent_;
      rte_pktmbuf_free(one);
    }
  }
}

std::span<rte_mbuf* const> Port::receive(Instant now) {
  now_ = now;
  rte_rcu_qsbr_quiescent(looks_.get(), 0);
  rte_pktmbuf_free_bulk(arrived_.data(), static_cast<unsigned>(arrived_.size()));
  arrived_.resize(kBurst);
  const std::uint16_t count = rte_eth_rx_burst(id_, 0, arrived_.data(), kBurst);
  received_ += count;
  arrived_.resize(count);
  if (!impaired_) return arrived_;
  std::array<rte_mbuf*, kBurst> fresh;
  std::copy(arrived_.begin(), arrived_.end(), fresh.begin());
  arrived_.clear();
  for (std::uint16_t i = 0; i < count; ++i) impair(fresh[i], incoming_, held_in_, arrived_);
  while (held_in_.due(now)) arrived_.push_back(held_in_.take());
  return arrived_;
}

void Port::flush(Instant now) {
  now_ = now;
  while (held_out_.due(now) && waiting_.size() < kWaitingMax) waiting_.push_back(held_out_.take());
  std::size_t done = 0;
  while (done < waiting_.size()) {
    const auto wanted =
        static_cast<std::uint16_t>(std::min<std::size_t>(waiting_.size() - done, kBurst));
    const std::uint16_t count = rte_eth_tx_burst(id_, 0, &waiting_[done], wanted);
    done += count;
    if (count < wanted) break;
  }
  sent_ += done;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace reveille::storm
