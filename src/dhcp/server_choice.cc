// Which address a client gets: RFC 2131 4.3.1, with reservations before everything.
#include <algorithm>

#include "dhcp/server.h"

namespace reveille {
namespace {

constexpr int kLooksMax = 16;  // at the line of free addresses, for one that a client may have
constexpr std::uint32_t kReviewsPerTick = 256;

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

// By the configuration and the client's rule as they are now: a reload or a restart may have taken
// from the pools what leases still remember, and another rule may name another pool.
bool DhcpServer::may_have(const Exchange& exchange, Ipv4Address address) const {
  if (exchange.reservation() == address) return subnets_->leasing(address) != nullptr;
  return exchange.group != kNoGroup && subnets_->is_lent_by(exchange.group, address);
}

// `own` is what the client has or had here. No lease is extended once its address is reserved for
// somebody else, taken from the pools, or of another pool than the client's rule names: its holder
// is sent to look for another one, and until it has that, or its time is over, nobody else is given
// the address.
//
// The firmware of a machine says its UUID and its system does not: who has a lease is the owner of
// its reservation unless it shows that it is not.
bool DhcpServer::may_keep(const Exchange& exchange, std::uint32_t own) const {
  const Lease& record = leases_[own];
  if (may_have(exchange, record.address)) return true;
  const HostConfig* const owner = subnets_->reserved_for(record.address);
  if (record.state != LeaseState::bound || owner == nullptr || owner->mac) return false;
  return !(owner->uuid && exchange.facts.uuid && *owner->uuid != *exchange.facts.uuid) &&
         subnets_->leasing(record.address) != nullptr;
}

// `own` is what the client had before, or kNoIndex. Only what counts against a limit already goes
// on past it: whoever invents clients could have each of them remembered here first, or get it an
// offer from another pool.
bool DhcpServer::is_over_limit(const Exchange& exchange, std::uint32_t own) const {
  const LeaseTable::Counts& counts = leases_.counts(exchange.group);
  const std::uint32_t most = counts.part(4);  // those who share a limit may have that together
  const bool counts_here = own != kNoIndex && leases_[own].group == exchange.group;
  const Lease record = counts_here ? leases_[own] : Lease{};
  const bool is_bound = record.state == LeaseState::bound;
  const bool is_bootp = exchange.message.type() == wire::DhcpType::none;
  if (is_bootp && !(is_bound && record.bootp) && counts.bootp >= most) return true;
  const bool holds_offer = record.state == LeaseState::offered && record.foreign;
  return exchange.is_foreign() && !is_bound && !holds_offer && counts.foreign_offers >= most;
}

DhcpServer::Choice DhcpServer::choose(const Exchange& exchange) {
  if (const auto reserved = exchange.reservation(); reserved && may_have(exchange, *reserved)) {
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
  if (exchange.group == kNoGroup) return {Choice::Kind::refused};
  // A machine keeps its address as long as it can, whatever it asks for.
  const std::uint32_t own = leases_.find(exchange.client, exchange.subnet.index);
  if (is_over_limit(exchange, own)) return {Choice::Kind::refused};
  if (own != kNoIndex && may_keep(exchange, own)) {
    return {Choice::Kind::found, own, leases_[own].address};
  }

  if (const auto asked = exchange.message.option_address(wire::DhcpOption::requested_address)) {
    const Choice requested = choose_requested(exchange, *asked);
    if (requested.kind != Choice::Kind::none) return requested;
  }
  return choose_free(exchange);
}

DhcpServer::Choice DhcpServer::choose_requested(const Exchange& exchange, Ipv4Address address) {
  if (!may_have(exchange, address)) return {};
  const std::uint32_t lease = leases_.at(address);
  if (lease == kNoIndex) {
    if (exchange.peers_asked) return {};
    return {Choice::Kind::elsewhere, kNoIndex, address};
  }
  if (!is_available(exchange, lease)) return {};
  return {Choice::Kind::found, lease, address};
}

DhcpServer::Choice DhcpServer::choose_free(const Exchange& exchange) {
  const std::uint16_t group = exchange.group;
  for (int looks = 0; looks < kLooksMax; ++looks) {
    const std::uint32_t lease = leases_.oldest_free(group);
    if (lease == kNoIndex) {
      if (!reclaim_offer(leases_, group, exchange.now(), exchange.config().offer_time)) return {};
    } else if (may_have(exchange, leases_[lease].address)) {
      return {Choice::Kind::found, lease, leases_[lease].address};
    } else {
      leases_.set_reserved(lease, true);
    }
  }
  return {};
}

void DhcpServer::follow(const Snapshot& snapshot) {
  if (subnets_ == snapshot.subnets.get() && version_ == snapshot.version) return;
  subnets_ = snapshot.subnets.get();
  version_ = snapshot.version;
  leases_.follow(subnets_->groups());
  to_review_ = leases_.records();
}

// Who lends the address now; nobody: as before.
std::uint16_t DhcpServer::lender_of(std::uint16_t group, Ipv4Address address) const {
  const std::uint16_t lender = subnets_->lender_of(leases_.subnet_of(group), address);
  return lender == kNoGroup ? group : lender;
}

// Dealt out by the address alone, so that all workers agree whichever configuration they saw last.
void DhcpServer::lay_out_additions() {
  const auto& additions = subnets_->plan().additions();
  for (std::uint32_t i = 0; i < kReviewsPerTick && additions_ < additions.size(); ++i) {
    const PlannedRange& range = additions[additions_];
    const Ipv4Address address{range.first.value + laid_out_++};
    if (address == range.last) {
      ++additions_;
      laid_out_ = 0;
    }
    if (address.value % share_.count != share_.index) continue;
    const std::uint16_t group = lender_of(range.subnet, address);
    leases_.lay_out(group, address, !subnets_->is_lent_by(group, address));
    lending_.note_size(group);
  }
}

// All of them at once would keep a worker from its packets for too long. Until it is through,
// the looks of choose_free() see to it that nobody gets what he may not have.
void DhcpServer::review_leases() {
  for (std::uint32_t i = 0; i < kReviewsPerTick && to_review_ > 0; ++i, --to_review_) {
    last_review_ = last_review_ + 1 < leases_.records() ? last_review_ + 1 : 0;
    const Lease& record = leases_[last_review_];
    if (record.state == LeaseState::vacant) continue;
    const std::uint16_t before = record.group;
    if (const std::uint16_t group = lender_of(before, record.address); group != before) {
      leases_.regroup(last_review_, group);
      lending_.note_size(before);
      lending_.note_size(group);
    }
    leases_.set_reserved(last_review_, !subnets_->is_lent_by(record.group, record.address));
  }
}

}  // namespace reveille
