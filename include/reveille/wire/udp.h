// UDP over IPv4: RFC 768.
#pragma once

#include <cstdint>

#include <reveille/bytes.h>
#include <reveille/wire/checked.h>
#include <reveille/wire/checksum.h>
#include <reveille/wire/ipv4.h>

namespace reveille::wire {

inline constexpr std::size_t kUdpHeader = 8;

// A datagram, checked: its length lies within the packet. Octets after that length are not
// part of it. Refusal: udp_malformed.
class UdpView {
 public:
  static Checked<UdpView> parse(const Ipv4View& packet) {
    const Bytes bytes = packet.payload();
    if (bytes.size() < kUdpHeader) return Outcome::udp_malformed;
    const std::size_t length = load_be16(&bytes[4]);
    if (length < kUdpHeader || length > bytes.size()) return Outcome::udp_malformed;
    UdpView view;
    view.datagram_ = bytes.first(length);
    view.source_port_ = load_be16(&bytes[0]);
    view.destination_port_ = load_be16(&bytes[2]);
    view.checksum_ = load_be16(&bytes[6]);
    view.pseudo_header_ = pseudo_header_sum(packet.source(), packet.destination(), 17,
                                            static_cast<std::uint16_t>(length));
    return view;
  }

  [[nodiscard]] std::uint16_t source_port() const { return source_port_; }
  [[nodiscard]] std::uint16_t destination_port() const { return destination_port_; }
  [[nodiscard]] std::uint16_t checksum() const { return checksum_; }
  [[nodiscard]] Bytes payload() const { return datagram_.subspan(kUdpHeader); }

  // Apart from parse(), so that the many datagrams for ports that nobody serves cost no sum.
  // Zero says that the sender made none.
  [[nodiscard]] bool checksum_good() const {
    return checksum() == 0 || add(sum(datagram_), pseudo_header_) == 0xffff;
  }
  // The same where the payload's sum is known.
  [[nodiscard]] bool checksum_good(std::uint16_t payload_sum) const {
    const std::uint32_t header = std::uint32_t{source_port_} + destination_port_ + checksum_ +
                                 static_cast<std::uint32_t>(datagram_.size());
    return checksum() == 0 || fold32(header + payload_sum + pseudo_header_) == 0xffff;
  }
  // The field holds the pseudo-header's sum and nothing more: the sender left the rest to
  // hardware that a virtual port does not have.
  [[nodiscard]] bool checksum_left_to_hardware() const { return checksum() == pseudo_header_; }

 private:
  Bytes datagram_;
  std::uint16_t source_port_ = 0;
  std::uint16_t destination_port_ = 0;
  std::uint16_t checksum_ = 0;
  std::uint16_t pseudo_header_ = 0;
};

// Writes kUdpHeader octets and returns what follows them. `payload_sum`: the payload's
// ones'-complement sum, see checksum.h.
inline std::uint8_t* write_udp(std::uint8_t* to, Ipv4Address source, std::uint16_t source_port,
                               Ipv4Address destination, std::uint16_t destination_port,
                               std::size_t payload_length, std::uint16_t payload_sum) {
  const auto length = static_cast<std::uint16_t>(kUdpHeader + payload_length);
  const std::uint16_t pseudo = pseudo_header_sum(source, destination, 17, length);
  const auto checksum = static_cast<std::uint16_t>(
      ~fold(std::uint64_t{pseudo} + source_port + destination_port + length + payload_sum));
  store_be16(to, source_port);
  store_be16(to + 2, destination_port);
  store_be16(to + 4, length);
  // Zero would say that there is none.
  store_be16(to + 6, checksum == 0 ? 0xffff : checksum);
  return to + kUdpHeader;
}

}  // namespace reveille::wire
