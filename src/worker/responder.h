// The engines of one worker behind one door, without a port: what the poll loop, the
// simulator, the fuzzers and the tests drive.
#pragma once

#include <cstdint>

#include "aoe/engine.h"
#include "dhcp/engine.h"
#include "packet/booting_clients.h"
#include "packet/context.h"
#include "packet/known_clients.h"
#include "packet/request.h"
#include "packet/share.h"
#include "tftp/engine.h"

namespace reveille {

// The worker that a request belongs to; `here` for requests that any worker can answer.
[[nodiscard]] unsigned owner_among(const Request& request, unsigned workers, unsigned here);
[[nodiscard]] inline unsigned owner_of(const Request& request, unsigned workers, unsigned here) {
  return workers == 1 ? here : owner_among(request, workers, here);
}

// Owner: one worker.
class Responder {
 public:
  // `seed`: the same for all workers. `stored`: leases from before; nullptr: none.
  Responder(const Snapshot& first, Share share, std::uint64_t seed,
            const StoredLeases* stored = nullptr);

  // Start the memory accesses of a later handle(request), in two steps over a burst: the second
  // looks at what the first has fetched. They set Request::place, and the engines follow the
  // snapshot: for the thread that handles.
  void prefetch(Request& request, const Snapshot& snapshot) const {
    if (request.service == Service::tftp_transfer) {
      tftp_.prefetch(request);
    } else if (request.service == Service::aoe) {
      aoe_.prefetch(request);
    } else if (request.service == Service::dhcp) {
      dhcp_.prefetch(request, snapshot);
    }
  }
  void prefetch_further(Request& request, const Snapshot& snapshot) const {
    if (request.service == Service::tftp_transfer) {
      tftp_.prefetch_payload(request);
    } else if (request.service == Service::aoe) {
      aoe_.prefetch_session(request);
    } else if (request.service == Service::dhcp) {
      dhcp_.prefetch_lease(request, snapshot);
    }
  }
  // Two steps behind those, for as long as clients have written to disks.
  [[nodiscard]] bool has_grains() const { return aoe_.has_grains(); }
  void prefetch_grain(const Request& request) const {
    if (request.service == Service::aoe) aoe_.prefetch_grain(request);
  }
  void prefetch_grain_bytes(const Request& request) const {
    if (request.service == Service::aoe) aoe_.prefetch_grain_bytes(request);
  }
  Outcome handle(const Request& request, const Context& context) {
    if (request.service == Service::tftp_transfer) return tftp_.receive(request, context);
    if (request.service == Service::aoe) return aoe_.handle(request, context);
    return handle_other(request, context);
  }
  LeaseOrderAnswer::Kind obey(const LeaseOrder& order, const Context& context) {
    return dhcp_.obey(order, context);
  }
  std::optional<LeaseImport::Answer> import(const LeaseChange& lease, const Context& context) {
    return dhcp_.import(lease, context);
  }
  void receive(const PeerMessage& message, const Context& context);
  // What some worker's DHCP has learned of a client that may ask us for files; two steps of its
  // own go before it.
  void note(const ClientFacts& client) { clients_.note(client); }
  void prefetch_note(const ClientFacts& client) const { clients_.prefetch(client); }
  void prefetch_noted(const ClientFacts& client) const { clients_.prefetch_entry(client); }
  // False when more is due than one call may take: see TftpEngine::tick().
  bool tick(const Context& context);
  // Answers what waited for something slow, as far as there are free replies. Returns how much
  // was done or is under way. Cheap; for each turn of the loop.
  std::size_t collect(const Context& context) { return aoe_.collect(context); }

  [[nodiscard]] const DhcpEngine& dhcp() const { return dhcp_; }
  [[nodiscard]] const TftpEngine& tftp() const { return tftp_; }
  [[nodiscard]] const AoeEngine& aoe() const { return aoe_; }

 private:
  Outcome handle_other(const Request& request, const Context& context);

  BootingClients booting_;
  KnownClients clients_;
  DhcpEngine dhcp_;
  TftpEngine tftp_;
  AoeEngine aoe_;
};

}  // namespace reveille
