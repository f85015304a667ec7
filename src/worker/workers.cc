#include "worker/workers.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <sys/random.h>

#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_mbuf_dyn.h>

#include "packet/link_state.h"
#include "port/pools.h"
#include "port/port.h"
#include "worker/loop.h"

namespace reveille {
namespace {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = rte_rdtsc();
  return seed;
}

// DPDK numbers its threads; lcore 0 is control.
unsigned lcore_of(unsigned worker) {
  return worker + 1;
}

// DPDK orders what control and a worker do before and after a launch and an end. That is not to
// be seen from outside its library, so it is said once more here: a race detector reads it.
std::atomic<unsigned> handovers{0};

int run_worker(void* worker) {
  (void)handovers.load(std::memory_order_acquire);
  static_cast<Worker*>(worker)->run();
  handovers.fetch_add(1, std::memory_order_release);
  return 0;
}

PortReport report_of(const Port& port) {
  return {.name = port.name(),
          .driver = port.driver(),
          .mac = port.mac(),
          .mtu = port.mtu(),
          .receive_queues = port.receive_queues(),
          .transmit_queues = port.transmit_queues(),
          .gathers = port.profile().gathers,
          .warnings = port.warnings()};
}

}  // namespace

// In the order of construction: what comes later uses what comes before it.
struct Workers::State {
  Options options;
  unsigned count = 0;
  Idle idle = Idle::adaptive;
  Pools pools;
  std::unique_ptr<Rings> rings;
  Doorbell lease_changes_doorbell;
  std::unique_ptr<Snapshots> snapshots;
  std::vector<Port> ports;  // closing a port frees the frames that it holds
  std::vector<PortReport> reports;
  std::vector<Station> stations;
  LinkState links;
  TscClock tsc;
  std::vector<std::unique_ptr<Worker>> workers;
  bool running = false;

  [[nodiscard]] WorkerParts parts_of(unsigned worker, std::uint64_t seed,
                                     std::optional<int> timestamp_offset);
  void discard_frames_between_workers();
};

tl::expected<std::unique_ptr<Workers>, std::string> Workers::open(Eal& eal, const Config& config,
                                                                  Options options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->count = config.workers.count;
  state->idle = config.workers.idle;
  if (state->count == 0 || state->count > eal.workers()) {
    return tl::unexpected("workers: " + std::to_string(state->count) + " asked for, DPDK has " +
                          std::to_string(eal.workers()));
  }
  std::vector<PortPlan> plans;
  unsigned umem_queues = 0;
  for (const InterfaceConfig& interface : config.interfaces) {
    auto plan = PortPlan::make(interface, state->count, buffers_suit_af_xdp(config.interfaces));
    if (!plan) return tl::unexpected(plan.error());
    umem_queues += plan->umem_queues();
    plans.push_back(std::move(*plan));
  }
  auto pools =
      Pools::create(state->count, pool_sizes(state->count, plans.size(), options.durable_leases,
                                             longest_mtu(config.interfaces), umem_queues));
  if (!pools) return tl::unexpected(pools.error());
  state->pools = std::move(*pools);

  std::vector<std::uint16_t> physical_ports;
  bool queues_shared = false;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    auto port = Port::open(std::move(plans[i]), state->pools.receive.get());
    if (!port) return tl::unexpected(port.error());
    if (port->profile().maps_memory) physical_ports.push_back(port->id());
    queues_shared |= port->transmit_queues() < state->count;
    add_stations(state->stations, *port, config.interfaces[i]);
    state->reports.push_back(report_of(*port));
    state->ports.push_back(std::move(*port));
  }
  if (state->stations.size() > kStationsMax) {
    return tl::unexpected("interfaces and VLANs: more than " + std::to_string(kStationsMax));
  }
  state->rings = std::make_unique<Rings>(state->count, queues_shared);
  state->snapshots = std::make_unique<Snapshots>(state->count, std::move(physical_ports));
  return std::unique_ptr<Workers>(new Workers(std::move(state)));
}

Workers::Workers(std::unique_ptr<State> state) : state_(std::move(state)) {}

