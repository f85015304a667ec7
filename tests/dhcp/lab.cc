#include "dhcp/lab.h"

#include <algorithm>
#include <stdexcept>

#include <reveille/wire/arp.h>
#include <reveille/wire/icmp.h>

#include "policy/test_policy.h"

namespace reveille::test {
namespace {

constexpr std::uint8_t kUnwritten = 0xa5;  // octets that no reply may show

SubnetConfig subnet(const char* prefix, const char* first, const char* last) {
  SubnetConfig subnet;
  subnet.prefix = *Ipv4Prefix::parse(prefix);
  subnet.pools = {{*Ipv4Address::parse(first), *Ipv4Address::parse(last)}};
  return subnet;
}

Station station(std::uint16_t vlan, Ipv4Address address) {
  Station station;
  station.vlan = vlan;
  station.mac = kServerMac;
  station.address = {address, 24};
  return station;
}

}  // namespace

Config small_config() {
  Config config;
  config.interfaces.push_back({});
  config.interfaces[0].interface = "lab";
  config.interfaces[0].address = Ipv4Prefix{kServer, 24};
  config.interfaces[0].vlans = {{78, {kServerOnVlan, 24}}};
  SubnetConfig lab = subnet("10.77.0.0/24", "10.77.0.10", "10.77.0.19");
  lab.routers = {Ipv4Address::of(10, 77, 0, 254)};
  lab.dns_servers = {Ipv4Address::of(10, 77, 0, 53), Ipv4Address::of(10, 77, 0, 54)};
  lab.domain_name = "lab.example";
  config.subnets = {lab};
  return config;
}

Config campus_config(std::uint32_t size) {
  Config config = small_config();
  config.subnets.push_back(subnet("10.78.0.0/24", "10.78.0.10", "10.78.0.19"));
  config.subnets.push_back(subnet("10.99.0.0/16", "10.99.1.0", "10.99.1.0"));
  config.subnets[2].pools[0].last.value += size - 1;
  return config;
}

wire::DhcpView Sent::view() const {
  const auto parsed = wire::DhcpView::parse(payload());
  if (!parsed) throw std::runtime_error("the reply is no DHCP message");
  return *parsed;
}

std::vector<int> Sent::option_codes() const {
  std::vector<int> codes;
  const Bytes octets = payload();
  for (std::size_t i = 240; i < octets.size() && octets[i] != 255; i += 2U + octets[i + 1]) {
    codes.push_back(octets[i]);
  }
  return codes;
}

const Sent& Heard::reply() const {
  if (replies.size() != 1) {
    throw std::runtime_error(std::to_string(replies.size()) + " replies, outcome " +
                             std::string{info(outcome).name});
  }
  return replies.front();
}

Lab::Lab(Config config, unsigned workers, std::uint64_t seed, const StoredLeases* stored) {
  snapshot_.stations = {station(0, kServer), station(78, kServerOnVlan)};
  snapshot_.config = std::make_shared<const Config>(std::move(config));
  snapshot_.subnets = std::make_shared<const Subnets>(
      *snapshot_.config,
      stored == nullptr ? std::span<const LeaseChange>{} : std::span(stored->leases));
  const auto catalogue = std::make_shared<const Catalogue>();
  snapshot_.catalogue = catalogue;
  snapshot_.policy = test_policy(*snapshot_.config, *catalogue, workers);
  for (unsigned i = 0; i < workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(snapshot_, Share{i, workers}, seed, stored));
  }
  for (auto& buffer : buffers_) buffer.fill(kUnwritten);
  for (std::size_t i = 0; i < kSlots; ++i) {
    slots_[i].head = buffers_[i].data();
    slots_[i].capacity = static_cast<std::uint16_t>(buffers_[i].size());
  }
}

Heard Lab::send(const Message& message) {
  return send(message, octets_of(message));
}

Heard Lab::send(const Message& message, const Octets& octets) {
  const bool relayed = !message.giaddr.is_zero();
  Request request;
  request.service = message.service;
  request.station = message.station;
  request.link_source = message.link_source.value_or(relayed ? kRouterMac : message.mac);
  request.source = message.from.value_or(relayed ? message.giaddr : message.ciaddr);
  const Ipv4Address ours = snapshot_.stations[message.station].address.address;
  request.destination = message.to.value_or(relayed ? ours : Ipv4Address::broadcast());
  request.link_destination = request.destination == ours ? kServerMac : MacAddress::broadcast();
  request.source_port = relayed ? 67 : 68;
  request.destination_port = message.service == Service::boot_server ? 4011 : 67;
  request.body = octets;

  Heard heard;
  Worker& owner = *workers_[owner_of(message.mac, workers())];
  as(owner, heard,
     [&](const Context& context) { heard.outcome = owner.engine.handle(request, context); });
  outcomes_.add(heard.outcome);
  if (!hold_) carry(heard);
  return heard;
}

