// DECLINE (RFC 2131 4.3.3), RELEASE (4.3.4) and INFORM (4.3.5). The first two are believed only
// from the client that has the lease: anybody can send them. And those whom a rule turns away,
// and what an operator says.
#include <algorithm>

#include "dhcp/server.h"

namespace reveille {

using wire::DhcpOption;

Outcome DhcpServer::decline(const Exchange& exchange) {
  const auto server = exchange.message.option_address(DhcpOption::server_identifier);
  if (server && !is_own(exchange, *server)) return Outcome::dhcp_other_server;
  const auto address = exchange.message.option_address(DhcpOption::requested_address);
  const std::uint32_t lease = leases_.find(exchange.client, exchange.subnet.index);
  if (!address || lease == kNoIndex || leases_[lease].address != *address ||
      leases_[lease].state == LeaseState::free) {
    return Outcome::dhcp_decline_unknown;
  }
  if (!can_record(exchange.context)) return Outcome::lease_store_full;
  // A hostile client must not set a pool aside: beyond a quarter of it a declined address
  // only goes to the end of the line.
  const auto& counts = leases_.counts(leases_[lease].group);
  const bool set_aside = counts.declined < counts.part(4);
  // Nobody's from now on: whoever declined it shall not get it back.
  leases_.commit(lease,
                 {.kind = set_aside ? LeaseChange::Kind::declined : LeaseChange::Kind::released,
                  .subnet = exchange.subnet.index,
                  .address = *address,
                  .until = exchange.now() + exchange.config().decline_time,
                  .mac = exchange.facts.mac},
                 exchange.context.journal);
  tell(exchange, EventKind::dhcp_declined, *address, Outcome::dhcp_declined, {});
  return Outcome::dhcp_declined;
}

Outcome DhcpServer::release(const Exchange& exchange) {
  const auto server = exchange.message.option_address(DhcpOption::server_identifier);
  if (server && !is_own(exchange, *server)) return Outcome::dhcp_other_server;
  const Ipv4Address address = exchange.message.ciaddr();
  const std::uint32_t lease = leases_.find(exchange.client, exchange.subnet.index);
  if (lease == kNoIndex || leases_[lease].address != address ||
      leases_[lease].state != LeaseState::bound) {
    return Outcome::dhcp_release_unknown;
  }
  if (!can_record(exchange.context)) return Outcome::lease_store_full;
  leases_.commit(lease,
                 {.kind = LeaseChange::Kind::released,
                  .subnet = exchange.subnet.index,
                  .address = address,
                  .client = exchange.client,
                  .until = exchange.now(),
                  .mac = exchange.facts.mac},
                 exchange.context.journal);
  tell(exchange, EventKind::dhcp_released, address, Outcome::dhcp_released, {});
  return Outcome::dhcp_released;
}

// Whoever has the address is not told: its next renewal finds that it has it no more.
LeaseOrderAnswer::Kind DhcpServer::obey(const LeaseOrder& order, const Context& context) {
  using Kind = LeaseOrderAnswer::Kind;
  if (context.now > order.until) return Kind::too_late;
  const std::uint32_t lease = leases_.at(order.address);
  if (lease == kNoIndex) return is_laid_out() ? Kind::not_mine : Kind::busy;
  if (!can_record(context)) return Kind::busy;
  const Lease record = leases_[lease];
  const bool is_release = order.kind == LeaseOrder::Kind::release;
  const bool is_reserved = record.state == LeaseState::declined && record.until == Instant::max();
  if (is_release ? record.state == LeaseState::free : is_reserved) return Kind::as_it_was;
  LeaseChange change{.kind = LeaseChange::Kind::reserved,
                     .subnet = leases_.subnet_of(record.group),
                     .address = record.address,
                     .until = Instant::max()};
  if (is_release) {
    change.kind = LeaseChange::Kind::released;
    change.client = record.client;
    change.until = context.now;
    change.mac = record.mac;
  }
  leases_.commit(lease, change, context.journal);
  return Kind::done;
}

// The client has an address from elsewhere and wants the rest: no yiaddr, no lease time.
Outcome DhcpServer::inform(const Exchange& exchange) {
  if (exchange.message.ciaddr().is_zero() && exchange.request.source.is_zero()) {
    return Outcome::dhcp_request_incomplete;
  }
  return answer(exchange, {wire::DhcpType::ack}, {}, EventKind::dhcp_informed,
                Outcome::dhcp_informed);
}

// What a client gives back is welcome from everyone. There is no refusal but the NAK, and that is
// for REQUESTs: all else of a denied client is met with silence, and told.
Outcome DhcpServer::turn_away(const Exchange& exchange) {
  using wire::DhcpType;
  if (exchange.message.type() == DhcpType::release) return release(exchange);
  if (exchange.message.type() == DhcpType::decline) return decline(exchange);
  if (exchange.plan.answer == RuleAnswer::ignore) return Outcome::dhcp_ignored;
  const auto server = exchange.message.option_address(DhcpOption::server_identifier);
  if (exchange.message.type() == DhcpType::request) {
    if (server && !is_own(exchange, *server)) return Outcome::dhcp_other_server;
    const auto address = exchange.message.option_address(DhcpOption::requested_address);
    return refuse(exchange, address.value_or(exchange.message.ciaddr()), Outcome::dhcp_denied,
                  "not served here");
  }
  const Rules& rules = *exchange.context.snapshot.policy->rules();
  tell(exchange, EventKind::dhcp_denied, {}, Outcome::dhcp_denied,
       rules.all()[exchange.plan.rule].name);
  return Outcome::dhcp_denied;
}

}  // namespace reveille
