// The clients that a worker may get read requests from, as DHCP saw them: by IPv4 address, or by
// MAC address while another server gives the addresses.
#pragma once

#include <cstddef>
#include <cstdint>

#include "packet/client_facts.h"
#include "packet/request.h"
#include "packet/stations.h"
#include "table/recent_table.h"

namespace reveille {

// Remembers `capacity` clients, at least one; the one not heard of for longest makes room for a
// new one. Owner: one worker. All memory is taken at construction; every call is constant in time.
class KnownClients {
 public:
  // `seed` keeps strangers from choosing addresses that collide.
  KnownClients(std::size_t capacity, std::uint64_t seed) : facts_(capacity, seed) {}

  // Start the memory accesses of a later note(), in two steps with some time between them.
  void prefetch(const ClientFacts& facts) const { facts_.prefetch(key_of(facts)); }
  void prefetch_entry(const ClientFacts& facts) const { facts_.prefetch_entry(key_of(facts)); }

  // Replaces what was known of the same address, or of the same MAC address where there is none.
  void note(const ClientFacts& facts) { facts_.renew(key_of(facts), facts); }

  // Who sends `request`, a datagram that came through `station`. `address` and `next_server` are
  // always set: where it comes from, and where it was sent to. On our own link what DHCP said
  // counts only if the frame comes from where the DHCP frame came from, so that nobody reads the
  // files of a machine by taking its address alone; and an unknown machine has at least the MAC
  // address of its frame. Behind a relay the address is all that there is to go by.
  [[nodiscard]] ClientFacts sender(const Request& request, const Station& station) const;

  [[nodiscard]] std::size_t capacity() const { return facts_.capacity(); }

 private:
  // MAC addresses have 48 bits.
  static std::uint64_t key_of(Ipv4Address address) {
    return (std::uint64_t{1} << 48) | address.value;
  }
  static std::uint64_t key_of(const MacAddress& mac) { return mac.number(); }
  static std::uint64_t key_of(const ClientFacts& facts) {
    return facts.address.is_zero() ? key_of(facts.mac) : key_of(facts.address);
  }

  RecentTable<ClientFacts> facts_;
};

}  // namespace reveille