void Lab::as(Worker& worker, Heard& heard, const std::function<void(const Context&)>& act) {
  Replies replies(std::span<Reply>(slots_).first(reply_limit_));
  Events events(event_storage_);
  const Context context{now_, snapshot_, replies, events, worker.outbox, links_, &worker.clients};
  if (before_ != nullptr) before_();
  act(context);
  if (after_ != nullptr) after_();
  for (const Reply& reply : replies.all()) {
    heard.replies.push_back({Octets(reply.head, reply.head + reply.length),
                             snapshot_.stations[reply.station].vlan != 0});
    std::fill_n(reply.head, reply.length, kUnwritten);
  }
  heard.events.insert(heard.events.end(), events.all().begin(), events.all().end());
  const auto clients = worker.clients.all();
  heard.clients.insert(heard.clients.end(), clients.begin(), clients.end());
  worker.clients.clear();
}

// Round by round, as rings between poll loops would. Bounded: workers must come to rest.
void Lab::carry(Heard& heard) {
  for (int round = 0; round < 200; ++round) {
    std::vector<PeerMessage> under_way;
    for (const auto& worker : workers_) {
      under_way.insert(under_way.end(), worker->outbox.all().begin(), worker->outbox.all().end());
      worker->outbox.clear();
    }
    if (under_way.empty()) return;
    for (const PeerMessage& message : under_way) {
      ++messages_delivered_;
      Worker& to = *workers_.at(message.to);
      as(to, heard, [&](const Context& context) { to.engine.receive(message, context); });
    }
  }
  throw std::runtime_error("the workers do not come to rest");
}

Heard Lab::deliver() {
  Heard heard;
  carry(heard);
  return heard;
}

std::vector<PeerMessage> Lab::tell(unsigned worker, const PeerMessage& message) {
  Heard ignored;
  Worker& to = *workers_.at(worker);
  as(to, ignored, [&](const Context& context) { to.engine.receive(message, context); });
  std::vector<PeerMessage> said(to.outbox.all().begin(), to.outbox.all().end());
  to.outbox.clear();
  return said;
}

Heard Lab::wait(Nanoseconds time) {
  now_ += time;
  Heard heard;
  for (const auto& worker : workers_) {
    as(*worker, heard, [&](const Context& context) { worker->engine.tick(context); });
  }
  if (!hold_) carry(heard);
  return heard;
}

Heard Lab::host_answers(Ipv4Address address, const MacAddress& mac, unsigned worker,
                        std::uint16_t station) {
  std::array<std::uint8_t, wire::kArpLength> body{};
  const Ipv4Address ours = snapshot_.stations[station].address.address;
  wire::write_arp(body.data(), wire::ArpOperation::reply, {mac, address}, {kServerMac, ours});
  Request request;
  request.service = Service::arp;
  request.station = station;
  request.link_source = mac;
  request.link_destination = kServerMac;
  request.body = body;
  return hear_host(request, worker);
}

Heard Lab::echo_answers(Ipv4Address address, Bytes echoed, unsigned worker) {
  std::array<std::uint8_t, 64> body{};
  Request request;
  request.service = Service::icmp_echo_reply;
  request.link_source = kRouterMac;
  request.link_destination = kServerMac;
  request.source = address;
  request.destination = kServer;
  const std::uint8_t* const end = wire::write_echo_reply(body.data(), echoed);
  request.body = Bytes{body.data(), end};
  return hear_host(request, worker);
}

Heard Lab::hear_host(const Request& request, unsigned worker) {
  Heard heard;
  Worker& at = *workers_.at(worker);
  as(at, heard,
     [&](const Context& context) { heard.outcome = at.engine.hear_host(request, context); });
  if (!hold_) carry(heard);
  return heard;
}

LeaseOrderAnswer::Kind Lab::obey(const LeaseOrder& order) {
  auto said = LeaseOrderAnswer::Kind::not_mine;
  for (const auto& worker : workers_) {
    Heard ignored;
    as(*worker, ignored, [&](const Context& context) {
      const auto answer = worker->engine.obey(order, context);
      if (answer != LeaseOrderAnswer::Kind::not_mine) said = answer;
    });
  }
  return said;
}

