// DHCP as one worker serves it: the server (port 67), ProxyDHCP (67) and the boot server (4011).
#pragma once

#include <memory>
#include <optional>

#include <reveille/config.h>
#include <reveille/outcome.h>
#include <reveille/wire/dhcp.h>

#include "dhcp/lease_import.h"
#include "dhcp/lease_order.h"
#include "packet/context.h"
#include "packet/request.h"
#include "packet/share.h"
#include "policy/facts.h"
#include "relay/relay_pairs.h"

namespace reveille {

class BootingClients;
class LeaseTable;
struct StoredLeases;
struct Subnet;

// Owner: one worker. Holds that worker's lease shard, offers and relay copy table; all memory is
// taken at construction. Deterministic: the same calls with the same seed give the same replies.
// Mode, subnets and pools are those of `first`, see DhcpServer; `stored` are leases from before.
// All workers have the same seed: what one asked another one may hear.
class DhcpEngine {
 public:
  DhcpEngine(const Snapshot& first, Share share, std::uint64_t seed, BootingClients& booting,
             const StoredLeases* stored = nullptr);
  ~DhcpEngine();

  // One request of Service::dhcp or Service::boot_server whose chaddr hashes to this share.
  Outcome handle(const Request& request, const Context& context);
  // Start the memory accesses of a later handle(request), in two steps over a burst: indices,
  // then the client's lease. No lease changes; but as handle() they first follow the snapshot
  // (DhcpServer::follow), so they are for the thread that handles.
  void prefetch(const Request& request, const Snapshot& snapshot) const;
  void prefetch_lease(const Request& request, const Snapshot& snapshot) const;
  // What the next handle(request) would decide on; `message` is the request's body, and borrowed.
  // nullopt: it would end before anything is decided. Changes nothing.
  struct Considered {
    Facts facts;
    const HostConfig* host = nullptr;  // its reservation
    const Subnet* subnet = nullptr;    // nullptr: another server gives the addresses
  };
  [[nodiscard]] std::optional<Considered> consider(const Request& request,
                                                   const wire::DhcpView& message,
                                                   const Context& context) const;
  // An ARP packet or an ICMP echo reply that is for us: probe_answered if it answers what we asked
  // about an address that we lease, else arp_other or icmp_other.
  Outcome hear_host(const Request& request, const Context& context);
  // not_mine unless this is a server.
  LeaseOrderAnswer::Kind obey(const LeaseOrder& order, const Context& context);
  // A lease of another server; see DhcpServer::import(). not_mine unless this is a server.
  std::optional<LeaseImport::Answer> import(const LeaseChange& lease, const Context& context);
  // A message from another worker's engine.
  void receive(const PeerMessage& message, const Context& context);
  // Expiry and lending; call at least each 100 ms, cheap when nothing is due.
  void tick(const Context& context);

  // Who duplicates whose requests.
  [[nodiscard]] const RelayPairs& relay_pairs() const;
  // nullptr unless this is a server.
  [[nodiscard]] const LeaseTable* leases() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reveille
