// Neighbour and router discovery over ICMPv6: RFC 4861, as far as a boot server needs it.
#pragma once

#include <cstdint>
#include <optional>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/checked.h>
#include <reveille/wire/ipv6.h>

namespace reveille::wire {

enum class Icmpv6Type : std::uint8_t {
  router_solicitation = 133,
  router_advertisement = 134,
  neighbour_solicitation = 135,
  neighbour_advertisement = 136,
};

// The type octet of an ICMPv6 packet; nullopt when it has none.
[[nodiscard]] std::optional<Icmpv6Type> icmpv6_type(const Ipv6View& packet);

// What the four messages share, checked as RFC 4861 6.1 and 7.1 want: hop limit 255, checksum,
// code 0, the least length of the type, no option of length zero or past the end; and that the
// source is no group (RFC 4291 2.7).
// Refusal of all: icmpv6_malformed.
class DiscoveryView {
 public:
  [[nodiscard]] Ipv6Address source() const { return Ipv6Address::from(&packet_[8]); }
  [[nodiscard]] Ipv6Address destination() const { return Ipv6Address::from(&packet_[24]); }

 protected:
  // Where the message and its options begin in the packet.
  static constexpr std::size_t kMessage = kIpv6Header;
  // `length`: of the message before its options.
  static bool check(const Ipv6View& packet, Icmpv6Type type, std::size_t length);
  // The Ethernet address in the first option of that type; nullopt when there is none.
  [[nodiscard]] std::optional<MacAddress> link_layer_option(std::uint8_t type,
                                                            std::size_t length) const;

  Bytes packet_;
};

// Also checked: a request from the unspecified address names no link-layer address.
class RouterSolicitationView : public DiscoveryView {
 public:
  static Checked<RouterSolicitationView> parse(const Ipv6View& packet);
  [[nodiscard]] std::optional<MacAddress> source_mac() const;
};

// Also checked: it comes from a link-local address.
class RouterAdvertisementView : public DiscoveryView {
 public:
  static Checked<RouterAdvertisementView> parse(const Ipv6View& packet);
  // Of the hosts' packets; zero = not said.
  [[nodiscard]] std::uint8_t hop_limit() const { return packet_[kMessage + 4]; }
  [[nodiscard]] bool managed() const { return (packet_[kMessage + 5] & 0x80) != 0; }
  [[nodiscard]] bool other_configuration() const { return (packet_[kMessage + 5] & 0x40) != 0; }
  // Zero: no default router.
  [[nodiscard]] std::uint16_t router_lifetime_s() const {
    return load_be16(&packet_[kMessage + 6]);
  }
  [[nodiscard]] std::optional<MacAddress> source_mac() const;
};

// Also checked: the target is no group; from the unspecified address (duplicate address
// detection) it goes to a solicited-node group and names no link-layer address.
class NeighbourSolicitationView : public DiscoveryView {
 public:
  static Checked<NeighbourSolicitationView> parse(const Ipv6View& packet);
  [[nodiscard]] Ipv6Address target() const { return Ipv6Address::from(&packet_[kMessage + 8]); }
  [[nodiscard]] std::optional<MacAddress> source_mac() const;
};

// Also checked: the target is no group; solicited ones go to no group.
class NeighbourAdvertisementView : public DiscoveryView {
 public:
  static Checked<NeighbourAdvertisementView> parse(const Ipv6View& packet);
  [[nodiscard]] bool router() const { return (packet_[kMessage + 4] & 0x80) != 0; }
  [[nodiscard]] bool solicited() const { return (packet_[kMessage + 4] & 0x40) != 0; }
  [[nodiscard]] bool override_entry() const { return (packet_[kMessage + 4] & 0x20) != 0; }
  [[nodiscard]] Ipv6Address target() const { return Ipv6Address::from(&packet_[kMessage + 8]); }
  [[nodiscard]] std::optional<MacAddress> target_mac() const;
};

// ff02::1 and ff02::2; ff02::1:ffXX:XXXX with the last three octets of `address`.
[[nodiscard]] Ipv6Address all_nodes();
[[nodiscard]] Ipv6Address all_routers();
[[nodiscard]] Ipv6Address solicited_node(const Ipv6Address& address);
// 33:33 and the last four octets of the group (RFC 2464 7).
[[nodiscard]] MacAddress group_mac(const Ipv6Address& group);

// Both write a whole packet, IPv6 header included, and return its length, or 0 when it does
// not fit in `room`.
struct NeighbourAdvertisement {
  Ipv6Address destination;
  Ipv6Address target;  // also the source
  MacAddress target_mac;
  bool solicited = false;
};
std::size_t write_neighbour_advertisement(MutableBytes room, const NeighbourAdvertisement& what);

// An advertisement of nothing: lifetime 0, no flags, no prefix, only who speaks.
std::size_t write_empty_router_advertisement(MutableBytes room, const Ipv6Address& source,
                                             const MacAddress& source_mac,
                                             const Ipv6Address& destination);

}  // namespace reveille::wire
