#include "dhcp/engine.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <reveille/wire/arp.h>
#include <reveille/wire/dhcp.h>
#include <reveille/wire/icmp.h>

#include "dhcp/proxy.h"
#include "dhcp/server.h"
#include "dhcp/subnets.h"
#include "packet/booting_clients.h"
#include "policy/decisions.h"
#include "policy/facts.h"
#include "relay/copy_table.h"

namespace reveille {
namespace {

using wire::DhcpOp;
using wire::DhcpOption;
using wire::DhcpView;

constexpr std::uint8_t kEthernet = 1;

// Who asks, and how, as far as it stands at fixed places. Good enough to fetch memory by: nothing
// has been checked but the length, and the message type is an option, though always the first.
struct Glimpse {
  static constexpr std::size_t kLength = wire::kDhcpOptionsOffset + 3;
  static bool possible(const Request& request) { return request.body.size() >= kLength; }

  explicit Glimpse(const Request& request)
      : mac(MacAddress::from(&request.body[28])),
        giaddr(Ipv4Address::from(&request.body[24])),
        copy{mac.number(), load_be32(&request.body[4]), load_be16(&request.body[8]),
             request.body[wire::kDhcpOptionsOffset + 2], request.service} {}

  MacAddress mac;
  Ipv4Address giaddr;
  CopyKey copy;
};

// What no server may answer, whatever is asked.
std::optional<Outcome> refusal_of(const DhcpView& message, const Context& context) {
  if (message.op() == DhcpOp::reply) return Outcome::dhcp_reply_received;
  if (message.htype() == kEthernet && message.hlen() != 6) return Outcome::dhcp_malformed;
  if (message.hlen() == 6 && (message.chaddr().is_zero() || message.chaddr().is_group())) {
    return Outcome::dhcp_malformed;
  }
  if (const auto id = message.option(DhcpOption::client_identifier); id && id->empty()) {
    return Outcome::dhcp_bad_options;
  }
  if (message.hops() > context.snapshot.config->dhcp.hops_max) return Outcome::dhcp_hops_exceeded;
  const Ipv4Address giaddr = message.giaddr();
  const auto& stations = context.snapshot.stations;
  const bool ours = std::any_of(stations.begin(), stations.end(), [&](const Station& station) {
    return station.address.address == giaddr;
  });
  if (ours) return Outcome::dhcp_giaddr_ours;
  return std::nullopt;
}

void tell_no_subnet(const Request& request, const DhcpView& message, const Context& context) {
  Event* event = context.events.add(EventKind::dhcp_no_subnet, context.now);
  if (event == nullptr) return;
  const Facts facts = facts_of(message, request.station);
  event->outcome = Outcome::dhcp_no_subnet;
  event->firmware = facts.firmware;
  event->architecture = facts.architecture;
  event->vlan = context.snapshot.stations[request.station].vlan;
  event->client = facts.mac;
  event->relay = facts.relay;
}

// Who answered our ARP request.
std::optional<wire::ArpHost> host_of_arp(const Request& request, const Context& context) {
  const auto arp = wire::ArpView::parse(request.body);
  const Station& station = context.snapshot.stations[request.station];
  const bool is_answer = arp && arp->operation() == wire::ArpOperation::reply &&
                         arp->target_mac() == station.mac && arp->sender_mac() != station.mac;
  if (!is_answer) return std::nullopt;
  return wire::ArpHost{arp->sender_mac(), arp->sender_address()};
}

// Identifier and sequence number of an echo reply.
std::optional<std::uint32_t> echo_mark_of(const Request& request) {
  const auto echo = wire::IcmpView::parse(request.body);
  if (!echo) return std::nullopt;
  return load_be32(echo->echoed().data());
}

}  // namespace

struct DhcpEngine::State {
  State(const Snapshot& first, Share share, std::uint64_t seed, BootingClients& booting_clients,
        const StoredLeases* stored)
      : decisions(share.index, seed),
        copies(first.config->relay.entries, first.config->relay.window, seed),
        booting(booting_clients) {
    if (first.config->dhcp.mode != DhcpMode::server) return;
    auto subnets = first.subnets ? first.subnets : std::make_shared<const Subnets>(*first.config);
    server.emplace(*first.config, std::move(subnets), share, seed, booting, decisions, stored);
  }

  void follow(const Snapshot& snapshot) {
    if (server && snapshot.subnets) server->follow(snapshot);
  }

  // Scope first: whoever calls this is going to answer the request otherwise.
  bool is_copy(const Request& request, const DhcpView& message, const Context& context) {
    if (!context.snapshot.config->relay.drop_copies) return false;
    const RelayPath path = relay_path_of(request, message);
    const auto seen = copies.note(copy_key_of(request, message), path, context.now);
    if (seen.kind != CopyTable::Kind::copy) return false;
    const RelayPairs::Pair pair = RelayPairs::pair_of(seen.first_path, path);
    const std::uint64_t count = pairs.count(pair);
    // An operator needs the news, not each copy of a storm.
    if (!std::has_single_bit(count)) return true;
    if (Event* event = context.events.add(EventKind::dhcp_relay_copy, context.now)) {
      event->outcome = Outcome::dhcp_relay_copy;
      event->vlan = context.snapshot.stations[request.station].vlan;
      event->client = message.chaddr();
      event->address = pair.first;
      event->relay = pair.second;
      event->bytes = count;
    }
    return true;
  }

