#include "storm/ideal_responder.h"

#include <algorithm>
#include <charconv>

#include <reveille/wire/arp.h>
#include <reveille/wire/dhcp.h>
#include <reveille/wire/tftp.h>

#include "storm/machine.h"

namespace reveille::storm {
namespace {

using wire::DhcpOption;
using wire::DhcpType;

// The server's port of a transfer says its block size: nothing else has to be remembered.
constexpr std::uint16_t kPortsFrom = 10000;
constexpr std::uint16_t kBlockSizeMax = 1468;
constexpr std::uint32_t kAddressesFrom = 0x100;  // after our own

}  // namespace

void IdealResponder::receive(Bytes frame) {
  const auto ethernet = wire::EthernetView::parse(frame);
  if (!ethernet) return;
  if (ethernet->type() == wire::EtherType::arp) {
    const auto arp = wire::ArpView::parse(ethernet->payload());
    if (arp && arp->operation() == wire::ArpOperation::request &&
        arp->target_address() == address_) {
      network_.tell(mac_, address_, arp->sender_mac(), arp->sender_address());
    }
    return;
  }
  if (ethernet->type() != wire::EtherType::ipv4) return;
  const auto packet = wire::Ipv4View::parse(ethernet->payload(), wire::Verified::yes);
  if (!packet) return;
  const auto datagram = wire::UdpView::parse(*packet);
  if (!datagram) return;
  const Peer peer{ethernet->source(), packet->source(), datagram->source_port()};
  const std::uint16_t port = datagram->destination_port();
  if (port == wire::kDhcpServerPort) {
    receive_dhcp(datagram->payload());
  } else if (port == wire::kTftpPort) {
    receive_read_request(peer, datagram->payload());
  } else if (port > kPortsFrom && port <= kPortsFrom + kBlockSizeMax) {
    const auto block = wire::tftp_acknowledged_block(datagram->payload());
    if (block) {
      send_block(peer, static_cast<std::uint16_t>(port - kPortsFrom),
                 static_cast<std::uint16_t>(*block + 1));
    }
  }
}

// Where an ACK has its fields when its IPv4 header is a plain one; another frame only prefetches in
// vain.
void IdealResponder::prefetch(Bytes frame) const {
  constexpr std::size_t kUdp = wire::kEthernetHeader + wire::kIpv4Header;
  constexpr std::size_t kBlock = kUdp + wire::kUdpHeader + 2;
  constexpr std::size_t kLine = 64;
  if (frame.size() < kBlock + 2) return;
  const std::size_t block_size = load_be16(&frame[kUdp + 2]) - std::size_t{kPortsFrom};
  const std::size_t at = load_be16(&frame[kBlock]) * block_size;
  if (block_size > kBlockSizeMax || at >= bytes_.size()) return;
  const std::size_t end = std::min(at + block_size, bytes_.size());
  for (std::size_t line = at; line < end; line += kLine) __builtin_prefetch(&bytes_[line], 0, 2);
}

void IdealResponder::receive_dhcp(Bytes payload) {
  const auto request = wire::DhcpView::parse(payload);
  if (!request || request->op() != wire::DhcpOp::request) return;
  const bool discover = request->type() == DhcpType::discover;
  if (!discover && request->type() != DhcpType::request) return;
  const Ipv4Address leased{address_.value + kAddressesFrom +
                           (number_of(request->chaddr()) & 0xfffff)};
  const MutableBytes room = network_.payload();
  wire::DhcpWriter writer(room, room.size());
  writer.reply_to(*request);
  writer.yiaddr(leased);
  writer.siaddr(address_);
  writer.file("ideal");
  writer.option_u8(DhcpOption::message_type,
                   static_cast<std::uint8_t>(discover ? DhcpType::offer : DhcpType::ack));
  writer.option_address(DhcpOption::server_identifier, address_);
  writer.option_u32(DhcpOption::lease_time, 3600);
  writer.option_address(DhcpOption::subnet_mask, {0xff000000});
  constexpr std::array<std::uint8_t, 4> kUseBootFile{6, 1, 8, 255};
  writer.option(DhcpOption::vendor_specific, Bytes{kUseBootFile});
  writer.option(DhcpOption::vendor_class, "PXEClient");
  const bool relayed = !request->giaddr().is_zero();
  const Peer peer{request->chaddr(), relayed ? request->giaddr() : leased,
                  relayed ? wire::kDhcpServerPort : wire::kDhcpClientPort};
  send(peer, wire::kDhcpServerPort, writer.finish());
}

void IdealResponder::receive_read_request(const Peer& peer, Bytes payload) {
  const auto request = wire::TftpView::parse(payload);
  if (!request || request->opcode() != wire::TftpOpcode::read_request) return;
  std::array<wire::TftpOption, 2> options;
  std::size_t count = 0;
  std::uint16_t block_size = 512;
  const std::string size = std::to_string(bytes_.size());
  std::string blocks;
  if (const auto asked = request->option("blksize")) {
    std::from_chars(asked->data(), asked->data() + asked->size(), block_size);
    block_size = std::clamp<std::uint16_t>(block_size, 8, kBlockSizeMax);
    blocks = std::to_string(block_size);
    options[count++] = {"blksize", blocks};
  }
  if (request->option("tsize")) options[count++] = {"tsize", size};
  if (count == 0) {
    send_block(peer, block_size, 1);
    return;
  }
  send(peer, static_cast<std::uint16_t>(kPortsFrom + block_size),
       wire::write_tftp_oack(network_.payload(), std::span{options}.first(count)));
}

const std::vector<std::uint16_t>& IdealResponder::sums_of(std::uint16_t block_size) {
  std::vector<std::uint16_t>& sums = sums_[block_size];
  if (!sums.empty()) return sums;
  for (std::size_t at = 0; at <= bytes_.size(); at += block_size) {
    sums.push_back(
        wire::sum(bytes_.subspan(at, std::min<std::size_t>(block_size, bytes_.size() - at))));
  }
  return sums;
}

void IdealResponder::send_block(const Peer& peer, std::uint16_t block_size, std::uint16_t block) {
  const std::size_t at = std::size_t{static_cast<std::uint16_t>(block - 1)} * block_size;
  if (block_size == 0 || at > bytes_.size()) return;
  const Bytes data = bytes_.subspan(at, std::min<std::size_t>(block_size, bytes_.size() - at));
  const std::uint16_t data_sum = sums_of(block_size)[block - 1U];
  const MutableBytes room = network_.payload();
  wire::write_tftp_data_header(room.data(), block);
  const auto header_sum = static_cast<std::uint16_t>(wire::TftpOpcode::data);
  network_.send({.from_mac = mac_,
                 .to_mac = peer.mac,
                 .from = address_,
                 .to = peer.address,
                 .from_port = static_cast<std::uint16_t>(kPortsFrom + block_size),
                 .to_port = peer.port},
                wire::kTftpDataHeader, data,
                wire::fold(std::uint64_t{header_sum} + block + data_sum));
}

void IdealResponder::send(const Peer& peer, std::uint16_t from_port, std::size_t length) {
  network_.send({.from_mac = mac_,
                 .to_mac = peer.mac,
                 .from = address_,
                 .to = peer.address,
                 .from_port = from_port,
                 .to_port = peer.port},
                length);
}

}  // namespace reveille::storm
