// DISCOVER (RFC 2131 4.3.1) and BOOTP (RFC 951, RFC 1534).
#include "dhcp/server.h"

namespace reveille {
namespace {

// Room in the lease journal that is kept for REQUESTs.
constexpr std::size_t kRoomForOffers = 64;

}  // namespace

Outcome DhcpServer::discover(const Exchange& exchange) {
  // When the disk does not keep up, REQUESTs of those who have an offer come first.
  const LeaseJournal* const journal = exchange.context.journal;
  if (journal != nullptr && journal->room() < kRoomForOffers) return Outcome::lease_store_full;
  const Choice choice = choose(exchange);
  if (choice.kind != Choice::Kind::found) return wait(exchange, choice);

  ServerReply offer{wire::DhcpType::offer, choice.address, lease_seconds(exchange)};
  const Outcome offered = exchange.is_beside_rule(choice.address) ? Outcome::dhcp_offered_another
                                                                  : Outcome::dhcp_offered;
  const Outcome outcome = answer(exchange, offer, {}, EventKind::dhcp_offered, offered);
  if (outcome != offered) return outcome;
  leases_.offer(choice.lease, exchange.client, exchange.facts.mac,
                exchange.now() + exchange.config().offer_time, exchange.is_foreign(),
                exchange.context.journal);
  lending_.keep_stock(leases_[choice.lease].group, exchange.context);
  return outcome;
}

// The client knows no lease time: what it is told holds for ever. Hence few of the pool's
// addresses go that way (choose()).
Outcome DhcpServer::bootp(const Exchange& exchange) {
  if (!exchange.config().bootp) return Outcome::bootp_refused;
  const Choice choice = choose(exchange);
  const bool has_group = exchange.group != kNoGroup;
  if (choice.kind == Choice::Kind::refused && has_group) return Outcome::bootp_refused;
  if (choice.kind != Choice::Kind::found) return wait(exchange, choice);

  const ServerReply reply{wire::DhcpType::none, choice.address};
  const LeaseChange change{
      LeaseChange::Kind::bound, true,           exchange.subnet.index, choice.address,
      exchange.client,          Instant::max(), exchange.facts.mac};
  const Lease& lease = leases_[choice.lease];
  const bool is_on_record = exchange.context.journal != nullptr &&
                            lease.state == LeaseState::bound && lease.until == Instant::max();
  const Promise::Kind kind = is_on_record ? Promise::Kind::on_record : Promise::Kind::changed;
  return answer(exchange, reply, {kind, choice.lease, change}, EventKind::bootp_answered,
                Outcome::bootp_answered);
}

}  // namespace reveille
