#include "dhcp/server.h"

#include <algorithm>
#include <optional>

#include "dhcp/boot_options.h"
#include "dhcp/client_note.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpType;
using wire::RelayOption;

constexpr std::uint32_t kExpiredPerTick = 512;
constexpr std::uint32_t kLeaseSecondsMin = 60;  // what a client may ask for

std::optional<Ipv4Address> relay_address_option(const wire::DhcpView& message, RelayOption code) {
  const auto value = message.relay_option(code);
  if (!value || value->size() != 4) return std::nullopt;
  return Ipv4Address::from(value->data());
}

bool is_host_address(Ipv4Address address) {
  return !address.is_zero() && !address.is_multicast() && !address.is_loopback() &&
         address != Ipv4Address::broadcast();
}

// Option 82 is believed when a relay stands behind it; a client could write one too.
Ipv4Address server_identifier_for(const wire::DhcpView& message, const Station& station) {
  if (!message.giaddr().is_zero()) {
    const auto override_address = relay_address_option(message, RelayOption::server_id_override);
    if (override_address && is_host_address(*override_address)) return *override_address;
  }
  return station.address.address;
}

// An operating system is told what to boot only when it asks.
bool is_told_what_to_boot(const Exchange& exchange) {
  if (exchange.facts.boots() || exchange.message.type() == DhcpType::none) return true;
  if (exchange.facts.architecture != kArchitectureUnknown) return true;
  const auto list = exchange.message.option(DhcpOption::parameter_request_list);
  if (!list) return false;
  constexpr auto kFile = static_cast<std::uint8_t>(DhcpOption::boot_file_name);
  return std::find(list->begin(), list->end(), kFile) != list->end();
}

BootPlan without_file(BootPlan plan) {
  plan.file = {};
  plan.image = nullptr;
  plan.script = false;
  return plan;
}

ClientFacts client_of(const Exchange& exchange, const BootPlan& plan, Ipv4Address address) {
  const Config& config = *exchange.context.snapshot.config;
  return client_facts(exchange.facts, exchange.request, address,
                      next_server_of(config, exchange.station, &plan),
                      exchange.host != nullptr ? std::string_view(exchange.host->host_name) : "");
}

}  // namespace

DhcpServer::DhcpServer(const Config& config, std::shared_ptr<const Subnets> subnets, Share share,
                       std::uint64_t seed, BootingClients& booting, Decisions& decisions,
                       const StoredLeases* stored)
    : identity_(config.dhcp.identity),
      share_(share),
      seed_(stored == nullptr ? seed : stored->key_seed),
      first_subnets_(std::move(subnets)),
      subnets_(first_subnets_.get()),
      leases_(*subnets_, share, seed,
              stored == nullptr ? std::span<const LeaseChange>{} : stored->leases),
      lending_(leases_, share, config.dhcp.offer_time),
      probing_(leases_, subnets_->all().size(), share, seed),
      booting_(&booting),
      decisions_(&decisions) {}

void DhcpServer::prefetch(const MacAddress& client, Ipv4Address giaddr,
                          const Station& station) const {
  if (const Subnet* subnet = subnet_at(giaddr, station)) {
    leases_.prefetch(ethernet_key_of(client), subnet->index);
  }
}

void DhcpServer::prefetch_lease(const MacAddress& client, Ipv4Address giaddr,
                                const Station& station) const {
  if (const Subnet* subnet = subnet_at(giaddr, station)) {
    leases_.prefetch_lease(ethernet_key_of(client), subnet->index);
  }
}

const Subnet* DhcpServer::subnet_of(const Request& request, const wire::DhcpView& message,
                                    const Context& context) const {
  if (const Ipv4Address giaddr = message.giaddr(); !giaddr.is_zero()) {
    const auto link = relay_address_option(message, RelayOption::link_selection);  // RFC 3527
    return subnets_->of_relay(link.value_or(giaddr));
  }
  const Ipv4Address here = context.snapshot.stations[request.station].address.address;
  // Sent to us alone, perhaps through a router: the client's address tells its subnet.
  if (!message.ciaddr().is_zero() && request.destination == here) {
    return subnets_->containing(message.ciaddr());
  }
  return subnets_->containing(here);
}

