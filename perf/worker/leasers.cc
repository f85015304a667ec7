#include "worker/leasers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <random>
#include <utility>

#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/udp.h>

namespace reveille::bench {
namespace {

using wire::DhcpOption;
using wire::DhcpType;

constexpr std::size_t kMessageAt = wire::kEthernetHeader + wire::kIpv4Header + wire::kUdpHeader;
constexpr std::size_t kXid = kMessageAt + 4;
constexpr std::size_t kYiaddr = kMessageAt + 16;
constexpr std::size_t kChaddr = kMessageAt + 28;
constexpr std::size_t kType = kMessageAt + wire::kDhcpOptionsOffset + 2;  // the first option
constexpr std::size_t kMachineNumber = 2;  // octets of its MAC address before its number

}  // namespace

// What UEFI firmware sends, as far as it matters here.
Leasers::Template Leasers::make(DhcpType type, const Station& station) {
  const MacAddress mac{{0x52, 0x54}};
  std::array<std::uint8_t, 548> room{};
  wire::DhcpWriter writer(room, room.size());
  writer.request_of(mac, 0);
  writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(type));
  constexpr std::array<std::uint8_t, 35> kList{
      1,  2,  3,  4,  5,  6,  12, 13, 15, 17,  18,  22,  23,  28,  40,  41,  42, 43,
      50, 51, 54, 58, 59, 60, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135};
  writer.option(DhcpOption::parameter_request_list, Bytes{kList});
  std::array<std::uint8_t, 17> identifier{};
  identifier.back() = 1;
  writer.option(DhcpOption::client_machine_identifier, Bytes{identifier});
  writer.option_u16(DhcpOption::client_architecture, 7);
  writer.option(DhcpOption::vendor_class, "PXEClient:Arch:00007:UNDI:003001");
  if (type == DhcpType::request) {
    writer.option_address(DhcpOption::server_identifier, station.address.address);
    writer.option_address(DhcpOption::requested_address, {});
  }
  const std::size_t length = writer.finish();

  Template made;
  made.frame.resize(kMessageAt + length);
  std::uint8_t* to = made.frame.data();
  to = wire::write_ethernet(to, MacAddress::broadcast(), mac, 0, wire::EtherType::ipv4);
  to = wire::write_ipv4(to, wire::IpProtocol::udp, {}, Ipv4Address::broadcast(),
                        wire::kUdpHeader + length);
  to = wire::write_udp(to, {}, wire::kDhcpClientPort, Ipv4Address::broadcast(),
                       wire::kDhcpServerPort, length, 0);
  store_be16(to - 2, 0);  // no checksum: it would have to be made anew for each machine
  std::copy_n(room.begin(), length, to);
  if (type == DhcpType::request) {
    const auto view = wire::DhcpView::parse({to, length});
    made.requested_address_at = static_cast<std::size_t>(
        view->option(DhcpOption::requested_address)->data() - made.frame.data());
  }
  return made;
}

Leasers::Leasers(std::uint32_t machines, const Station& station)
    : discover_(make(DhcpType::discover, station)),
      request_(make(DhcpType::request, station)),
      offered_(machines),
      order_(machines) {
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  std::shuffle(order_.begin(), order_.end(), std::mt19937(2));
}

unsigned Leasers::fill(std::span<rte_mbuf*> room, std::uint64_t) {
  // A queue that never ends is an overload, in which DISCOVERs give way: every other look finds
  // none.
  if (std::exchange(pause_, !pause_)) return 0;
  unsigned count = 0;
  const Template& from = phase() == 0 ? discover_ : request_;
  const std::size_t end = order_.size() * (phase() + 1);
  for (; count < room.size() && asked_ < end; ++count) {
    const std::uint32_t machine = order_[asked_++ % order_.size()];
    rte_mbuf& frame = *room[count];
    auto* const data = rte_pktmbuf_mtod(&frame, std::uint8_t*);
    std::memcpy(data, from.frame.data(), from.frame.size());
    store_be32(data + 6 + kMachineNumber, machine);
    store_be32(data + kChaddr + kMachineNumber, machine);
    store_be32(data + kXid, machine);
    if (from.requested_address_at != 0) {
      store_be32(data + from.requested_address_at, offered_[machine].value);
    }
    frame.data_len = static_cast<std::uint16_t>(from.frame.size());
    frame.pkt_len = frame.data_len;
  }
  return count;
}

void Leasers::sent(std::span<rte_mbuf*> frames, std::uint64_t) {
  for (const rte_mbuf* frame : frames) {
    const auto* data = rte_pktmbuf_mtod(frame, const std::uint8_t*);
    // Free addresses are asked for by ARP meanwhile.
    if (load_be16(data + 12) != static_cast<std::uint16_t>(wire::EtherType::ipv4)) continue;
    const std::uint32_t machine = load_be32(data + kXid);
    if (machine >= offered_.size()) continue;
    offered_[machine] = Ipv4Address::from(data + kYiaddr);
    const auto type = static_cast<DhcpType>(data[kType]);
    offers_ += type == DhcpType::offer ? 1 : 0;
    acks_ += type == DhcpType::ack ? 1 : 0;
  }
}

}  // namespace reveille::bench
