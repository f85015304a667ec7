// Ethernet frames, with at most one 802.1Q tag.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/checked.h>

namespace reveille::wire {

enum class EtherType : std::uint16_t {
  ipv4 = 0x0800,
  arp = 0x0806,
  vlan = 0x8100,
  ipv6 = 0x86dd,
  aoe = 0x88a2,
  service_vlan = 0x88a8,         // IEEE 802.1ad
  service_vlan_before = 0x9100,  // what switches used before 802.1ad
};

inline constexpr std::size_t kEthernetHeader = 14;
inline constexpr std::size_t kVlanTag = 4;

// A frame, checked: a whole header, and at most one tag, of 802.1Q.
// Refusals: frame_truncated, vlan_stacked.
class EthernetView {
 public:
  static Checked<EthernetView> parse(Bytes frame) {
    if (frame.size() < kEthernetHeader) return Outcome::frame_truncated;
    EthernetView view;
    view.frame_ = frame;
    const EtherType outer = type_at(frame, kEthernetHeader - 2);
    view.type_ = outer;
    if (outer == EtherType::service_vlan || outer == EtherType::service_vlan_before) {
      return Outcome::vlan_stacked;
    }
    if (outer == EtherType::vlan) {
      if (frame.size() < kEthernetHeader + kVlanTag) return Outcome::frame_truncated;
      view.header_length_ = kEthernetHeader + kVlanTag;
      const EtherType inner = type_at(frame, kEthernetHeader + kVlanTag - 2);
      view.type_ = inner;
      if (inner == EtherType::vlan || inner == EtherType::service_vlan ||
          inner == EtherType::service_vlan_before) {
        return Outcome::vlan_stacked;
      }
    }
    return view;
  }

  [[nodiscard]] MacAddress destination() const { return MacAddress::from(destination_octets()); }
  [[nodiscard]] MacAddress source() const { return MacAddress::from(source_octets()); }
  [[nodiscard]] const std::uint8_t* destination_octets() const { return frame_.data(); }
  [[nodiscard]] const std::uint8_t* source_octets() const { return frame_.data() + 6; }
  [[nodiscard]] bool tagged() const { return header_length_ != kEthernetHeader; }
  // Zero without a tag; zero in a tag means that it carries a priority only.
  [[nodiscard]] std::uint16_t vlan() const {
    return tagged() ? load_be16(&frame_[kEthernetHeader]) & 0x0fff : 0;
  }
  [[nodiscard]] EtherType type() const { return type_; }  // behind the tag
  // With whatever padding the frame has.
  [[nodiscard]] Bytes payload() const { return frame_.subspan(header_length_); }

 private:
  static EtherType type_at(Bytes frame, std::size_t at) {
    return static_cast<EtherType>(load_be16(&frame[at]));
  }

  Bytes frame_;
  EtherType type_{};
  std::uint8_t header_length_ = kEthernetHeader;
};

[[nodiscard]] constexpr std::size_t ethernet_length(std::uint16_t vlan) {
  return kEthernetHeader + (vlan != 0 ? kVlanTag : 0);
}

// Writes ethernet_length(vlan) octets and returns what follows them. `vlan` 0: no tag.
inline std::uint8_t* write_ethernet(std::uint8_t* to, const MacAddress& destination,
                                    const MacAddress& source, std::uint16_t vlan, EtherType type) {
  std::memcpy(to, destination.octets.data(), 6);
  std::memcpy(to + 6, source.octets.data(), 6);
  to += 12;
  if (vlan != 0) {
    store_be16(to, static_cast<std::uint16_t>(EtherType::vlan));
    store_be16(to + 2, vlan);
    to += kVlanTag;
  }
  store_be16(to, static_cast<std::uint16_t>(type));
  return to + 2;
}

}  // namespace reveille::wire
