// The subnets, pools and reservations of the configuration, indexed for the packet path.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "dhcp/address_groups.h"
#include "dhcp/address_plan.h"
#include "dhcp/lease.h"
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
  // Addresses of all pools together. Further ones are left out; control refuses such a
  // configuration by count_addresses().
  static constexpr std::uint64_t kAddressesMax = std::uint64_t{1} << 22;
  [[nodiscard]] static std::uint64_t count_addresses(const Config& config);

  // Of the start. `stored`: leases from before; addresses of those that this configuration leases
  // to nobody stay out of use until a restart.
  explicit Subnets(const Config& config, std::span<const LeaseChange> stored = {});
  // Of a reload with the same prefixes in the same order. A pool has the place that it had, also
  // when it is empty now. `recorded`: addresses that the store has leases of by now which no worker
  // was told of; they stay out of use until a restart. The error says why workers cannot follow.
  [[nodiscard]] static tl::expected<std::shared_ptr<const Subnets>, std::string> after(
      const Subnets& before, const Config& config, std::span<const Ipv4Address> recorded = {});
  Subnets(const Subnets&) = delete;
  Subnets& operator=(const Subnets&) = delete;

  [[nodiscard]] const std::vector<Subnet>& all() const { return subnets_; }
  [[nodiscard]] const Subnet* containing(Ipv4Address address) const;
  [[nodiscard]] const Subnet* of_relay(Ipv4Address giaddr) const;

  // Who is lent what. Those of the subnets' own pools have the subnets' numbers.
  [[nodiscard]] const std::vector<AddressGroup>& groups() const { return groups_.all(); }
  // So many there may be before a restart.
  [[nodiscard]] std::size_t groups_max() const { return groups_max_; }
  [[nodiscard]] const AddressPlan& plan() const { return plan_; }
  // What a subnet has of the pool that a rule names; kNoGroup: nothing.
  [[nodiscard]] std::uint16_t group_of(const Subnet& subnet, std::uint16_t pool) const {
    return groups_.find(subnet.index, pool);
  }
  // The one that an address counts in: that of its pool, else that of the subnet around it.
  [[nodiscard]] std::uint16_t group_at(const Subnet& subnet, Ipv4Address address) const {
    const std::uint16_t group = groups_.at(address);
    return group == kNoGroup ? subnet.index : group;
  }

  // The one that lends an address of that subnet; kNoGroup: none does.
  [[nodiscard]] std::uint16_t lender_of(std::uint16_t subnet, Ipv4Address address) const {
    const std::uint16_t group = groups_.at(address);
    if (group != kNoGroup && groups()[group].subnet == subnet) return group;
    return groups()[subnet].contains(address) ? subnet : kNoGroup;
  }

  // The subnet that leases an address, from a pool or as a reservation; nullptr: none does.
  [[nodiscard]] const Subnet* leasing(Ipv4Address address) const;
  // Reserved by a host or given by a rule: leased to nobody else.
  [[nodiscard]] bool is_reserved(Ipv4Address address) const {
    return reserved_.find(address.value) != nullptr;
  }
  // Which host's; nullptr: nobody's, or a rule's.
  [[nodiscard]] const HostConfig* reserved_for(Ipv4Address address) const {
    const std::uint32_t* const host = reserved_.find(address.value);
    return host == nullptr || *host == kRules ? nullptr : &hosts_[*host];
  }
  // What whoever the group is for may have: in its ranges, nobody's reservation, and not the
  // network's own address, its broadcast, one of our own, or one that the configuration gives to
  // a router, a relay or a server.
  [[nodiscard]] bool is_lent_by(std::uint16_t group, Ipv4Address address) const {
    return is_in(groups()[group], address) && !is_reserved(address);
  }

  // The reservation of a client, by the first key that is known: MAC address, UUID, client-id.
  // Of two hosts with one key the first counts. A client-id that begins with type octet 0 is also
  // looked for without it: some clients send text with it, others as it is. nullptr when there is
  // none.
  [[nodiscard]] const HostConfig* host(const MacAddress* mac, const Uuid* uuid,
                                       Bytes client_id) const;

  // visit(std::uint16_t group, Ipv4Address, bool reserved) for each address that `share` owns at
  // start, in ascending order within a range. Pool addresses are dealt out in turn; a reservation
  // by MAC belongs to the worker that owns the machine, any other to whom its address hashes to.
  template <class Visit>
  void for_each_address(Share share, Visit&& visit) const;
  // How many those are. All shares together: count 1.
  [[nodiscard]] std::uint32_t count_addresses(Share share) const;

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
  static constexpr std::uint32_t kRules = 0xffffffff;  // in reserved_: a rule gives it

  Subnets(const Config& config, const AddressGroups* before);
  [[nodiscard]] const HostConfig* host_of_client_id(Bytes client_id) const;
  void index_subnets();
  void index_groups(const Config& config, const AddressGroups* before);
  [[nodiscard]] std::vector<PlannedRange> lent() const;
  void index_hosts();
  void index_rules(const Config& config);
  void set_aside(const Config& config);
  [[nodiscard]] bool is_usable(const Subnet& subnet, Ipv4Address address) const;
  [[nodiscard]] bool is_in(const AddressGroup& group, Ipv4Address address) const {
    return group.contains(address) && is_usable(subnets_[group.subnet], address);
  }
  template <class Visit>
  void for_each_reservation(Share share, Visit&& visit) const;

  std::vector<Subnet> subnets_;
  AddressGroups groups_;
  std::vector<HostConfig> hosts_;
  std::vector<Ipv4Address> given_by_rules_;  // each once, and none of a host's
  std::vector<std::uint8_t> lengths_;        // prefix lengths in use, longest first
  FlatTable<std::uint64_t, std::uint16_t, Hash> by_network_;  // length and network
  FlatTable<std::uint32_t, std::uint16_t, Hash> by_relay_;
  FlatTable<std::uint32_t, std::uint32_t, Hash>
      reserved_;  // address to the first such host, or kRules
  FlatTable<std::uint32_t, bool, Hash> set_aside_;
  FlatTable<std::uint64_t, std::uint32_t, Hash> host_by_mac_;
  FlatTable<Uuid, std::uint32_t, UuidHash> host_by_uuid_;
  std::vector<ClientIdHost> host_by_client_id_;  // sorted
  AddressPlan plan_;
  std::size_t groups_max_ = 0;
};

