// Cycles from a DISCOVER to its OFFER and from a REQUEST to its ACK, through
// DhcpEngine::handle() alone: no port, no classification, warm reply heads.
//
//   dhcp_bench [--pools N] [clients...]
//
// With --pools the addresses are those of N pools, one for each N-th part of the machines, by rule.
// Memory is prefetched over a burst, as the worker does it.
// Machines ask in a shuffled order: no lease is in the cache because of a neighbour.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>
#include <x86intrin.h>

#include <reveille/wire/dhcp.h>

#include "dhcp/engine.h"
#include "dhcp/lease_table.h"
#include "dhcp/subnets.h"
#include "packet/booting_clients.h"
#include "packet/snapshot.h"
#include "policy/boot_policy.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpType;

constexpr std::size_t kBurst = 32;
constexpr std::size_t kHead = 2048;
constexpr Ipv4Address kServer = Ipv4Address::of(10, 0, 0, 1);

MacAddress mac_of(std::uint32_t index) {
  MacAddress mac{{0x52, 0x54}};
  store_be32(&mac.octets[2], index);
  return mac;
}

// The subnet's own pool becomes so many, each for as many machines.
void divide(Config& config, std::uint32_t clients, std::uint32_t pools) {
  const Ipv4Address first = config.subnets[0].pools[0].first;
  config.subnets[0].pools.clear();
  for (std::uint32_t i = 0; i < pools; ++i) {
    const auto begin = static_cast<std::uint32_t>(std::uint64_t{clients} * i / pools);
    const auto end = static_cast<std::uint32_t>(std::uint64_t{clients} * (i + 1) / pools);
    if (begin == end) continue;
    NamedPoolConfig& pool = config.pools.emplace_back();
    pool.name = "pool " + std::to_string(i);
    pool.ranges = {{{first.value + begin}, {first.value + end - 1}}};
    RuleConfig& rule = config.rules.emplace_back();
    rule.when.kind = Condition::Kind::leaf;
    rule.when.field = RuleField::mac;
    rule.when.values = {{mac_of(begin).number(), mac_of(end - 1).number()}};
    rule.pool = pool.name;
  }
}

std::shared_ptr<const Rules> compiled(const Config& config) {
  if (config.rules.empty()) return nullptr;
  auto rules = Rules::compile(config.rules, 1);
  if (rules) return *rules;
  (void)std::fprintf(stderr, "%s\n", rules.error().text.c_str());
  std::exit(1);
}

Snapshot make_snapshot(std::uint32_t clients, std::uint32_t pools) {
  Config config;
  config.interfaces.resize(1);
  config.interfaces[0].address = Ipv4Prefix{kServer, 8};
  config.boot.default_file = "snponly.efi";
  SubnetConfig subnet;
  subnet.prefix = {kServer, 8};
  const Ipv4Address first = Ipv4Address::of(10, 1, 0, 0);
  subnet.pools = {{first, {first.value + clients - 1}}};
  subnet.routers = {kServer};
  subnet.dns_servers = {kServer};
  config.subnets = {subnet};
  if (pools > 0) divide(config, clients, pools);
  Snapshot snapshot;
  Station station;
  station.mac = {{2, 0, 0, 0, 0, 1}};
  station.address = {kServer, 8};
  snapshot.stations = {station};
  const auto catalogue = std::make_shared<const Catalogue>();
  snapshot.catalogue = catalogue;
  snapshot.policy = std::make_shared<const BootPolicy>(config, *catalogue, compiled(config));
  snapshot.subnets = std::make_shared<const Subnets>(config);
  snapshot.config = std::make_shared<const Config>(std::move(config));
  return snapshot;
}

struct Machine {
  std::array<std::uint8_t, 548> message{};
  std::size_t length = 0;
};

class Bench {
 public:
  Bench(std::uint32_t clients, std::uint32_t pools)
      : snapshot_(make_snapshot(clients, pools)),
        engine_(snapshot_, Share{}, 1, booting_),
        machines_(clients),
        order_(clients),
        heads_(kBurst * kHead) {
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    std::shuffle(order_.begin(), order_.end(), std::mt19937(2));
  }

