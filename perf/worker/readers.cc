#include "worker/readers.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <string>

#include <rte_cycles.h>

#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/tftp.h>
#include <reveille/wire/udp.h>

namespace reveille::bench {
namespace {

constexpr std::uint16_t kPort = 2070;
constexpr std::size_t kWaiting = 65536;  // ACKs without an answer yet
constexpr std::size_t kLatenciesMax = 1 << 22;
constexpr Ipv4Address kFirst = Ipv4Address::of(10, 78, 0, 1);

MacAddress mac_of(Ipv4Address address) {
  MacAddress mac{{0x52, 0x54}};
  store_be32(&mac.octets[2], address.value);
  return mac;
}

// Headers of a UDP datagram; checksum 0, "none", so that nobody has to read the payload for it.
std::uint8_t* write_headers(std::uint8_t* to, const Station& station, Ipv4Address client,
                            std::uint16_t port, std::size_t length) {
  to = wire::write_ethernet(to, station.mac, mac_of(client), 0, wire::EtherType::ipv4);
  to = wire::write_ipv4(to, wire::IpProtocol::udp, client, station.address.address,
                        wire::kUdpHeader + length);
  to = wire::write_udp(to, client, kPort, station.address.address, port, length, 0);
  store_be16(to - 2, 0);
  return to;
}

}  // namespace

double Latencies::at(double quantile) {
  if (cycles.empty()) return 0;
  const auto place =
      cycles.begin() + static_cast<std::ptrdiff_t>(quantile * double(cycles.size() - 1));
  std::nth_element(cycles.begin(), place, cycles.end());
  return *place;
}

Readers::Readers(const Shape& shape, const Station& station)
    : shape_(shape), station_(station), machines_(shape.transfers), order_(shape.transfers) {
  Ipv4Address address = kFirst;
  for (Machine& machine : machines_) {
    while (owner_of(address.value, shape.share.count) != shape.share.index) ++address.value;
    machine.address = address;
    ++address.value;
  }
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  std::shuffle(order_.begin(), order_.end(), std::mt19937(2));
  if (shape.acks_per_second > 0) {
    cycles_between_ = static_cast<double>(rte_get_tsc_hz()) / shape.acks_per_second;
    due_.resize(kWaiting);
    // Touched here: a page that the kernel has to find is no part of the worker's turn.
    latencies_.cycles.resize(std::min<std::size_t>(shape.acks, kLatenciesMax));
    latencies_.cycles.clear();
  }
}

void Readers::write_read_request(rte_mbuf& frame, std::uint32_t number) const {
  std::array<std::uint8_t, 128> payload;
  const std::string size = std::to_string(shape_.block_size);
  const wire::TftpOption option{"blksize", size};
  const std::size_t length = wire::write_tftp_read_request(
      payload, "image" + std::to_string(number % shape_.images), "octet", {&option, 1});
  auto* const data = rte_pktmbuf_mtod(&frame, std::uint8_t*);
  std::uint8_t* const to =
      write_headers(data, station_, machines_[number].address, wire::kTftpPort, length);
  std::copy_n(payload.begin(), length, to);
  frame.data_len = static_cast<std::uint16_t>(to + length - data);
  frame.pkt_len = frame.data_len;
}

void Readers::write_ack(Machine& machine) const {
  std::uint8_t* const to =
      write_headers(machine.ack.data(), station_, machine.address, machine.transfer_id, 4);
  wire::write_tftp_ack({to, 4}, 0);
}

unsigned Readers::fill(std::span<rte_mbuf*> room, std::uint64_t now) {
  unsigned count = 0;
  if (!is_open()) {
    // A few at a time, and none twice: the next ones when these are open.
    for (; count < room.size() && asked_ < machines_.size() && asked_ - opened_ < 256; ++count) {
      write_read_request(*room[count], asked_++);
    }
    return count;
  }
  in_time_ |= now < shape_.from;
  if (now < shape_.from) return 0;
  over_ = shape_.until != 0 && now >= shape_.until;
  if (begin_ == 0) begin_ = now;
  for (; count < room.size() && !done(); ++count) {
    if (cycles_between_ > 0) {
      const auto due = begin_ + static_cast<std::uint64_t>(double(acked_) * cycles_between_);
      if (due > now || acked_ - answered_ == kWaiting) break;
      due_[acked_ % kWaiting] = due;
    }
    Machine& machine = machines_[order_[next_]];
    if (++next_ == order_.size()) next_ = 0;
    rte_mbuf& frame = *room[count];
    auto* const data = rte_pktmbuf_mtod(&frame, std::uint8_t*);
    std::memcpy(data, machine.ack.data(), kAckFrame);
    store_be16(data + 44, machine.block++);
    frame.data_len = kAckFrame;
    frame.pkt_len = kAckFrame;
    ++acked_;
  }
  return count;
}

void Readers::sent(std::span<rte_mbuf*> frames, std::uint64_t now) {
  if (is_open()) {
    if (cycles_between_ == 0) return;
    for (std::size_t i = 0; i < frames.size() && answered_ < acked_; ++i) {
      const std::uint64_t due = due_[answered_++ % kWaiting];
      if (latencies_.cycles.size() < kLatenciesMax) {
        latencies_.cycles.push_back(static_cast<float>(now - due));
      }
    }
    return;
  }
  for (const rte_mbuf* frame : frames) {
    const auto* data = rte_pktmbuf_mtod(frame, const std::uint8_t*);
    const Ipv4Address client = Ipv4Address::from(data + 30);
    const auto found = std::lower_bound(
        machines_.begin(), machines_.end(), client,
        [](const Machine& machine, Ipv4Address address) { return machine.address < address; });
    if (found == machines_.end() || found->address != client || found->transfer_id != 0) continue;
    found->transfer_id = load_be16(data + 34);
    write_ack(*found);
    ++opened_;
  }
}

}  // namespace reveille::bench
