// The fastest server that could be: it remembers nothing and checks nothing. What the swarm
// reaches against it is the swarm's own ceiling.
#pragma once

#include <map>
#include <vector>

#include <reveille/wire/ethernet.h>
#include <reveille/wire/udp.h>

#include "storm/network.h"

namespace reveille::storm {

// Owner: one thread. Serves one file, `bytes`, under every name, and leases to each machine the
// address of its number. No windows, and nothing beyond 65 535 blocks.
class IdealResponder {
 public:
  IdealResponder(const MacAddress& mac, Ipv4Address address, Bytes bytes, Outlet& outlet)
      : mac_(mac), address_(address), bytes_(bytes), network_(outlet) {}

  void receive(Bytes frame);
  // Brings what receive() will answer this frame with into the cache.
  void prefetch(Bytes frame) const;

 private:
  struct Peer {
    MacAddress mac;
    Ipv4Address address;
    std::uint16_t port;
  };
  void receive_dhcp(Bytes payload);
  void receive_read_request(const Peer& peer, Bytes payload);
  void send_block(const Peer& peer, std::uint16_t block_size, std::uint16_t block);
  void send(const Peer& peer, std::uint16_t from_port, std::size_t length);
  const std::vector<std::uint16_t>& sums_of(std::uint16_t block_size);

  MacAddress mac_;
  Ipv4Address address_;
  Bytes bytes_;
  Network network_;
  // Of each block, by block size: no reply reads its payload for its checksum.
  std::vector<std::vector<std::uint16_t>> sums_ = std::vector<std::vector<std::uint16_t>>(1500);
};

}  // namespace reveille::storm