template <class Visit>
void Subnets::for_each_address(Share share, Visit&& visit) const {
  std::uint64_t dealt = 0;
  for (std::size_t group = 0; group < groups().size(); ++group) {
    const Subnet& subnet = subnets_[groups()[group].subnet];
    for (const PoolConfig& range : groups()[group].ranges) {
      for (std::uint64_t value = range.first.value; value <= range.last.value; ++value) {
        const Ipv4Address address{static_cast<std::uint32_t>(value)};
        if (!is_usable(subnet, address) || is_reserved(address)) continue;
        if (dealt == kAddressesMax) break;
        if (dealt++ % share.count != share.index) continue;
        visit(static_cast<std::uint16_t>(group), address, false);
      }
    }
  }
  for_each_reservation(share, visit);
}

template <class Visit>
void Subnets::for_each_reservation(Share share, Visit&& visit) const {
  const auto visit_if_ours = [&](Ipv4Address address, std::uint64_t key) {
    const Subnet* const subnet = containing(address);
    if (subnet == nullptr || !is_usable(*subnet, address)) return;
    if (owner_of(key, share.count) == share.index) visit(group_at(*subnet, address), address, true);
  };
  for (std::uint32_t i = 0; i < hosts_.size(); ++i) {
    const HostConfig& host = hosts_[i];
    if (!host.address || *reserved_.find(host.address->value) != i) continue;
    visit_if_ours(*host.address, host.mac ? host.mac->number() : host.address->value);
  }
  for (const Ipv4Address address : given_by_rules_) visit_if_ours(address, address.value);
}

}  // namespace reveille