// Always inside the subnet: relays may have addresses elsewhere.
Facts DhcpServer::facts(const Request& request, const wire::DhcpView& message, const Subnet& subnet,
                        const Context& context) {
  Facts facts = facts_at(message, request.station, context.snapshot.stations[request.station]);
  if (!subnet.config.prefix.contains(facts.link)) facts.link = subnet.config.prefix.network();
  return facts;
}

const HostConfig* DhcpServer::host_of(const wire::DhcpView& message, const Facts& facts) const {
  return subnets_->host(message.hlen() == 6 ? &facts.mac : nullptr,
                        facts.uuid ? &*facts.uuid : nullptr, facts.client_id);
}

Outcome DhcpServer::handle(const Request& request, const wire::DhcpView& message,
                           const Subnet& subnet, const Context& context) {
  if (!message.giaddr().is_zero()) {
    probing_.saw_relay(subnet.index, request.station, request.link_source);
  }
  return serve(request, message, subnet, context, false);
}

// Asked by ARP are the machines on a subnet's own link, and nobody else.
bool DhcpServer::hear_arp(const wire::ArpHost& host, std::uint16_t station,
                          const Context& context) {
  const Subnet* const subnet = subnets_->leasing(host.address);
  const Ipv4Address here = context.snapshot.stations[station].address.address;
  if (subnet == nullptr || subnets_->containing(here) != subnet) return false;
  probing_.heard(host.address, host.mac, context);
  return true;
}

// A router stands between: the frame's MAC address is its own.
bool DhcpServer::hear_echo(Ipv4Address address, std::uint32_t mark, const Context& context) {
  if (mark != probing_.echo_mark(address) || subnets_->leasing(address) == nullptr) return false;
  probing_.heard(address, {}, context);
  return true;
}

Outcome DhcpServer::serve(const Request& request, const wire::DhcpView& message,
                          const Subnet& subnet, const Context& context, bool peers_asked) {
  const auto client = client_key_of(message, identity_, seed_);
  if (!client) return Outcome::dhcp_malformed;
  const Station& station = context.snapshot.stations[request.station];
  const Facts facts = DhcpServer::facts(request, message, subnet, context);
  const BootPolicy* const policy = context.snapshot.policy.get();
  Exchange exchange{.request = request,
                    .message = message,
                    .context = context,
                    .station = station,
                    .subnet = subnet,
                    .facts = facts,
                    .client = *client,
                    .host = host_of(message, facts),
                    .plan = policy != nullptr ? decisions_->plan(*policy, facts) : BootPlan{},
                    .server_identifier = server_identifier_for(message, station),
                    .peers_asked = peers_asked};
  exchange.group = subnets_->group_of(subnet, exchange.plan.pool);
  return dispatch(exchange);
}

Outcome DhcpServer::dispatch(const Exchange& exchange) {
  if (exchange.plan.answer != RuleAnswer::serve) return turn_away(exchange);
  switch (exchange.message.type()) {
    case DhcpType::none:
      // A message type of 0 does not make it BOOTP.
      if (exchange.message.has(DhcpOption::message_type)) break;
      return bootp(exchange);
    case DhcpType::discover:
      return discover(exchange);
    case DhcpType::request:
      return request(exchange);
    case DhcpType::decline:
      return decline(exchange);
    case DhcpType::release:
      return release(exchange);
    case DhcpType::inform:
      return inform(exchange);
    case DhcpType::offer:
    case DhcpType::ack:
    case DhcpType::nak:
      break;
  }
  return Outcome::dhcp_not_requested;
}

