// Any frame, on ports with and without VLANs, and whatever gets through to the engines of the
// link. The first octet chooses the port, what the NIC has verified, and whether checksums that
// no mutation would hit are made right first.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <reveille/wire/checksum.h>
#include <reveille/wire/ethernet.h>
#include <reveille/wire/icmpv6.h>
#include <reveille/wire/ipv4.h>

#include "fuzz/require.h"
#include "link/engine.h"
#include "packet/booting_clients.h"
#include "packet/classify.h"
#include "packet/context.h"
#include "packet/snapshot.h"

namespace reveille {
namespace {

constexpr Instant kNow{1h};

// The servers of the recordings, so that captured frames are for us. Port 0 is untagged, port 1
// has VLANs as well, port 2 nothing else, port 3 does not exist.
Snapshot make_snapshot() {
  Snapshot snapshot;
  snapshot.config = std::make_shared<const Config>();
  const struct {
    std::uint16_t port, vlan;
    const char *mac, *address;
  } rows[] = {
      {0, 0, "fa:40:f8:d2:05:89", "10.78.0.1/24"},  {1, 0, "4e:f1:cc:67:26:91", "10.78.0.1/24"},
      {1, 10, "4e:f1:cc:67:26:91", "10.79.0.1/16"}, {1, 4094, "4e:f1:cc:67:26:91", "10.80.0.1/31"},
      {2, 1, "fa:40:f8:d2:05:89", "10.81.0.1/32"},
  };
  for (const auto& row : rows) {
    Station station;
    station.port = row.port;
    station.vlan = row.vlan;
    station.mac = *MacAddress::parse(row.mac);
    station.address = *Ipv4Prefix::parse(row.address);
    station.link_local = Ipv6Address::link_local(station.mac);
    station.partial_checksums = row.port == 1;
    snapshot.stations.push_back(station);
  }
  return snapshot;
}

// Makes the checksum of an ICMP or ICMPv6 message right, as far as there is one.
void mend(MutableBytes frame) {
  if (frame.size() < 14) return;
  const auto type = static_cast<wire::EtherType>(load_be16(&frame[12]));
  const std::size_t header = type == wire::EtherType::vlan ? 18 : 14;
  if (frame.size() < header + 44) return;
  const MutableBytes packet = frame.subspan(header);
  if (packet[0] >> 4 == 6) {
    const std::size_t length = std::min<std::size_t>(load_be16(&packet[4]), packet.size() - 40);
    if (length < 4) return;
    store_be16(&packet[42], 0);
    const std::uint16_t sum = wire::fold(std::uint64_t{wire::sum(packet.subspan(8, 32))} + 58 +
                                         length + wire::sum(packet.subspan(40, length)));
    store_be16(&packet[42], static_cast<std::uint16_t>(~sum));
  } else if (packet[0] == 0x45 && packet[9] == 1) {
    const std::size_t length = std::min<std::size_t>(load_be16(&packet[2]), packet.size());
    if (length < 28) return;
    store_be16(&packet[22], 0);
    store_be16(&packet[22],
               static_cast<std::uint16_t>(~wire::sum(packet.subspan(20, length - 20))));
  }
}

void check_request(const Request& request, Bytes frame, const FrameInfo& info,
                   const Snapshot& snapshot) {
  require(request.station < snapshot.stations.size());
  const Station& station = snapshot.stations[request.station];
  require(station.port == info.port);
  require(!request.link_source.is_group() && request.link_source != station.mac);
  for (const Bytes part : {request.body, request.network}) {
    require(part.empty() || (part.data() >= frame.data() &&
                             part.data() + part.size() <= frame.data() + frame.size()));
  }
  const bool dhcp = request.service == Service::dhcp || request.service == Service::boot_server;
  const bool tftp =
      request.service == Service::tftp_open || request.service == Service::tftp_transfer;
  const bool icmp =
      request.service == Service::icmp_echo || request.service == Service::icmp_echo_reply;
  if (tftp || icmp) {
    require(request.destination == station.address.address && !request.source.is_zero());
    require(!request.source.is_multicast());
  }
  require((dhcp || tftp) == (request.destination_port != 0));
}

// A reply is for the sender of the request, or for all nodes, and right in every layer.
void check_reply(const Reply& reply, const Request& request, const Snapshot& snapshot) {
  const Bytes frame{reply.head, reply.length};
  const Station& station = snapshot.stations[request.station];
  const auto ethernet = wire::EthernetView::parse(frame);
  require(static_cast<bool>(ethernet));
  require(ethernet->source() == station.mac && ethernet->vlan() == station.vlan);
  require(ethernet->destination() == request.link_source ||
          ethernet->destination() == wire::group_mac(wire::all_nodes()));
  require(reply.station == request.station);
  if (ethernet->type() == wire::EtherType::ipv4) {
    const auto packet = wire::Ipv4View::parse(ethernet->payload());
    require(packet && packet->destination() == request.source);
    require(wire::sum(packet->payload()) == 0xffff);
  }
  if (ethernet->type() == wire::EtherType::ipv6) {
    const auto packet = wire::Ipv6View::parse(ethernet->payload());
    require(static_cast<bool>(packet));
    require(wire::NeighbourAdvertisementView::parse(*packet) ||
            wire::RouterAdvertisementView::parse(*packet));
  }
}

void answer(const Request& request, const Snapshot& snapshot) {
  static LinkState links;
  static BootingClients booting(64, 1);
  std::array<std::uint8_t, 1522> head;
  head.fill(0xa5);
  std::array<Reply, 1> slots{{{.head = head.data(), .capacity = 1522}}};
  std::array<Event, 1> event_slots;
  Replies replies(slots);
  Events events(event_slots);
  Outbox outbox({});
  const Context context{kNow, snapshot, replies, events, outbox, links};
  Outcome outcome{};
  switch (request.service) {
    case Service::arp:
      outcome = answer_arp(request, context);
      break;
    case Service::icmp_echo:
      outcome = answer_echo(request, context);
      break;
    case Service::neighbour:
      outcome = answer_neighbour_solicitation(request, context);
      break;
    case Service::router_solicitation:
      outcome = answer_router_solicitation(request, context, booting);
      booting.saw(request.link_source, kNow);
      break;
    case Service::router_advertisement:
      outcome = note_router_advertisement(request, context);
      links.heard_router(request.station, kNow);  // forgotten at once, for the next input
      break;
    default:
      return;
  }
  const bool answered = info(outcome).verdict == Verdict::answered;
  require(replies.all().size() == (answered ? 1 : 0));
  if (answered) check_reply(slots[0], request, snapshot);
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reveille;
  static const Snapshot snapshot = make_snapshot();
  if (size < 1) return 0;
  const std::uint8_t choice = data[0];
  const FrameInfo info{.port = static_cast<std::uint16_t>(choice & 3),
                       .ipv4_checksum_good = (choice & 4) != 0,
                       .udp_checksum_good = (choice & 8) != 0};
  std::vector<std::uint8_t> frame(data + 1, data + size);
  if ((choice & 16) != 0) mend(frame);
  const auto request = classify(frame, info, snapshot);
  if (!request) {
    const Verdict verdict = reveille::info(request.refusal()).verdict;
    require(verdict == Verdict::refused || verdict == Verdict::passed);
    return 0;
  }
  check_request(*request, frame, info, snapshot);
  answer(*request, snapshot);
  return 0;
}