Workers::~Workers() {
  stop();
}

const std::vector<Station>& Workers::stations() const {
  return state_->stations;
}
const std::vector<PortReport>& Workers::ports() const {
  return state_->reports;
}

WorkerParts Workers::State::parts_of(unsigned worker, std::uint64_t seed,
                                     std::optional<int> timestamp_offset) {
  WorkerParts parts{.share = {worker, count},
                    .seed = seed,
                    .idle = idle,
                    .timestamp_offset = timestamp_offset,
                    .queues = {},
                    .lanes = {},
                    .heads = pools.heads_of(worker),
                    .payloads = pools.payloads[worker].get(),
                    .tsc = &tsc,
                    .snapshots = snapshots.get(),
                    .rings = rings.get(),
                    .links = &links};
  for (const Port& port : ports) {
    if (worker < port.receive_queues()) {
      const auto queue = static_cast<std::uint16_t>(worker);
      parts.queues.push_back({port.id(), queue, port.socket_of(queue)});
    }
    const auto queue = static_cast<std::uint16_t>(worker % port.transmit_queues());
    parts.lanes.push_back({.port = port.id(),
                           .queue = queue,
                           .owner = queue,
                           .gathers = port.profile().gathers,
                           .maps_memory = port.profile().maps_memory,
                           .copies = port.profile().copies});
  }
  return parts;
}

tl::expected<void, std::string> Workers::start(std::unique_ptr<const Snapshot> first,
                                               const StoredLeases* stored) {
  State& state = *state_;
  assert(state.workers.empty() && first->stations.size() == state.stations.size());
  std::optional<int> timestamp_offset;
  if (state.options.frame_clock) {
    timestamp_offset = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, nullptr);
    if (*timestamp_offset < 0) {
      return tl::unexpected(
          std::string("no port stamps its frames with the time: only net_pcap "
                      "can be replayed"));
    }
  }
  const std::uint64_t seed = state.options.seed.value_or(random_seed());
  for (unsigned k = 0; k < state.count; ++k) {
    WorkerParts parts = state.parts_of(k, seed, timestamp_offset);
    parts.durable_leases = state.options.durable_leases;
    if (parts.durable_leases) parts.committer = &state.lease_changes_doorbell;
    parts.stored = stored;
    state.workers.push_back(std::make_unique<Worker>(parts, *first));
  }
  for (Port& port : state.ports) {
    if (auto started = port.start(); !started) return started;
  }
  state.snapshots->publish(std::move(first));
  state.running = true;
  handovers.fetch_add(1, std::memory_order_release);
  for (unsigned k = 0; k < state.count; ++k) {
    if (rte_eal_remote_launch(run_worker, state.workers[k].get(), lcore_of(k)) != 0) {
      stop();
      return tl::unexpected("worker " + std::to_string(k) + " cannot be launched");
    }
  }
  return {};
}

void Workers::publish(std::unique_ptr<const Snapshot> next) {
  assert(std::ranges::equal(next->stations, state_->stations, [](const auto& a, const auto& b) {
    return a.port == b.port && a.vlan == b.vlan;
  }));
  state_->snapshots->publish(std::move(next));
}

std::size_t Workers::retire() {
  return state_->snapshots->retire();
}

Statistics Workers::statistics() const {
  Statistics statistics;
  for (const auto& worker : state_->workers) {
    statistics.workers.push_back(worker->statistics());
    worker->add_groups(statistics.groups);
  }
  for (const Port& port : state_->ports) {
    rte_eth_stats counted{};
    rte_eth_stats_get(port.id(), &counted);
    statistics.ports.push_back({.name = port.name(),
                                .missed = counted.imissed,
                                .no_buffer = counted.rx_nombuf,
                                .receive_errors = counted.ierrors,
                                .transmit_errors = counted.oerrors});
  }
  return statistics;
}