  Outcome answer_without_lease(const Request& request, const DhcpView& message,
                               const Context& context) {
    if (is_copy(request, message, context)) return Outcome::dhcp_relay_copy;
    const Outcome outcome = request.service == Service::boot_server
                                ? answer_boot_server(request, message, context, decisions)
                                : answer_proxy(request, message, context, decisions);
    const bool boots = outcome == Outcome::proxy_offered || outcome == Outcome::boot_server_acked;
    if (boots) booting.saw(message.chaddr(), context.now);
    return outcome;
  }

  Decisions decisions;
  CopyTable copies;
  RelayPairs pairs;
  std::optional<DhcpServer> server;
  BootingClients& booting;
};

DhcpEngine::DhcpEngine(const Snapshot& first, Share share, std::uint64_t seed,
                       BootingClients& booting, const StoredLeases* stored)
    : state_(std::make_unique<State>(first, share, seed, booting, stored)) {}
DhcpEngine::~DhcpEngine() = default;

Outcome DhcpEngine::handle(const Request& request, const Context& context) {
  const DhcpMode mode = context.snapshot.config->dhcp.mode;
  const auto parsed = DhcpView::parse(request.body);
  if (!parsed) return parsed.refusal();
  const DhcpView& message = *parsed;
  state_->follow(context.snapshot);
  if (mode == DhcpMode::off) return Outcome::dhcp_disabled;
  if (const auto refusal = refusal_of(message, context)) return *refusal;

  if (request.service == Service::boot_server || !state_->server) {
    return state_->answer_without_lease(request, message, context);
  }
  const Subnet* subnet = state_->server->subnet_of(request, message, context);
  if (subnet == nullptr) {
    tell_no_subnet(request, message, context);
    return Outcome::dhcp_no_subnet;
  }
  if (state_->is_copy(request, message, context)) return Outcome::dhcp_relay_copy;
  return state_->server->handle(request, message, *subnet, context);
}

void DhcpEngine::prefetch(const Request& request, const Snapshot& snapshot) const {
  if (!Glimpse::possible(request)) return;
  state_->follow(snapshot);
  const Glimpse glimpse{request};
  state_->copies.prefetch(glimpse.copy);
  state_->booting.prefetch(glimpse.mac);
  state_->decisions.prefetch(glimpse.mac);
  if (state_->server)
    state_->server->prefetch(glimpse.mac, glimpse.giaddr, snapshot.stations[request.station]);
}

void DhcpEngine::prefetch_lease(const Request& request, const Snapshot& snapshot) const {
  if (!Glimpse::possible(request)) return;
  const Glimpse glimpse{request};
  state_->booting.prefetch_entry(glimpse.mac);
  if (!state_->server) return;
  state_->follow(snapshot);
  state_->server->prefetch_lease(glimpse.mac, glimpse.giaddr, snapshot.stations[request.station]);
}

std::optional<DhcpEngine::Considered> DhcpEngine::consider(const Request& request,
                                                           const DhcpView& message,
                                                           const Context& context) const {
  const Snapshot& snapshot = context.snapshot;
  state_->follow(snapshot);
  const bool is_off = snapshot.config->dhcp.mode == DhcpMode::off;
  if (is_off || refusal_of(message, context)) return std::nullopt;
  if (request.service == Service::boot_server || !state_->server) {
    return Considered{proxy_facts(request, message, snapshot)};
  }
  const Subnet* subnet = state_->server->subnet_of(request, message, context);
  if (subnet == nullptr) return std::nullopt;
  const Facts facts = DhcpServer::facts(request, message, *subnet, context);
  return Considered{facts, state_->server->host_of(message, facts), subnet};
}

Outcome DhcpEngine::hear_host(const Request& request, const Context& context) {
  state_->follow(context.snapshot);
  std::optional<DhcpServer>& server = state_->server;
  if (request.service == Service::arp) {
    const auto host = host_of_arp(request, context);
    const bool is_known = host && server && server->hear_arp(*host, request.station, context);
    return is_known ? Outcome::probe_answered : Outcome::arp_other;
  }
  const auto mark = echo_mark_of(request);
  const bool is_known = mark && server && server->hear_echo(request.source, *mark, context);
  return is_known ? Outcome::probe_answered : Outcome::icmp_other;
}

LeaseOrderAnswer::Kind DhcpEngine::obey(const LeaseOrder& order, const Context& context) {
  state_->follow(context.snapshot);
  return state_->server ? state_->server->obey(order, context) : LeaseOrderAnswer::Kind::not_mine;
}

std::optional<LeaseImport::Answer> DhcpEngine::import(const LeaseChange& lease,
                                                      const Context& context) {
  state_->follow(context.snapshot);
  if (!state_->server) return LeaseImport::Answer::not_mine;
  return state_->server->import(lease, context);
}

void DhcpEngine::receive(const PeerMessage& message, const Context& context) {
  state_->follow(context.snapshot);
  if (state_->server) state_->server->receive(message, context);
}

void DhcpEngine::tick(const Context& context) {
  state_->follow(context.snapshot);
  if (state_->server) state_->server->tick(context);
}

const RelayPairs& DhcpEngine::relay_pairs() const {
  return state_->pairs;
}

const LeaseTable* DhcpEngine::leases() const {
  return state_->server ? &state_->server->leases() : nullptr;
}

}  // namespace reveille
