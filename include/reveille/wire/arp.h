// ARP for IPv4 on Ethernet: RFC 826.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/checked.h>

namespace reveille::wire {

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

inline constexpr std::size_t kArpLength = 28;

// A packet, checked: Ethernet and IPv4 addresses, whole. What follows is padding.
// Refusal: arp_malformed.
class ArpView {
 public:
  static Checked<ArpView> parse(Bytes packet) {
    // Hardware type 1, protocol 0x0800, address lengths 6 and 4.
    if (packet.size() < kArpLength || load_be32(&packet[0]) != 0x00010800 ||
        load_be16(&packet[4]) != 0x0604) {
      return Outcome::arp_malformed;
    }
    ArpView view;
    view.packet_ = packet.first(kArpLength);
    return view;
  }

  // Values other than the two named ones are kept.
  [[nodiscard]] ArpOperation operation() const {
    return static_cast<ArpOperation>(load_be16(&packet_[6]));
  }
  [[nodiscard]] MacAddress sender_mac() const { return MacAddress::from(&packet_[8]); }
  // Zero in a probe (RFC 5227 2.1.1).
  [[nodiscard]] Ipv4Address sender_address() const { return Ipv4Address::from(&packet_[14]); }
  [[nodiscard]] MacAddress target_mac() const { return MacAddress::from(&packet_[18]); }
  [[nodiscard]] Ipv4Address target_address() const { return Ipv4Address::from(&packet_[24]); }

 private:
  Bytes packet_;
};

struct ArpHost {
  MacAddress mac;
  Ipv4Address address;
};

// Writes kArpLength octets and returns what follows them.
inline std::uint8_t* write_arp(std::uint8_t* to, ArpOperation operation, const ArpHost& sender,
                               const ArpHost& target) {
  store_be32(to, 0x00010800);
  store_be16(to + 4, 0x0604);
  store_be16(to + 6, static_cast<std::uint16_t>(operation));
  std::memcpy(to + 8, sender.mac.octets.data(), 6);
  store_be32(to + 14, sender.address.value);
  std::memcpy(to + 18, target.mac.octets.data(), 6);
  store_be32(to + 24, target.address.value);
  return to + kArpLength;
}

}  // namespace reveille::wire
