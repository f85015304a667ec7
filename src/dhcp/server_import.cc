// What another server has leased, taken over while this one serves. Whatever stands here of an
// address is newer, unless it is over; and nobody who has an address loses it.
#include "dhcp/server.h"

namespace reveille {
namespace {

using Answer = LeaseImport::Answer;

bool is_ended(const LeaseChange& change) {
  return change.kind == LeaseChange::Kind::released || change.kind == LeaseChange::Kind::expired;
}

// Not only because nobody has looked since it was over.
bool is_current(const Lease& lease, Instant now) {
  return lease.state != LeaseState::free && lease.until > now;
}

// Free, and nobody ever had it.
bool is_unknown(const Lease& lease) {
  return lease.state == LeaseState::free && lease.version == 0 && lease.client.is_nobody();
}

}  // namespace

std::optional<Answer> DhcpServer::import(const LeaseChange& lease, const Context& context) {
  const std::uint32_t here = leases_.at(lease.address);
  if (here == kNoIndex) return is_laid_out() ? std::optional(Answer::not_mine) : std::nullopt;
  const Lease record = leases_[here];
  const bool is_same = record.client == lease.client && !lease.client.is_nobody();
  if (is_current(record, context.now)) {
    if (is_ended(lease) || (is_same && record.state == LeaseState::bound)) return Answer::known;
    // Whoever has an offer is about to ask for it, and would be refused.
    if (!is_same) return Answer::held;
  }
  if (is_ended(lease) && !is_unknown(record)) return Answer::known;
  if (!can_record(context)) return std::nullopt;
  if (!lease.client.is_nobody() && !lending_.serves(lease.mac)) {
    if (context.outbox.free() == 0) return std::nullopt;
    make_free(here, context);
    lending_.hand_over(here, lease.mac, context);
    return Answer::moved;
  }
  return take_over(here, lease, context);
}

Answer DhcpServer::take_over(std::uint32_t here, const LeaseChange& lease, const Context& context) {
  LeaseChange change = lease;
  change.subnet = leases_.subnet_of(leases_[here].group);
  if (!change.client.is_nobody()) {
    const std::uint32_t other = leases_.find(change.client, change.subnet);
    const bool has_other = other != kNoIndex && other != here &&
                           leases_[other].state != LeaseState::free &&
                           leases_[other].until > context.now;
    // An offer is no lease yet, but more than the memory of one.
    if (has_other && (is_ended(lease) || leases_[other].state == LeaseState::bound)) {
      return Answer::elsewhere;
    }
  }
  leases_.commit(here, change, context.journal);
  if (is_ended(change) && !change.client.is_nobody()) {
    leases_.remember(here, change.client, change.mac);
  }
  return Answer::taken;
}

// An offer, or what is over.
void DhcpServer::make_free(std::uint32_t lease, const Context& context) {
  const Lease record = leases_[lease];
  if (record.state == LeaseState::free) return;
  if (record.state == LeaseState::offered) return leases_.withdraw(lease);
  leases_.commit(lease,
                 {.kind = LeaseChange::Kind::expired,
                  .subnet = leases_.subnet_of(record.group),
                  .address = record.address,
                  .client = record.client,
                  .until = record.until,
                  .mac = record.mac},
                 context.journal);
}

}  // namespace reveille
