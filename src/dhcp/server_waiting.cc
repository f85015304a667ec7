// When this worker has no address for a client, but another one may.
#include "dhcp/server.h"

namespace reveille {

Outcome DhcpServer::wait(const Exchange& exchange, const Choice& choice) {
  const std::uint16_t subnet = exchange.subnet.index;
  const std::uint16_t group = exchange.group;
  if (choice.kind == Choice::Kind::refused) return no_address(exchange);
  // A repetition of what is waiting already.
  if (parked_.holds(exchange.client)) return Outcome::dhcp_waiting_for_address;

  if (choice.kind == Choice::Kind::elsewhere && parked_.claim_of(choice.address) == nullptr) {
    ParkedRequest* parked =
        parked_.add(exchange.request, exchange.client, subnet, group, exchange.now());
    if (parked != nullptr) {
      parked->claimed = choice.address;
      if (lending_.claim(*parked, exchange.context)) return Outcome::dhcp_waiting_for_address;
      parked_.remove(*parked);
    }
  }
  if (choice.kind == Choice::Kind::elsewhere) {
    // It cannot be claimed, now or at all. Another address is as good to a DISCOVER; to refuse
    // what another worker may well have for this client would be wrong.
    if (exchange.message.type() == wire::DhcpType::request) return no_address(exchange);
    return serve(exchange.request, exchange.message, exchange.subnet, exchange.context, true);
  }
  ParkedRequest* parked =
      parked_.add(exchange.request, exchange.client, subnet, group, exchange.now());
  if (parked == nullptr) return no_address(exchange);
  if (!lending_.ask(group, parked_.count_waiting(group), exchange.context)) {
    parked_.remove(*parked);
    return no_address(exchange);
  }
  return Outcome::dhcp_waiting_for_address;
}

Outcome DhcpServer::no_address(const Exchange& exchange) {
  const Outcome outcome = exchange.plan.pool == kNoPool ? Outcome::dhcp_no_address
                          : exchange.group == kNoGroup  ? Outcome::dhcp_pool_elsewhere
                                                        : Outcome::dhcp_pool_exhausted;
  tell(exchange, EventKind::dhcp_no_address, {}, outcome, exchange.plan.pool_name);
  return outcome;
}

void DhcpServer::receive(const PeerMessage& message, const Context& context) {
  if (message.group >= leases_.groups()) {
    if (message.kind == PeerMessage::Kind::address_given) lending_.give_back(message, context);
    return;
  }
  switch (message.kind) {
    case PeerMessage::Kind::addresses_wanted:
    case PeerMessage::Kind::address_claimed:
      return lending_.answer(message, context);
    case PeerMessage::Kind::address_given:
      return given(message, context);
    case PeerMessage::Kind::address_refused:
      if (message.claim) return claim_refused(message, context);
      if (!lending_.refused(message, parked_.count_waiting(message.group), context)) {
        give_up_waiting(message.group, context);
      }
      return;
    case PeerMessage::Kind::address_answered:
      return probing_.heard_by_peer(message.address, message.mac, context);
  }
}

void DhcpServer::given(const PeerMessage& message, const Context& context) {
  // Its giver may know another configuration.
  const std::uint16_t group = lender_of(message.group, message.address);
  const std::uint32_t lease =
      lending_.take(message, group, !subnets_->is_lent_by(group, message.address), context);
  if (ParkedRequest* parked = parked_.claim_of(message.address)) {
    if (lease == kNoIndex) return give_up(*parked, context);
    return resume(*parked, context);
  }
  serve_waiting(message.group, context);
}

void DhcpServer::claim_refused(const PeerMessage& message, const Context& context) {
  ParkedRequest* parked = parked_.claim_of(message.address);
  if (parked == nullptr || parked->peer != message.from) return;
  ++parked->refusals;
  if (lending_.asked_all(*parked)) return resume(*parked, context);
  // Nobody knows whether the others have it: the client asks again.
  if (!lending_.claim(*parked, context)) give_up(*parked, context);
}

void DhcpServer::serve_waiting(std::uint16_t group, const Context& context) {
  while (leases_.oldest_free(group) != kNoIndex) {
    ParkedRequest* parked = parked_.first_waiting(group);
    if (parked == nullptr) return;
    resume(*parked, context);
  }
  const std::uint16_t waiting = parked_.count_waiting(group);
  if (waiting > 0 && !lending_.ask(group, waiting, context)) give_up_waiting(group, context);
}

// Serves a parked request as if it came now, but claims nothing more for it. It may be parked
// once more, for any address.
void DhcpServer::resume(ParkedRequest& parked, const Context& context) {
  const ParkedRequest copy = parked;
  parked_.remove(parked);
  Request request = copy.request;
  request.body = Bytes{copy.bytes}.first(copy.length);
  const auto message = wire::DhcpView::parse(request.body);
  if (!message) return;
  const std::size_t replies = context.replies.all().size();
  serve(request, *message, subnets_->all()[copy.subnet], context, true);
  // That is what its frame was counted as.
  for (Reply& reply : context.replies.all().subspan(replies)) {
    reply.outcome = Outcome::dhcp_waiting_for_address;
  }
}

void DhcpServer::give_up_waiting(std::uint16_t group, const Context& context) {
  while (ParkedRequest* parked = parked_.first_waiting(group)) give_up(*parked, context);
}

// Of the pool that it waits for an address of; empty: the subnet's own. One that waits for what its
// [[host]] reserves, on a link where the pool of its rule has nothing, waits in no group at all.
std::string_view DhcpServer::pool_name_of(const ParkedRequest& parked,
                                          const Context& context) const {
  if (parked.group == kNoGroup) return {};
  const std::uint16_t pool = subnets_->groups()[parked.group].pool;
  const auto& pools = context.snapshot.config->pools;
  return pool < pools.size() ? std::string_view(pools[pool].name) : std::string_view{};
}

void DhcpServer::give_up(ParkedRequest& parked, const Context& context) {
  parked_.remove(parked);
  Event* event = context.events.add(EventKind::dhcp_no_address, context.now);
  if (event == nullptr) return;
  const std::string_view pool = pool_name_of(parked, context);
  event->outcome = pool.empty() ? Outcome::dhcp_no_address : Outcome::dhcp_pool_exhausted;
  event->set_text(pool);
  const auto message = wire::DhcpView::parse(parked.request.body);
  if (!message) return;
  const Facts facts = facts_of(*message, parked.request.station);
  event->client = facts.mac;
  event->firmware = facts.firmware;
  event->architecture = facts.architecture;
  event->relay = facts.relay;
  event->vlan = context.snapshot.stations[parked.request.station].vlan;
}

}  // namespace reveille
