// The subnets, pools and reservations of the configuration, indexed for the packet path.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <reveille/config.h>

#include "packet/share.h"
#include "table/flat_table.h"

namespace reveille {

// The lease time that stands for infinity: RFC 2131 section 3.3.
inline constexpr std::uint32_t kForEver = 0xffffffff;

// One subnet with everything that its clients are told.
struct Subnet {
  SubnetConfig config;
  std::uint16_t index = 0;
  std::uint32_t lease_seconds = 0;  // kForEver: no end
};

// Built by control from a checked configuration; immutable, allocates nothing afterwards.
//
// Which subnet a request belongs to: the one that lists the relay in `relays`, else the one
// with the longest prefix that contains the relay's giaddr, or our own address where there is
// no relay. One link has one subnet.
class Subnets {
 public:
  static constexpr std::size_t kSubnetsMax = 4096;
  // Pool addresses of all subnets together. Further ones are left out; control refuses such a
  // configuration by count_addresses().
  static constexpr std::uint64_t kAddressesMax = std::uint64_t{1} << 22;
  [[nodiscard]] static std::uint64_t count_addresses(const Config& config);

  explicit Subnets(const Config& config);
  Subnets(const Subnets&) = delete;
  Subnets& operator=(const Subnets&) = delete;

  [[nodiscard]] const std::vector<Subnet>& all() const { return subnets_; }
  [[nodiscard]] const Subnet* containing(Ipv4Address address) const;
  [[nodiscard]] const Subnet* of_relay(Ipv4Address giaddr) const;

  // May be leased: in a pool of `subnet`, and not the network's own, its broadcast, one of our
  // own addresses, or one that the configuration gives to a router, a relay or a server.
  [[nodiscard]] bool is_in_pool(const Subnet& subnet, Ipv4Address address) const;
  // The subnet that leases an address, from a pool or as a reservation; nullptr: none does.
  [[nodiscard]] const Subnet* leasing(Ipv4Address address) const;
  // Somebody's reservation: leased to nobody else.
  [[nodiscard]] bool is_reserved(Ipv4Address address) const {
    return reserved_.find(address.value) != nullptr;
  }

  // Whose; nullptr: nobody's.
  [[nodiscard]] const HostConfig* reserved_for(Ipv4Address address) const {
    const std::uint32_t* const host = reserved_.find(address.value);
    return host == nullptr ? nullptr : &hosts_[*host];
  }
  // What whoever asks may have.
  [[nodiscard]] bool is_for_anybody(const Subnet& subnet, Ipv4Address address) const {
    return is_in_pool(subnet, address) && !is_reserved(address);
  }

  // The reservation of a client, by the first key that is known: MAC address, UUID, client-id.
  // Of two hosts with one key the first counts. A client-id that begins with type octet 0 is also
  // looked for without it: some clients send text with it, others as it is. nullptr when there is
  // none.
  [[nodiscard]] const HostConfig* host(const MacAddress* mac, const Uuid* uuid,
                                       Bytes client_id) const;

  // visit(const Subnet&, Ipv4Address, bool reserved) for each address that `share` owns at
  // start, in ascending order within a pool. Pool addresses are dealt out in turn; a
  // reservation by MAC belongs to the worker that owns the machine.
  template <class Visit>
  void for_each_address(Share share, Visit&& visit) const;
  // How many of them there are in each subnet, by index. All shares together: count 1.
  [[nodiscard]] std::vector<std::uint32_t> addresses_per_subnet(Share share) const;

 private:
  struct Hash {
    std::uint64_t operator()(std::uint64_t key) const { return mix(key); }
  };
  struct UuidHash {
    std::uint64_t operator()(const Uuid& uuid) const {
      return mix(load_be64(uuid.octets.data()) ^ mix(load_be64(uuid.octets.data() + 8)));
    }
  };
  struct ClientIdHost {
    Bytes client_id;  // points into hosts_
    std::uint32_t host;
  };
  [[nodiscard]] const HostConfig* host_of_client_id(Bytes client_id) const;
  void index_subnets();
  void index_hosts();
  void set_aside(const Config& config);
  [[nodiscard]] bool is_usable(const Subnet& subnet, Ipv4Address address) const;

  std::vector<Subnet> subnets_;
  std::vector<HostConfig> hosts_;
  std::vector<std::uint8_t> lengths_;  // prefix lengths in use, longest first
  FlatTable<std::uint64_t, std::uint16_t, Hash> by_network_;  // length and network
  FlatTable<std::uint32_t, std::uint16_t, Hash> by_relay_;
  FlatTable<std::uint32_t, std::uint32_t, Hash> reserved_;  // address to the first such host
  FlatTable<std::uint32_t, bool, Hash> set_aside_;
  FlatTable<std::uint64_t, std::uint32_t, Hash> host_by_mac_;
  FlatTable<Uuid, std::uint32_t, UuidHash> host_by_uuid_;
  std::vector<ClientIdHost> host_by_client_id_;  // sorted
};

template <class Visit>
void Subnets::for_each_address(Share share, Visit&& visit) const {
  std::uint64_t dealt = 0;
  for (const Subnet& subnet : subnets_) {
    for (const PoolConfig& pool : subnet.config.pools) {
      for (std::uint64_t value = pool.first.value; value <= pool.last.value; ++value) {
        const Ipv4Address address{static_cast<std::uint32_t>(value)};
        if (!is_usable(subnet, address) || is_reserved(address)) continue;
        if (dealt == kAddressesMax) break;
        if (dealt++ % share.count == share.index) visit(subnet, address, false);
      }
    }
  }
  for (std::uint32_t i = 0; i < hosts_.size(); ++i) {
    const HostConfig& host = hosts_[i];
    if (!host.address || *reserved_.find(host.address->value) != i) continue;
    const Subnet* subnet = containing(*host.address);
    if (subnet == nullptr || !is_usable(*subnet, *host.address)) continue;
    const std::uint64_t key = host.mac ? host.mac->number() : host.address->value;
    if (owner_of(key, share.count) == share.index) visit(*subnet, *host.address, true);
  }
}

}  // namespace reveille
