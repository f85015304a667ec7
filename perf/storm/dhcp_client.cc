#include "storm/dhcp_client.h"

#include "storm/dhcp_request.h"

namespace reveille::storm {
namespace {

using wire::DhcpOption;
using wire::DhcpType;

constexpr std::string_view kPxeClient = "PXEClient";
constexpr std::uint8_t kDiscoveryControl = 6;  // of option 43: PXE 2.1
constexpr std::uint8_t kUseBootFile = 0x08;    // download the file of this very offer
constexpr std::uint8_t kNoProxyDhcp = 176;     // of option 175: iPXE

bool is_pxe(const wire::DhcpView& reply) {
  const auto vendor = reply.option_text(DhcpOption::vendor_class);
  return vendor && vendor->starts_with(kPxeClient);
}

std::string_view boot_file_of(const wire::DhcpView& reply) {
  if (!reply.file().empty()) return reply.file();
  return reply.option_text(DhcpOption::boot_file_name).value_or("");
}

// siaddr, then a dotted quad in option 66, then whoever answered.
Ipv4Address boot_server_of(const wire::DhcpView& reply, Ipv4Address source) {
  if (!reply.siaddr().is_zero()) return reply.siaddr();
  if (const auto name = reply.option_text(DhcpOption::tftp_server_name)) {
    if (const auto address = Ipv4Address::parse(*name)) return *address;
  }
  return reply.option_address(DhcpOption::server_identifier).value_or(source);
}

bool says_use_boot_file(const wire::DhcpView& reply) {
  const auto control = reply.suboption(DhcpOption::vendor_specific, kDiscoveryControl);
  return control && control->size() == 1 && ((*control)[0] & kUseBootFile) != 0;
}

}  // namespace

void DhcpClient::discover(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  machine.stage = Stage::discovering;
  machine.tries = 0;
  machine.address = {};
  machine.offers = 0;
  send_discover(number, now);
}

void DhcpClient::ask_boot_server(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  machine.stage = Stage::asking_boot_server;
  machine.tries = 0;
  send_boot_server_request(number, now);
}

Progress DhcpClient::receive(std::uint32_t number, const wire::DhcpView& reply, Ipv4Address source,
                             Instant now) {
  Machine& machine = setting_.machines[number];
  if (reply.op() != wire::DhcpOp::reply || reply.xid() != machine.xid) return Progress::waiting;
  const bool of_lender = machine.dhcp_server == reply.option_address(DhcpOption::server_identifier);
  switch (reply.type()) {
    case DhcpType::offer:
      if (machine.stage == Stage::discovering) {
        note_offer(machine, reply, source);
        if (!takes_offer(machine, Moment::receipt, now)) return Progress::waiting;
        machine.stage = Stage::requesting;
        machine.discovers = std::exchange(machine.tries, std::uint8_t{0});
        machine.acks = 0;
        send_request(number, now);
      } else if (of_lender && ++machine.offers > machine.discovers) {
        ++setting_.counters().answered_twice;
      }
      return Progress::waiting;
    case DhcpType::ack:
      if (machine.stage == Stage::requesting) return acknowledged(machine, reply, source, now);
      if (machine.stage == Stage::asking_boot_server && is_pxe(reply)) {
        return boot_server_answered(machine, reply, source);
      }
      if (of_lender && ++machine.acks > machine.requests) ++setting_.counters().answered_twice;
      return Progress::waiting;
    case DhcpType::nak:
      return machine.stage == Stage::requesting ? refused(number, now) : Progress::waiting;
    default:
      return Progress::waiting;
  }
}

void DhcpClient::note_offer(Machine& machine, const wire::DhcpView& offer, Ipv4Address source) {
  const std::string_view file = boot_file_of(offer);
  const bool pxe = is_pxe(offer);
  if (offer.yiaddr().is_zero()) {
    if (!pxe || machine.proxy_seen) return;
    machine.proxy_seen = true;
    machine.proxy_server = boot_server_of(offer, source);
    machine.proxy_file = file.empty() ? kNoFile : setting_.files.number(file);
    machine.proxy_complete = !file.empty() && says_use_boot_file(offer);
    return;
  }
  const Ipv4Address server = offer.option_address(DhcpOption::server_identifier).value_or(source);
  if (!machine.address.is_zero()) {
    if (server == machine.dhcp_server && ++machine.offers > machine.tries) {
      ++setting_.counters().answered_twice;
    }
    return;
  }
  machine.address = offer.yiaddr();
  machine.dhcp_server = server;
  machine.offers = 1;
  machine.boot_complete = pxe && !file.empty();
  const auto no_proxy = offer.suboption(DhcpOption::ipxe, kNoProxyDhcp);
  if (no_proxy && no_proxy->size() == 1 && (*no_proxy)[0] != 0) machine.boot_complete = true;
}

bool DhcpClient::takes_offer(const Machine& machine, Moment moment, Instant now) const {
  if (machine.address.is_zero()) return false;
  if (setting_.config.only == Only::dhcp) return true;
  switch (setting_.profile(machine).offers) {
    case OfferRule::first:
      return true;
    case OfferRule::proxy_or_2_s:
      return machine.boot_complete || machine.proxy_seen || now - machine.started >= 2s;
    case OfferRule::at_timer:
      return moment == Moment::timer;
    case OfferRule::pxe_or_timer:
      return machine.boot_complete || machine.proxy_complete ||
             (moment == Moment::timer && machine.tries >= 2);
  }
  return false;
}

Progress DhcpClient::acknowledged(Machine& machine, const wire::DhcpView& ack, Ipv4Address source,
                                  Instant now) {
  machine.requests = machine.tries;
  machine.acks = 1;
  machine.address = ack.yiaddr();
  ++setting_.counters().leases;
  if (machine.tries == 1) setting_.statistics.reply_time.add(now - machine.last_sent);
  setting_.statistics.lease_time.add(now - machine.started);
  machine.size_known = ack.has(DhcpOption::boot_file_size);
  const std::string_view file = boot_file_of(ack);
  if (!file.empty()) {
    machine.boot_file = setting_.files.number(file);
    machine.boot_server = boot_server_of(ack, source);
  }
  if (setting_.config.only == Only::dhcp || !setting_.config.file.empty()) {
    if (machine.boot_server.is_zero()) machine.boot_server = boot_server_of(ack, source);
    return Progress::done;
  }
  // EDK2 takes an answer that says PXEClient without option 43 for one of a BINL server.
  if (setting_.profile(machine).offers == OfferRule::at_timer && is_pxe(ack) &&
      !ack.has(DhcpOption::vendor_specific)) {
    machine.boot_server = boot_server_of(ack, source);
    return Progress::ask_server;
  }
  if (!file.empty()) return Progress::done;
  if (!machine.proxy_seen) {
    machine.failure = Failure::no_boot_file;
    return Progress::failed;
  }
  machine.boot_server = machine.proxy_server;
  machine.boot_file = machine.proxy_file;
  return machine.proxy_complete ? Progress::done : Progress::ask_server;
}

Progress DhcpClient::refused(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  ++setting_.counters().naks;
  // Discovery begins again after a second; `--timeout` bounds how often.
  machine.stage = Stage::discovering;
  machine.tries = 0;
  machine.address = {};
  setting_.timers.set(number, now + 1s);
  return Progress::waiting;
}

Progress DhcpClient::boot_server_answered(Machine& machine, const wire::DhcpView& ack,
                                          Ipv4Address source) {
  const std::string_view file = boot_file_of(ack);
  if (file.empty()) {
    machine.failure = Failure::no_boot_file;
    return Progress::failed;
  }
  machine.boot_file = setting_.files.number(file);
  const Ipv4Address server = boot_server_of(ack, source);
  if (server != machine.boot_server) machine.resolved = false;
  machine.boot_server = server;
  return Progress::done;
}

Progress DhcpClient::expire(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  switch (machine.stage) {
    case Stage::discovering:
      if (takes_offer(machine, Moment::timer, now)) {
        machine.stage = Stage::requesting;
        machine.discovers = std::exchange(machine.tries, std::uint8_t{0});
        machine.acks = 0;
        send_request(number, now);
        return Progress::waiting;
      }
      if (send_discover(number, now)) return Progress::waiting;
      machine.failure = machine.address.is_zero() ? Failure::no_offer : Failure::no_boot_file;
      return Progress::failed;
    case Stage::requesting:
      if (send_request(number, now)) return Progress::waiting;
      machine.failure = Failure::no_lease;
      return Progress::failed;
    default:
      if (send_boot_server_request(number, now)) return Progress::waiting;
      machine.failure = Failure::no_boot_server;
      return Progress::failed;
  }
}

std::uint16_t DhcpClient::secs(const Machine& machine, Instant now) const {
  switch (setting_.profile(machine).secs) {
    case SecsRule::elapsed:
      return static_cast<std::uint16_t>((now - machine.started) / 1s);
    case SecsRule::ipxe:  // dhcp.c: retries, and what has been seen so far
      return static_cast<std::uint16_t>(machine.tries << 2 | (machine.address.is_zero() ? 0 : 2) |
                                        (machine.proxy_seen ? 1 : 0));
    case SecsRule::unix_time:
      return static_cast<std::uint16_t>(setting_.config.unix_time +
                                        now.time_since_epoch() / std::chrono::seconds{1});
  }
  return 0;
}

bool DhcpClient::send_discover(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  const Profile& profile = setting_.profile(machine);
  if (!start_wait(setting_, number, profile.discover_waits, now)) return false;
  if (profile.shares_xid) {
    machine.xid = setting_.config.unix_time +
                  static_cast<std::uint32_t>(now.time_since_epoch() / std::chrono::seconds{1});
  }
  setting_.counters().discovers.count(machine.tries > 1);
  write_and_send(number, DhcpType::discover, now);
  return true;
}

bool DhcpClient::send_request(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  if (!start_wait(setting_, number, setting_.profile(machine).request_waits, now)) return false;
  setting_.counters().requests.count(machine.tries > 1);
  write_and_send(number, DhcpType::request, now);
  return true;
}

void DhcpClient::write_and_send(std::uint32_t number, DhcpType type, Instant now) {
  const Machine& machine = setting_.machines[number];
  DhcpRequest request{
      .type = type, .mac = setting_.mac(number), .xid = machine.xid, .secs = secs(machine, now)};
  if (type == DhcpType::request) {
    request.requested = machine.address;
    request.server = machine.dhcp_server;
  }
  const Profile& profile = setting_.profile(machine);
  if (relays_.empty()) {
    const std::size_t length = write_request(setting_.network.payload(), profile, request);
    setting_.network.send(broadcast_from(request.mac), length);
  }
  for (const Relay& relay : relays_) {
    request.relay = relay.address;
    const std::size_t length = write_request(setting_.network.payload(), profile, request);
    setting_.network.send({.from_mac = relay.mac,
                           .to_mac = server_mac_,
                           .from = relay.address,
                           .to = setting_.config.server,
                           .from_port = wire::kDhcpServerPort,
                           .to_port = wire::kDhcpServerPort},
                          length);
  }
}

bool DhcpClient::send_boot_server_request(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  const Profile& profile = setting_.profile(machine);
  if (!start_wait(setting_, number, profile.boot_server_waits, now)) return false;
  setting_.counters().boot_server_requests.count(machine.tries > 1);
  const DhcpRequest request{.type = DhcpType::request,
                            .mac = setting_.mac(number),
                            .xid = machine.xid,
                            .secs = secs(machine, now),
                            .client = machine.address};
  const std::size_t length = write_request(setting_.network.payload(), profile, request);
  setting_.network.send({.from_mac = request.mac,
                         .to_mac = machine.boot_mac,
                         .from = machine.address,
                         .to = machine.boot_server,
                         .from_port = profile.boot_server_port,
                         .to_port = wire::kBootServerPort},
                        length);
  return true;
}

}  // namespace reveille::storm