  // What UEFI firmware sends, as far as it matters here.
  void write(DhcpType type, std::uint32_t index) {
    Machine& machine = machines_[index];
    const MacAddress mac = mac_of(index);
    wire::DhcpWriter writer(machine.message, machine.message.size());
    writer.request_of(mac, index);
    writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(type));
    constexpr std::array<std::uint8_t, 35> kList{
        1,  2,  3,  4,  5,  6,  12, 13, 15, 17,  18,  22,  23,  28,  40,  41,  42, 43,
        50, 51, 54, 58, 59, 60, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135};
    writer.option(DhcpOption::parameter_request_list, Bytes{kList});
    std::array<std::uint8_t, 17> identifier{};
    store_be32(&identifier[13], index + 1);
    writer.option(DhcpOption::client_machine_identifier, Bytes{identifier});
    writer.option_u16(DhcpOption::client_architecture, 7);
    writer.option(DhcpOption::vendor_class, "PXEClient:Arch:00007:UNDI:003001");
    if (type == DhcpType::request) {
      writer.option_address(DhcpOption::requested_address, offered_[index]);
      writer.option_address(DhcpOption::server_identifier, kServer);
    }
    machine.length = writer.finish();
  }

  // One message of each machine; cycles per message, the median burst.
  double run(DhcpType type, Outcome expected) {
    std::vector<double> bursts;
    for (std::uint32_t i = 0; i < machines_.size(); ++i) write(type, i);
    for (std::size_t at = 0; at < order_.size(); at += kBurst) {
      const std::size_t end = std::min(at + kBurst, order_.size());
      now_ += 20us;
      replies_.clear();
      events_.clear();
      const Context context{now_, snapshot_, replies_, events_, outbox_, links_};
      // Messages lie where frames have just been received.
      std::array<Request, kBurst> requests;
      for (std::size_t i = at; i < end; ++i) {
        received_[i - at] = machines_[order_[i]];
        requests[i - at] = request_of(received_[i - at]);
      }
      const std::span burst = std::span(requests).first(end - at);
      const std::uint64_t begin = __rdtsc();
      for (const Request& request : burst) engine_.prefetch(request, snapshot_);
      for (const Request& request : burst) engine_.prefetch_lease(request, snapshot_);
      for (const Request& request : burst) {
        if (engine_.handle(request, context) != expected) std::abort();
      }
      bursts.push_back(static_cast<double>(__rdtsc() - begin) / static_cast<double>(end - at));
      for (std::size_t i = at; i < end; ++i) {
        const Reply& reply = replies_.all()[i - at];
        offered_[order_[i]] = Ipv4Address::from(reply.head + 42 + 16);
      }
    }
    const auto middle = bursts.begin() + static_cast<std::ptrdiff_t>(bursts.size() / 2);
    std::nth_element(bursts.begin(), middle, bursts.end());
    return *middle;
  }

  void pass(Nanoseconds time) { now_ += time; }
  [[nodiscard]] std::size_t bytes_per_lease() const {
    return engine_.leases()->memory_bytes() / machines_.size();
  }

 private:
  static Request request_of(const Machine& machine) {
    Request request;
    request.service = Service::dhcp;
    request.link_source = MacAddress::from(&machine.message[28]);
    request.link_destination = MacAddress::broadcast();
    request.destination = Ipv4Address::broadcast();
    request.source_port = wire::kDhcpClientPort;
    request.destination_port = wire::kDhcpServerPort;
    request.body = Bytes{machine.message}.first(machine.length);
    return request;
  }

  Snapshot snapshot_;
  BootingClients booting_{4096, 1};
  DhcpEngine engine_;
  std::vector<Machine> machines_;
  std::array<Machine, kBurst> received_;
  std::vector<Ipv4Address> offered_ = std::vector<Ipv4Address>(machines_.size());
  std::vector<std::uint32_t> order_;
  std::vector<std::uint8_t> heads_;
  std::vector<Reply> slots_ = [this] {
    std::vector<Reply> slots(kBurst);
    for (std::size_t i = 0; i < kBurst; ++i) slots[i] = {&heads_[i * kHead], kHead};
    return slots;
  }();
  Replies replies_{slots_};
  std::vector<Event> event_room_ = std::vector<Event>(4 * kBurst);
  Events events_{event_room_};
  Outbox outbox_{{}};
  LinkState links_;
  Instant now_ = Instant{} + 1s;
};

}  // namespace
}  // namespace reveille

// NOLINTNEXTLINE(bugprone-exception-escape): it ends with what went wrong
int main(int argc, char** argv) {
  using namespace reveille;
  std::vector<std::uint32_t> sizes{1000, 10'000, 100'000, 1'000'000};
  std::uint32_t pools = 0;
  int i = 1;
  if (argc > 2 && std::string_view(argv[1]) == "--pools") {
    constexpr unsigned long kMost = AddressGroups::kPoolsMax;
    pools = static_cast<std::uint32_t>(std::clamp(std::strtoul(argv[2], nullptr, 10), 1UL, kMost));
    i = 3;
  }
  if (i < argc) sizes.clear();
  for (; i < argc; ++i) {
    sizes.push_back(static_cast<std::uint32_t>(
        std::clamp(std::strtoul(argv[i], nullptr, 10), 1UL, 4'000'000UL)));
  }
  (void)std::printf("cycles per message, one worker\n");
  (void)std::printf("%10s %10s %10s %10s %14s\n", "clients", "OFFER", "ACK", "renewal",
                    "bytes/lease");
  for (const std::uint32_t clients : sizes) {
    Bench bench(clients, pools);
    const double offer = bench.run(wire::DhcpType::discover, Outcome::dhcp_offered);
    const double ack = bench.run(wire::DhcpType::request, Outcome::dhcp_acked);
    bench.pass(1800s);
    const double again = bench.run(wire::DhcpType::request, Outcome::dhcp_acked);
    (void)std::printf("%10u %10.0f %10.0f %10.0f %14zu\n", clients, offer, ack, again,
                      bench.bytes_per_lease());
  }
}
