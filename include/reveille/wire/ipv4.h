// IPv4 headers: RFC 791, RFC 1122.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/checked.h>
#include <reveille/wire/checksum.h>

namespace reveille::wire {

enum class IpProtocol : std::uint8_t { icmp = 1, udp = 17, icmpv6 = 58 };

// Whether the NIC has already found a checksum right.
enum class Verified : bool { no, yes };

inline constexpr std::size_t kIpv4Header = 20;  // without options

// A whole datagram, checked: version, header and total length, header checksum; no fragment.
// Options are skipped. What follows the total length is Ethernet padding.
// Refusals: ipv4_malformed, ipv4_bad_checksum, ipv4_fragment.
class Ipv4View {
 public:
  static Checked<Ipv4View> parse(Bytes packet, Verified checksum = Verified::no) {
    if (packet.size() < kIpv4Header || packet[0] >> 4 != 4) return Outcome::ipv4_malformed;
    const std::size_t header = (packet[0] & 0x0fU) * 4U;
    const std::size_t total = load_be16(&packet[2]);
    if (header < kIpv4Header || total < header || total > packet.size()) {
      return Outcome::ipv4_malformed;
    }
    if (checksum == Verified::no &&
        !(header == kIpv4Header ? twenty_sum_up(packet.data())
                                : sum(packet.first(header)) == 0xffff)) {
      return Outcome::ipv4_bad_checksum;
    }
    // MF, or an offset; DF and the reserved bit say nothing about this packet.
    if ((load_be16(&packet[6]) & 0x3fff) != 0) return Outcome::ipv4_fragment;
    Ipv4View view;
    view.packet_ = packet.first(total);
    view.header_length_ = static_cast<std::uint8_t>(header);
    view.protocol_ = static_cast<IpProtocol>(packet[9]);
    view.source_ = Ipv4Address::from(&packet[12]);
    view.destination_ = Ipv4Address::from(&packet[16]);
    return view;
  }

  [[nodiscard]] std::uint8_t time_to_live() const { return packet_[8]; }
  [[nodiscard]] IpProtocol protocol() const { return protocol_; }
  [[nodiscard]] Ipv4Address source() const { return source_; }
  [[nodiscard]] Ipv4Address destination() const { return destination_; }
  // Empty without options.
  [[nodiscard]] Bytes options() const {
    return packet_.subspan(kIpv4Header, header_length_ - kIpv4Header);
  }
  [[nodiscard]] Bytes payload() const { return packet_.subspan(header_length_); }

 private:
  Bytes packet_;
  // Read where their place is known to be there: later the compiler would check it once more.
  Ipv4Address source_;
  Ipv4Address destination_;
  IpProtocol protocol_{};
  std::uint8_t header_length_ = kIpv4Header;
};

// Writes kIpv4Header octets and returns what follows them. Nothing that we send is ever
// fragmented: DF is set, and the identification then means nothing (RFC 6864 4.1).
inline std::uint8_t* write_ipv4(std::uint8_t* to, IpProtocol protocol, Ipv4Address source,
                                Ipv4Address destination, std::size_t payload_length) {
  constexpr std::uint16_t kVersionAndLength = 0x4500;
  constexpr std::uint16_t kDontFragment = 0x4000;
  constexpr std::uint16_t kTimeToLive = 64;
  const auto total = static_cast<std::uint16_t>(kIpv4Header + payload_length);
  const auto life_and_protocol =
      static_cast<std::uint16_t>(kTimeToLive << 8 | static_cast<unsigned>(protocol));
  store_be16(to, kVersionAndLength);
  store_be16(to + 2, total);
  store_be16(to + 4, 0);
  store_be16(to + 6, kDontFragment);
  store_be16(to + 8, life_and_protocol);
  const std::uint16_t header_sum =
      fold(std::uint64_t{kVersionAndLength} + total + kDontFragment + life_and_protocol +
           (source.value >> 16) + (source.value & 0xffff) + (destination.value >> 16) +
           (destination.value & 0xffff));
  store_be16(to + 10, static_cast<std::uint16_t>(~header_sum));
  store_be32(to + 12, source.value);
  store_be32(to + 16, destination.value);
  return to + kIpv4Header;
}

}  // namespace reveille::wire
