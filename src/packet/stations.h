// Who we are, on each port and VLAN.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <reveille/address.h>

namespace reveille {

// Us, on one port and VLAN. Request::station and Reply::station name one by its index. A cache line
// for itself: each frame looks at its own.
struct alignas(64) Station {
  std::uint16_t port = 0;  // DPDK port index
  std::uint16_t vlan = 0;  // 0 = untagged
  MacAddress mac;
  Ipv4Prefix address;  // our address, with the link's prefix length
  Ipv6Address link_local;
  std::uint16_t mtu = 1500;
  // Virtual ports deliver frames whose UDP checksum was left to hardware that does not exist:
  // the field then holds the pseudo-header's sum. Accepted where this is set.
  bool partial_checksums = false;
};

// The stations, at most kStationsMax (packet/link_state.h), in a fixed order, with an index so
// that a frame finds its own in two loads however many VLANs there are.
class Stations {
 public:
  static constexpr std::uint16_t kNone = 0xffff;

  Stations() = default;
  Stations(std::initializer_list<Station> stations) : Stations(std::vector<Station>(stations)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): a list of stations is the stations
  Stations(const std::vector<Station>& stations) {
    for (const Station& station : stations) push_back(station);
  }

  // The first of two with the same port and VLAN is the one that is found. VLAN ids of 4096
  // and more are never found.
  void push_back(const Station& station);
  // Everything but its port and VLAN may be changed.
  [[nodiscard]] Station& operator[](std::size_t index) { return all_[index]; }

  // The index of the station of that port and VLAN (0 = untagged), or kNone.
  [[nodiscard]] std::uint16_t find(std::uint16_t port, std::uint16_t vlan) const {
    if (port >= by_vlan_.size() || vlan >= kVlans) return kNone;
    return by_vlan_[port][vlan];
  }
  [[nodiscard]] const Station& operator[](std::size_t index) const { return all_[index]; }
  [[nodiscard]] const Station& at(std::size_t index) const { return all_.at(index); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::vector<Station>::const_iterator begin() const { return all_.begin(); }
  [[nodiscard]] std::vector<Station>::const_iterator end() const { return all_.end(); }

 private:
  static constexpr std::size_t kVlans = 4096;

  std::vector<Station> all_;
  std::vector<std::array<std::uint16_t, kVlans>> by_vlan_;  // one for each port
};

}  // namespace reveille