void DhcpServer::tick(const Context& context) {
  leases_.expire(context.now, kExpiredPerTick, context.journal);
  lending_.tick(
      context, [this](std::uint16_t group) { return parked_.count_waiting(group); },
      [&](std::uint16_t group) { give_up_waiting(group, context); });
  probing_.tick(*subnets_, context);
  lay_out_additions();
  review_leases();
  // Whoever is still parked after a second has asked again, or will.
  while (ParkedRequest* late = parked_.older_than(context.now - 1s)) give_up(*late, context);
}

bool DhcpServer::can_record(const Context& context) {
  return context.journal == nullptr || context.journal->room() >= LeaseTable::kRecordsMax;
}

bool DhcpServer::is_own(const Exchange& exchange, Ipv4Address server) const {
  if (server == exchange.server_identifier) return true;
  const auto& stations = exchange.context.snapshot.stations;
  return std::any_of(stations.begin(), stations.end(),
                     [&](const Station& station) { return station.address.address == server; });
}

std::uint32_t DhcpServer::lease_seconds(const Exchange& exchange) const {
  const std::uint32_t of_rule = exchange.plan.lease_seconds;
  const std::uint32_t most = of_rule != 0 ? of_rule : exchange.subnet.lease_seconds;
  const auto asked = exchange.message.option_u32(DhcpOption::lease_time);
  return asked ? std::min(std::max(*asked, kLeaseSecondsMin), most) : most;
}

Outcome DhcpServer::answer(const Exchange& exchange, ServerReply reply, const Promise& promise,
                           EventKind kind, Outcome outcome) {
  LeaseJournal* const journal = exchange.context.journal;
  const bool is_change = promise.kind == Promise::Kind::changed;
  if (is_change && !can_record(exchange.context)) {
    return Outcome::lease_store_full;
  }
  Reply* slot = exchange.context.replies.take();
  if (slot == nullptr) return Outcome::reply_buffers_exhausted;
  const Ipv4Address client_address =
      reply.yiaddr.is_zero() ? exchange.message.ciaddr() : reply.yiaddr;
  BootPlan plan = is_told_what_to_boot(exchange) ? exchange.plan : without_file(exchange.plan);
  const bool may_read = exchange.facts.boots() || !plan.file.empty();
  const ClientFacts client = may_read ? client_of(exchange, plan, client_address) : ClientFacts{};
  if (!plan.file.empty()) plan.image = served_image(plan, client, exchange.context);
  reply.plan = &plan;
  forms_.follow(exchange.context.snapshot);
  if (!write_server_reply(*slot, exchange, reply, forms_)) {
    exchange.context.replies.give_back();
    return Outcome::dhcp_reply_too_long;
  }
  if (is_change) slot->ticket = leases_.commit(promise.lease, promise.change, journal);
  // What is on record may still be on its way to the disk.
  const bool is_on_record = promise.kind == Promise::Kind::on_record;
  if (is_on_record && journal != nullptr) slot->ticket = journal->last();
  slot->outcome = outcome;
  // It reads nothing before its ACK; but news for another worker is not to be late.
  const bool is_early = reply.type == DhcpType::offer && share_.count == 1;
  if (may_read && !is_early) note_client(client, exchange.context);
  if (exchange.facts.boots()) {
    booting_->saw(exchange.facts.mac, exchange.now());
    if (!plan.boots(exchange.facts.ipxe)) {
      tell(exchange, EventKind::boot_file_unknown, client_address, outcome, {});
    }
  }
  tell(exchange, kind, client_address, outcome, plan.file);
  return outcome;
}

void DhcpServer::tell(const Exchange& exchange, EventKind kind, Ipv4Address address,
                      Outcome outcome, std::string_view text) const {
  Event* event = exchange.context.events.add(kind, exchange.now());
  if (event == nullptr) return;
  event->firmware = exchange.facts.firmware;
  event->outcome = outcome;
  event->architecture = exchange.facts.architecture;
  event->vlan = exchange.station.vlan;
  event->client = exchange.facts.mac;
  event->address = address;
  event->relay = exchange.message.giaddr();
  event->set_text(text);
}

}  // namespace reveille