std::vector<DiskClient> Workers::disk_clients() const {
  std::vector<DiskClient> all;
  for (const auto& worker : state_->workers) {
    const std::vector<DiskClient> some = worker->disk_clients();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::size_t Workers::drain_events(const std::function<void(const Event&)>& tell, std::size_t max) {
  std::array<Event, 64> events;
  std::size_t drained = 0;
  for (const auto& worker : state_->workers) {
    while (drained < max) {
      const std::size_t room = std::min(events.size(), max - drained);
      const unsigned count = worker->events().take(std::span(events).first(room));
      std::for_each_n(events.begin(), count, tell);
      drained += count;
      if (count < room) break;
    }
  }
  return drained;
}

std::size_t Workers::take_lease_changes(unsigned worker, std::span<LeaseChange> room) {
  return state_->workers[worker]->lease_changes().take(room);
}

Doorbell& Workers::lease_changes_doorbell() {
  return state_->lease_changes_doorbell;
}

bool Workers::sheds(unsigned worker) const {
  return state_->workers[worker]->sheds();
}

void Workers::leases_reached_disk(unsigned worker, std::uint64_t count) {
  state_->workers[worker]->leases_reached_disk(count);
  state_->rings->doorbell_of(worker).ring();
}

bool Workers::order_lease(const LeaseOrder& order) {
  bool taken = true;
  for (const auto& worker : state_->workers) taken &= worker->order(order);
  return taken;
}

void Workers::take_order_answers(const std::function<void(const LeaseOrderAnswer&)>& tell) {
  for (const auto& worker : state_->workers) {
    for (LeaseOrderAnswer answer; worker->take_answer(answer);) tell(answer);
  }
}

void Workers::import_leases(LeaseImport& leases) {
  for (const auto& worker : state_->workers) worker->import(leases);
}

bool Workers::imported() const {
  return std::all_of(state_->workers.begin(), state_->workers.end(),
                     [](const auto& worker) { return worker->imported(); });
}

unsigned Workers::count() const {
  return state_->count;
}

Instant Workers::now() const {
  return state_->tsc.now();
}

bool Workers::exhausted() const {
  // What passes between workers may be under way while they are read one by one; two equal
  // readings with nothing missing show that nothing was.
  const auto settled_total = [this]() -> std::optional<std::uint64_t> {
    for (const auto& worker : state_->workers) {
      if (!worker->dry()) return std::nullopt;
    }
    const WorkerStatistics sum = statistics().sum();
    const std::uint64_t outcomes = sum.outcomes.total();
    if (sum.frames_received != outcomes || sum.messages_sent != sum.messages_received ||
        sum.replies_passed != sum.replies_forwarded || sum.replies_held != 0) {
      return std::nullopt;
    }
    return outcomes + sum.messages_sent + sum.replies_passed;
  };
  const auto first = settled_total();
  return first && settled_total() == first;
}

void Workers::stop() {
  if (!state_->running) return;
  // What has been received is served to its end, unless a worker hangs.
  for (const auto& worker : state_->workers) worker->stop_receiving();
  state_->snapshots->wait_for_workers();  // bursts that were being received
  constexpr Nanoseconds kPatience = 500ms;
  for (const Instant end = now() + kPatience; !exhausted() && now() < end;) sleep_for(100us);
  for (const auto& worker : state_->workers) worker->stop();
  for (unsigned k = 0; k < state_->count; ++k) rte_eal_wait_lcore(lcore_of(k));
  (void)handovers.load(std::memory_order_acquire);
  state_->running = false;
  state_->discard_frames_between_workers();
}

void Workers::State::discard_frames_between_workers() {
  std::array<rte_mbuf*, kBurst> frames;
  const auto discard = [&frames](SpscRing<rte_mbuf*>& ring) {
    while (const unsigned count_taken = ring.take(frames)) {
      rte_pktmbuf_free_bulk(frames.data(), count_taken);
    }
  };
  for (unsigned from = 0; from < count; ++from) {
    for (unsigned to = 0; to < count; ++to) {
      if (from == to) continue;
      discard(rings->between(from, to).frames);
      discard(rings->between(from, to).outgoing);
    }
  }
}

}  // namespace reveille
