// IPv6 headers: RFC 8200. Extension headers are not followed.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/checked.h>
#include <reveille/wire/ipv4.h>

namespace reveille::wire {

inline constexpr std::size_t kIpv6Header = 40;

// A packet, checked: version and payload length. What follows is Ethernet padding.
// Refusal: ipv6_malformed.
class Ipv6View {
 public:
  static Checked<Ipv6View> parse(Bytes packet) {
    if (packet.size() < kIpv6Header || packet[0] >> 4 != 6) return Outcome::ipv6_malformed;
    const std::size_t total = kIpv6Header + load_be16(&packet[4]);
    if (total > packet.size()) return Outcome::ipv6_malformed;
    Ipv6View view;
    view.packet_ = packet.first(total);
    return view;
  }

  [[nodiscard]] IpProtocol next_header() const { return static_cast<IpProtocol>(packet_[6]); }
  [[nodiscard]] std::uint8_t hop_limit() const { return packet_[7]; }
  [[nodiscard]] Ipv6Address source() const { return Ipv6Address::from(&packet_[8]); }
  [[nodiscard]] Ipv6Address destination() const { return Ipv6Address::from(&packet_[24]); }
  [[nodiscard]] Bytes payload() const { return packet_.subspan(kIpv6Header); }
  [[nodiscard]] Bytes packet() const { return packet_; }

 private:
  Bytes packet_;
};

// Writes kIpv6Header octets, hop limit 255, and returns what follows them.
inline std::uint8_t* write_ipv6(std::uint8_t* to, IpProtocol next_header, const Ipv6Address& source,
                                const Ipv6Address& destination, std::size_t payload_length) {
  store_be32(to, 0x60000000);
  store_be16(to + 4, static_cast<std::uint16_t>(payload_length));
  to[6] = static_cast<std::uint8_t>(next_header);
  to[7] = 255;
  std::memcpy(to + 8, source.octets.data(), 16);
  std::memcpy(to + 24, destination.octets.data(), 16);
  return to + kIpv6Header;
}

}  // namespace reveille::wire
