// Which address a client gets: RFC 2131 4.3.1, with reservations before everything.
#include <algorithm>

#include "dhcp/server.h"

namespace reveille {
namespace {

// Of a subnet's addresses in this shard; clients that share a limit may have these together.
constexpr std::uint32_t quarter_of(std::uint32_t addresses) {
  return std::max<std::uint32_t>(1, addresses / 4);
}

}  // namespace

// Free, or held for this client, or held for somebody whose time is over, or used by this very
// client without a lease.
bool DhcpServer::is_available(const Exchange& exchange, std::uint32_t lease) const {
  const Lease& record = leases_[lease];
  switch (record.state) {
    case LeaseState::free:
      return true;
    case LeaseState::offered:
      return record.client == exchange.client || record.until <= exchange.now();
    case LeaseState::bound:
      return record.client == exchange.client;
    case LeaseState::declined:
      return record.conflict && !record.mac.is_zero() && record.mac == exchange.facts.mac;
    case LeaseState::vacant:
      return false;
  }
  return false;
}

DhcpServer::Choice DhcpServer::choose(const Exchange& exchange) {
  if (const auto reserved = exchange.reservation()) {
    const std::uint32_t lease = leases_.at(*reserved);
    if (lease != kNoIndex && is_available(exchange, lease)) {
      return {Choice::Kind::found, lease, *reserved};
    }
    if (lease == kNoIndex && !exchange.peers_asked) {
      return {Choice::Kind::elsewhere, kNoIndex, *reserved};
    }
    // Somebody else has it: a second interface of the same machine, or its rightful owner was
    // declined. An address of the pool is better than none.
  }
  // A machine keeps its address as long as it can, whatever it asks for.
  const std::uint32_t own = leases_.find(exchange.client, exchange.subnet.index);
  if (own != kNoIndex) return {Choice::Kind::found, own, leases_[own].address};

  const auto& counts = leases_.counts(exchange.subnet.index);
  if (exchange.is_foreign() && counts.foreign_offers >= quarter_of(counts.addresses)) {
    return {Choice::Kind::refused};
  }
  const bool is_bootp = exchange.message.type() == wire::DhcpType::none;
  if (is_bootp && counts.bootp >= quarter_of(counts.addresses)) return {Choice::Kind::refused};

  if (const auto asked = exchange.message.option_address(wire::DhcpOption::requested_address)) {
    const Choice requested = choose_requested(exchange, *asked);
    if (requested.kind != Choice::Kind::none) return requested;
  }
  return choose_free(exchange);
}

DhcpServer::Choice DhcpServer::choose_requested(const Exchange& exchange, Ipv4Address address) {
  if (!subnets_->is_in_pool(exchange.subnet, address) || subnets_->is_reserved(address)) return {};
  const std::uint32_t lease = leases_.at(address);
  if (lease == kNoIndex) {
    if (exchange.peers_asked) return {};
    return {Choice::Kind::elsewhere, kNoIndex, address};
  }
  if (!is_available(exchange, lease)) return {};
  return {Choice::Kind::found, lease, address};
}

DhcpServer::Choice DhcpServer::choose_free(const Exchange& exchange) {
  const std::uint16_t subnet = exchange.subnet.index;
  std::uint32_t lease = leases_.oldest_free(subnet);
  if (lease == kNoIndex &&
      reclaim_offer(leases_, subnet, exchange.now(), exchange.config().offer_time)) {
    lease = leases_.oldest_free(subnet);
  }
  if (lease == kNoIndex) return {};
  return {Choice::Kind::found, lease, leases_[lease].address};
}

}  // namespace reveille
