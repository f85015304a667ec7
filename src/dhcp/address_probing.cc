#include "dhcp/address_probing.h"

#include <algorithm>

#include <reveille/wire/arp.h>
#include <reveille/wire/icmp.h>
#include <reveille/wire/ipv4.h>

#include "link/link_reply.h"
#include "packet/snapshot.h"

namespace reveille {
namespace {

constexpr std::size_t kNoStation = ~std::size_t{0};

// The station on whose own link the subnet is.
std::size_t station_of(const Subnet& subnet, const Subnets& subnets, const Context& context) {
  const Stations& stations = context.snapshot.stations;
  for (std::size_t i = 0; i < stations.size(); ++i) {
    if (!subnet.config.prefix.contains(stations[i].address.address)) continue;
    if (subnets.containing(stations[i].address.address) == &subnet) return i;
  }
  return kNoStation;
}

// An ordinary request with our own address, not the probe of RFC 5227: a machine that is just
// making sure of its address would take that for a rival's, and decline.
void write_arp_request(Reply& reply, const Station& station, Ipv4Address address) {
  const MutableBytes room =
      start_link_reply(reply, station, MacAddress::broadcast(), wire::EtherType::arp);
  wire::write_arp(room.data(), wire::ArpOperation::request, {station.mac, station.address.address},
                  {{}, address});
  reply.length = static_cast<std::uint16_t>(wire::ethernet_length(station.vlan) + wire::kArpLength);
}

void write_echo(Reply& reply, const Station& station, const MacAddress& gateway,
                Ipv4Address address, std::uint32_t mark) {
  const MutableBytes room = start_link_reply(reply, station, gateway, wire::EtherType::ipv4);
  std::uint8_t* const icmp = wire::write_ipv4(room.data(), wire::IpProtocol::icmp,
                                              station.address.address, address, wire::kEchoRequest);
  wire::write_echo_request(icmp, static_cast<std::uint16_t>(mark >> 16),
                           static_cast<std::uint16_t>(mark));
  reply.length = static_cast<std::uint16_t>(wire::ethernet_length(station.vlan) +
                                            wire::kIpv4Header + wire::kEchoRequest);
}

}  // namespace

AddressProbing::AddressProbing(LeaseTable& leases, std::size_t subnets, Share share,
                               std::uint64_t seed)
    : leases_(&leases),
      share_(share),
      echo_key_(SipKey::of(mix(seed))),
      ways_(subnets),
      next_look_(leases.groups_max()) {}

void AddressProbing::tick(const Subnets& subnets, const Context& context) {
  tells_left_ = kTellsPerTick;
  paid_until_ = std::max(paid_until_, context.now - kBurst);
  retry_suspects(subnets, context);
  if (!context.snapshot.config->dhcp.detect_conflicts) return;
  const std::size_t looks = std::min<std::size_t>(kGroupsPerTick, leases_->groups());
  for (std::size_t i = 0; i < looks && paid_until_ < context.now; ++i) {
    const std::uint16_t group = next_group_;
    next_group_ = static_cast<std::uint16_t>((next_group_ + 1U) % leases_->groups());
    if (context.now >= next_look_[group]) look_at(group, subnets, context);
  }
}

// Their time is up: they are free when they are silent, or when nobody can be asked.
void AddressProbing::retry_suspects(const Subnets& subnets, const Context& context) {
  const bool asks = context.snapshot.config->dhcp.detect_conflicts;
  for (std::size_t i = 0; i < kGroupsPerTick; ++i) {
    const std::uint32_t lease = leases_->suspect();
    if (lease == kNoIndex) return;
    if (asks && paid_until_ >= context.now) return;
    const Sent sent = asks ? ask(lease, subnets, context) : Sent::no_way;
    if (sent == Sent::no_reply_left) return;
    if (sent == Sent::yes) {
      leases_->note_suspect_asked(lease, context.now + kPatience);
    } else if (context.journal == nullptr || context.journal->room() > 0) {
      leases_->acquit(lease, context.journal);
    } else {
      return;
    }
  }
}

// What is to be asked next: who was asked before, then who was silent long ago, then anybody.
std::uint32_t AddressProbing::next_candidate(std::uint16_t group, Instant now) const {
  const LeaseTable& leases = *leases_;
  if (const std::uint32_t asked = leases.oldest_free(group, Probe::asked);
      asked != kNoIndex && leases[asked].until <= now) {
    return asked;
  }
  if (const std::uint32_t silent = leases.oldest_free(group, Probe::silent);
      silent != kNoIndex && leases[silent].until <= now) {
    return silent;
  }
  const LeaseTable::Counts& counts = leases.counts(group);
  if (counts.silent + counts.asked >= kStock) return kNoIndex;
  return leases.oldest_free(group, Probe::none);
}

void AddressProbing::look_at(std::uint16_t group, const Subnets& subnets, const Context& context) {
  while (paid_until_ < context.now) {
    const std::uint32_t lease = next_candidate(group, context.now);
    if (lease == kNoIndex) {
      next_look_[group] = context.now + kLookAgain;
      return;
    }
    const Probe before = (*leases_)[lease].probe;
    if (before == Probe::asked_again) {
      leases_->note_probe(lease, Probe::silent, context.now + kFresh);
      continue;
    }
    const Sent sent = ask(lease, subnets, context);
    if (sent != Sent::yes) {
      if (sent == Sent::no_way) next_look_[group] = context.now + kNoWay;
      return;
    }
    leases_->note_probe(lease, before == Probe::asked ? Probe::asked_again : Probe::asked,
                        context.now + kPatience);
  }
}

AddressProbing::Sent AddressProbing::ask(std::uint32_t lease, const Subnets& subnets,
                                         const Context& context) {
  const Ipv4Address address = (*leases_)[lease].address;
  const Subnet& subnet = subnets.all()[leases_->subnet_of((*leases_)[lease].group)];
  Way& way = ways_[subnet.index];
  const Stations& stations = context.snapshot.stations;
  const std::size_t local = station_of(subnet, subnets, context);
  if (local == kNoStation && way.gateway.is_zero()) return Sent::no_way;
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Sent::no_reply_left;
  paid_until_ += kPause;
  if (local != kNoStation) {
    way.station = static_cast<std::uint16_t>(local);
    write_arp_request(*reply, stations[local], address);
  } else {
    write_echo(*reply, stations[way.station], way.gateway, address, echo_mark(address));
  }
  reply->station = way.station;
  return Sent::yes;
}

void AddressProbing::heard(Ipv4Address address, const MacAddress& mac, const Context& context) {
  if (judge(address, mac, context) || share_.count == 1 || tells_left_ == 0) return;
  if (context.outbox.free() < kOutboxForOthers + share_.count) return;
  --tells_left_;
  for (unsigned to = 0; to < share_.count; ++to) {
    if (to == share_.index) continue;
    PeerMessage message{PeerMessage::Kind::address_answered};
    message.from = static_cast<std::uint8_t>(share_.index);
    message.to = static_cast<std::uint8_t>(to);
    message.address = address;
    message.mac = mac;
    context.outbox.add(message);
  }
}

void AddressProbing::heard_by_peer(Ipv4Address address, const MacAddress& mac,
                                   const Context& context) {
  judge(address, mac, context);
}

bool AddressProbing::judge(Ipv4Address address, const MacAddress& mac, const Context& context) {
  const std::uint32_t lease = leases_->at(address);
  if (lease == kNoIndex) return false;
  const Lease& record = (*leases_)[lease];
  // Only those who were asked: anybody can say that he has all addresses.
  if (record.probe == Probe::none) return true;
  // The client itself, which already took what it was offered.
  const bool is_offered = record.state == LeaseState::offered;
  if (is_offered && !mac.is_zero() && record.mac == mac) return true;
  set_aside(lease, mac, context);
  return true;
}

void AddressProbing::set_aside(std::uint32_t lease, const MacAddress& mac, const Context& context) {
  const Lease record = (*leases_)[lease];
  const std::uint16_t subnet = leases_->subnet_of(record.group);
  const LeaseTable::Counts& counts = leases_->counts(record.group);
  const bool is_new = record.state != LeaseState::declined;
  // Somebody who answers for everybody must not take the whole pool out of use. With half of it
  // gone nothing more is asked for a while, and what is left is given as it is.
  const bool is_overrun = is_new && counts.declined >= counts.part(2);
  if (is_overrun) next_look_[record.group] = context.now + kOverrun;
  const bool can_record = context.journal == nullptr || context.journal->room() > 0;
  if (is_overrun || !can_record) {
    if (record.state == LeaseState::free) leases_->note_probe(lease, Probe::none, context.now);
    return;
  }
  const DhcpConfig& config = context.snapshot.config->dhcp;
  leases_->commit(lease,
                  {.kind = LeaseChange::Kind::conflict,
                   .subnet = subnet,
                   .address = record.address,
                   .until = context.now + std::max(config.decline_time, kSetAsideMin),
                   .mac = mac},
                  context.journal);
  if (record.conflict) return;  // told before
  Event* const event = context.events.add(EventKind::dhcp_conflict, context.now);
  if (event == nullptr) return;
  event->outcome = Outcome::probe_answered;
  event->client = mac;
  event->address = record.address;
  event->vlan = context.snapshot.stations[ways_[subnet].station].vlan;
}

}  // namespace reveille
