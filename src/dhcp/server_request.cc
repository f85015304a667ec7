// REQUEST: RFC 2131 4.3.2. Which of the four it is shows in what it carries (table 4):
//
//                 server identifier   requested address   ciaddr
//   selecting     yes                 yes                 zero
//   init-reboot   no                  yes                 zero
//   renewing      no                  no                  the address; unicast
//   rebinding     no                  no                  the address; broadcast
#include "dhcp/server.h"

namespace reveille {

using wire::DhcpOption;
using wire::DhcpType;

namespace {

constexpr std::string_view kNotLeased = "address is not leased here";

}  // namespace

Outcome DhcpServer::request(const Exchange& exchange) {
  const wire::DhcpView& message = exchange.message;
  // Some clients name the server when they renew, too; ciaddr tells.
  if (!message.ciaddr().is_zero()) return extend(exchange);
  const auto address = message.option_address(DhcpOption::requested_address);
  const auto server = message.option_address(DhcpOption::server_identifier);
  if (server) return select(exchange, *server);
  if (address) return reboot(exchange, *address);
  return Outcome::dhcp_request_incomplete;
}

Outcome DhcpServer::select(const Exchange& exchange, Ipv4Address server) {
  const std::uint32_t own = leases_.find(exchange.client, exchange.subnet.index);
  if (!is_own(exchange, server)) {
    if (own != kNoIndex && leases_[own].state == LeaseState::offered) leases_.withdraw(own);
    return Outcome::dhcp_other_server;
  }
  const auto address = exchange.message.option_address(DhcpOption::requested_address);
  if (!address) return Outcome::dhcp_request_incomplete;
  if (is_good_for(exchange, own, *address)) return acknowledge(exchange, own);
  // Our offer is over, and may have gone to another client or another worker.
  return adopt(exchange, *address);
}

Outcome DhcpServer::reboot(const Exchange& exchange, Ipv4Address address) {
  if (!exchange.subnet.config.prefix.contains(address)) {
    return refuse(exchange, address, Outcome::dhcp_no_subnet, "address is of another network");
  }
  const std::uint32_t own = leases_.find(exchange.client, exchange.subnet.index);
  if (is_good_for(exchange, own, address)) return acknowledge(exchange, own);
  // What is offered or remembered is no record of a lease: the client may have another server's,
  // and then "the server MUST remain silent".
  if (own != kNoIndex && leases_[own].state == LeaseState::bound) {
    const bool is_that = leases_[own].address == address;
    return refuse(exchange, address, Outcome::dhcp_unknown_lease,
                  is_that ? kNotLeased : "client has another address");
  }
  if (!exchange.config().authoritative) return Outcome::dhcp_unknown_lease;
  return adopt(exchange, address);
}

Outcome DhcpServer::extend(const Exchange& exchange) {
  const Ipv4Address address = exchange.message.ciaddr();
  const auto server = exchange.message.option_address(DhcpOption::server_identifier);
  if (server && !is_own(exchange, *server)) return Outcome::dhcp_other_server;
  if (!exchange.subnet.config.prefix.contains(address)) {
    return refuse(exchange, address, Outcome::dhcp_no_subnet, "address is of another network");
  }
  const std::uint32_t own = leases_.find(exchange.client, exchange.subnet.index);
  if (is_good_for(exchange, own, address)) return acknowledge(exchange, own);
  const std::uint32_t lease = leases_.at(address);
  if (lease != kNoIndex && !is_available(exchange, lease)) {
    return refuse(exchange, address, Outcome::dhcp_unknown_lease, "address is in use");
  }
  if (lease != kNoIndex && leases_[lease].state == LeaseState::bound) {
    return refuse(exchange, address, Outcome::dhcp_unknown_lease, kNotLeased);
  }
  if (!exchange.config().authoritative) return Outcome::dhcp_unknown_lease;
  return adopt(exchange, address);
}

bool DhcpServer::is_good_for(const Exchange& exchange, std::uint32_t own,
                             Ipv4Address address) const {
  return own != kNoIndex && leases_[own].address == address && may_keep(exchange, own);
}

// The client has `lease`, or nobody has.
Outcome DhcpServer::acknowledge(const Exchange& exchange, std::uint32_t lease) {
  const Ipv4Address address = leases_[lease].address;
  if (const auto left = seconds_on_record(exchange, lease)) {
    return answer(exchange, {DhcpType::ack, address, *left}, {Promise::Kind::on_record},
                  EventKind::dhcp_acked, Outcome::dhcp_acked);
  }
  const std::uint32_t seconds = lease_seconds(exchange);
  const ServerReply ack{DhcpType::ack, address, seconds};
  const LeaseChange change{LeaseChange::Kind::bound,
                           false,
                           exchange.subnet.index,
                           address,
                           exchange.client,
                           seconds == kForEver ? Instant::max() : exchange.now() + Seconds{seconds},
                           exchange.facts.mac};
  return answer(exchange, ack, {Promise::Kind::changed, lease, change}, EventKind::dhcp_acked,
                Outcome::dhcp_acked);
}

// Firmware, iPXE and the operating system of one machine ask within seconds of each other: one
// record serves them all.
std::optional<std::uint32_t> DhcpServer::seconds_on_record(const Exchange& exchange,
                                                           std::uint32_t lease) const {
  const std::uint8_t percent = exchange.context.snapshot.config->leases.renewal_unrecorded_percent;
  const Lease& record = leases_[lease];
  const bool is_recorded = exchange.context.journal != nullptr && percent > 0 &&
                           record.state == LeaseState::bound && record.client == exchange.client &&
                           record.mac == exchange.facts.mac;
  if (!is_recorded) return std::nullopt;
  const std::uint32_t full = lease_seconds(exchange);
  if (record.until == Instant::max() || full == kForEver) {
    if (record.until == Instant::max() && full == kForEver) return kForEver;
    return std::nullopt;
  }
  const auto left = std::chrono::floor<Seconds>(record.until - exchange.now()).count();
  const std::int64_t least = (std::int64_t{full} * (100 - percent) + 99) / 100;
  if (left < least || left > std::int64_t{full}) return std::nullopt;
  return static_cast<std::uint32_t>(left);
}

// A client says that it has an address of which there is no record: taken on if it is free.
Outcome DhcpServer::adopt(const Exchange& exchange, Ipv4Address address) {
  const auto reserved = exchange.reservation();
  if (reserved && *reserved != address) {
    return refuse(exchange, address, Outcome::dhcp_unknown_lease, "client has a reservation");
  }
  if (!may_have(exchange, address)) {
    return refuse(exchange, address, Outcome::dhcp_unknown_lease, kNotLeased);
  }
  const std::uint32_t lease = leases_.at(address);
  if (lease == kNoIndex && !exchange.peers_asked && lending_.has_peers()) {
    return wait(exchange, {Choice::Kind::elsewhere, kNoIndex, address});
  }
  if (lease == kNoIndex || !is_available(exchange, lease)) {
    return refuse(exchange, address, Outcome::dhcp_unknown_lease, "address is in use");
  }
  return acknowledge(exchange, lease);
}

Outcome DhcpServer::refuse(const Exchange& exchange, Ipv4Address address, Outcome why,
                           std::string_view reason) {
  Reply* slot = exchange.context.replies.take();
  if (slot == nullptr) return Outcome::reply_buffers_exhausted;
  ServerReply nak{DhcpType::nak};
  nak.reason = reason;
  if (!write_server_reply(*slot, exchange, nak, forms_)) {
    exchange.context.replies.give_back();
    return Outcome::dhcp_reply_too_long;
  }
  tell(exchange, EventKind::dhcp_nakked, address, why, reason);
  return Outcome::dhcp_nakked;
}

}  // namespace reveille
