// Frames for the machines and relays: from the wire to the machine that they are for.
#include <reveille/wire/arp.h>
#include <reveille/wire/udp.h>

#include "storm/swarm.h"

namespace reveille::storm {

void Swarm::prefetch(Bytes frame) const {
  if (frame.size() < wire::kEthernetHeader) return;
  const std::uint32_t number = number_of(MacAddress::from(frame.data())) - config_.first_machine;
  if (number >= machines_.size()) return;
  const auto* machine = reinterpret_cast<const std::uint8_t*>(&machines_[number]);
  __builtin_prefetch(machine, 1);
  __builtin_prefetch(machine + 64, 1);
}

void Swarm::receive(Bytes frame, Instant now) {
  now_ = now;
  const auto ethernet = wire::EthernetView::parse(frame);
  if (!ethernet || ethernet->tagged()) {
    ++statistics_.counters.not_ours;
    return;
  }
  switch (ethernet->type()) {
    case wire::EtherType::ipv4:
      receive_ipv4(*ethernet, now);
      break;
    case wire::EtherType::arp:
      receive_arp(ethernet->payload());
      break;
    default:
      ++statistics_.counters.not_ours;
  }
}

void Swarm::receive_arp(Bytes packet) {
  const auto arp = wire::ArpView::parse(packet);
  if (!arp) {
    ++statistics_.counters.malformed;
    return;
  }
  const Ipv4Address wanted = arp->target_address();
  if (arp->operation() == wire::ArpOperation::request) {
    // Who asks for its own address only announces it.
    if (arp->sender_address() == wanted) return;
    for (const Relay& relay : relays_) {
      if (relay.address != wanted) continue;
      network_.tell(relay.mac, wanted, arp->sender_mac(), arp->sender_address());
      return;
    }
    const std::uint32_t number = addresses_.find(wanted);
    if (number == kNobody) return;
    network_.tell(setting_.mac(number), wanted, arp->sender_mac(), arp->sender_address());
    return;
  }
  if (arp->operation() != wire::ArpOperation::reply) return;
  if (!server_found_ && arp->sender_address() == config_.server) {
    server_found_ = true;
    begin_ = now_;
    dhcp_.server_found(arp->sender_mac());
    return;
  }
  const std::uint32_t number = number_of(arp->target_mac()) - config_.first_machine;
  if (number < machines_.size()) {
    arp_answered(number, arp->sender_mac(), arp->sender_address(), now_);
  }
}

void Swarm::arp_answered(std::uint32_t number, const MacAddress& mac, Ipv4Address address,
                         Instant now) {
  Machine& machine = machines_[number];
  if (machine.stage != Stage::resolving || machine.boot_server != address) return;
  machine.boot_mac = mac;
  machine.resolved = true;
  leased(number, machine.asks_boot_server, now);
}

void Swarm::receive_ipv4(const wire::EthernetView& frame, Instant now) {
  Counters& counters = statistics_.counters;
  const auto packet = wire::Ipv4View::parse(frame.payload());
  if (!packet) {
    ++(packet.refusal() == Outcome::ipv4_bad_checksum ? counters.bad_checksum : counters.malformed);
    return;
  }
  if (packet->protocol() != wire::IpProtocol::udp) {
    ++counters.not_ours;
    return;
  }
  const auto datagram = wire::UdpView::parse(*packet);
  if (!datagram) {
    ++counters.malformed;
    return;
  }
  // Between two kernels of one machine checksums are left to hardware that is not there.
  const bool unchecked = datagram->checksum_left_to_hardware();
  const std::uint16_t from = datagram->source_port();
  if (from == wire::kDhcpServerPort || from == wire::kBootServerPort) {
    if (!unchecked && !datagram->checksum_good()) {
      ++counters.bad_checksum;
      return;
    }
    receive_dhcp(datagram->payload(), packet->source(), now);
    return;
  }
  const std::uint32_t number = number_of(frame.destination()) - config_.first_machine;
  if (number >= machines_.size() || machines_[number].address != packet->destination()) {
    ++counters.not_ours;
    return;
  }
  TftpClient::Datagram tftp{.source = packet->source(),
                            .source_port = from,
                            .port = datagram->destination_port(),
                            .payload = datagram->payload()};
  const auto sum = tftp_.compare(number, tftp);
  if (!unchecked && !(sum ? datagram->checksum_good(*sum) : datagram->checksum_good())) {
    ++counters.bad_checksum;
    return;
  }
  const Progress progress = tftp_.receive(number, tftp, now);
  if (progress == Progress::failed && first_error_.empty() &&
      machines_[number].failure == Failure::tftp_error) {
    if (const auto error = wire::TftpView::parse(datagram->payload())) {
      first_error_ = files_[machines_[number].file].name + ": error " +
                     std::to_string(static_cast<unsigned>(error->error())) + " " +
                     std::string(error->message().substr(0, 200));
    }
  }
  advance(number, progress, now);
}

void Swarm::receive_dhcp(Bytes payload, Ipv4Address source, Instant now) {
  const auto message = wire::DhcpView::parse(payload);
  if (!message) {
    ++statistics_.counters.malformed;
    return;
  }
  const std::uint32_t number = number_of(message->chaddr()) - config_.first_machine;
  if (number >= machines_.size()) {
    ++statistics_.counters.not_ours;
    return;
  }
  advance(number, dhcp_.receive(number, *message, source, now), now);
}

}  // namespace reveille::storm