std::optional<LeaseImport::Answer> Lab::ask_import(const LeaseChange& lease) {
  std::optional said = LeaseImport::Answer::not_mine;
  Heard ignored;
  for (const auto& worker : workers_) {
    as(*worker, ignored, [&](const Context& context) {
      const auto answer = worker->engine.import(lease, context);
      said = said && answer ? std::optional(std::max(*said, *answer)) : std::nullopt;
    });
  }
  if (!hold_) carry(ignored);
  return said;
}

void Lab::change_config(const std::function<void(Config&)>& change,
                        std::span<const Ipv4Address> recorded) {
  Config config = *snapshot_.config;
  change(config);
  snapshot_.config = std::make_shared<const Config>(std::move(config));
  auto subnets = Subnets::after(*snapshot_.subnets, *snapshot_.config, recorded);
  if (!subnets) throw std::runtime_error(subnets.error());
  on_record_.insert(recorded.begin(), recorded.end());
  snapshot_.subnets = std::move(*subnets);
  snapshot_.policy = test_policy(*snapshot_.config, *snapshot_.catalogue, workers());
  ++snapshot_.version;
}

Ipv4Address Lab::lease(const MacAddress& mac, std::vector<Option> options) {
  const Heard offered = send({.mac = mac, .options = options});
  if (offered.replies.size() != 1) return {};
  const Heard acked = send({.type = DhcpType::request,
                            .mac = mac,
                            .requested = offered.reply().yiaddr(),
                            .server = kServer,
                            .options = std::move(options)});
  if (acked.replies.size() != 1 || acked.reply().type() != DhcpType::ack) return {};
  return acked.reply().yiaddr();
}

Ipv4Address Lab::lease_through(Ipv4Address relay, const MacAddress& mac) {
  const Heard offered = send({.mac = mac, .giaddr = relay});
  if (offered.replies.size() != 1) return {};
  const Heard acked = send({.type = DhcpType::request,
                            .mac = mac,
                            .giaddr = relay,
                            .requested = offered.reply().yiaddr(),
                            .server = kServer});
  if (acked.replies.size() != 1 || acked.reply().type() != DhcpType::ack) return {};
  return acked.reply().yiaddr();
}

void Lab::check_leases() const {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
  };
  std::size_t found = 0;
  std::size_t planned = 0;
  snapshot_.subnets->for_each_address({0, 1}, [&](std::uint16_t group, Ipv4Address address, bool) {
    ++planned;
    const std::size_t before = found;
    for (const auto& worker : workers_) {
      const LeaseTable& leases = *worker->engine.leases();
      const std::uint32_t lease = leases.at(address);
      if (lease == kNoIndex) continue;
      ++found;
      const Lease& record = leases[lease];
      require(record.state != LeaseState::vacant, "a vacant record has an address");
      require(record.group == group, "an address counts in another group than its own");
      const bool is_held = record.state == LeaseState::bound || record.state == LeaseState::offered;
      require(!is_held || !record.client.is_nobody(), "nobody holds a lease");
      require(record.client.is_nobody() ||
                  leases.find(record.client, leases.subnet_of(record.group)) == lease,
              "a client has two leases");
    }
    // No worker is told of it before a restart.
    if (found == before && on_record_.contains(address)) --planned;
  });
  require(found == planned, "an address is lost or in two shards");
}

bool Lab::is_booting(const MacAddress& mac) const {
  const Worker& owner = *workers_[owner_of(mac, workers())];
  return owner.booting.is_booting(mac, now_);
}

LeaseTable::Counts Lab::counts(std::uint16_t group) const {
  LeaseTable::Counts sum;
  for (const auto& worker : workers_) {
    const auto& counts = worker->engine.leases()->counts(group);
    sum.addresses += counts.addresses;
    sum.free += counts.free;
    sum.asked += counts.asked;
    sum.silent += counts.silent;
    sum.offered += counts.offered;
    sum.bound += counts.bound;
    sum.declined += counts.declined;
    sum.bootp += counts.bootp;
    sum.foreign_offers += counts.foreign_offers;
  }
  return sum;
}

const Lease* Lab::lease_at(Ipv4Address address) const {
  for (const auto& worker : workers_) {
    const LeaseTable& leases = *worker->engine.leases();
    const std::uint32_t lease = leases.at(address);
    if (lease != kNoIndex) return &leases[lease];
  }
  return nullptr;
}

}  // namespace reveille::test
