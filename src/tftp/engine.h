// TFTP as one worker serves it: read requests and the transfers that they open.
#pragma once

#include <memory>

#include <reveille/config.h>
#include <reveille/outcome.h>

#include "packet/context.h"
#include "packet/request.h"
#include "packet/share.h"

namespace reveille {

class KnownClients;

// Owner: one worker. All memory is taken at construction.
class TftpEngine {
 public:
  // Limits are those of `config` for good; the rest follows the configuration of the snapshot
  // where it has one.
  // `clients` is what this worker knows of those who ask; it outlives the engine.
  TftpEngine(const TftpConfig& config, Share share, std::uint64_t seed,
             const KnownClients& clients);
  ~TftpEngine();

  // A request of Service::tftp_open whose source address hashes to this share, or one of
  // Service::tftp_transfer whose transfer id names it. Takes at most kRepliesPerRequest replies.
  Outcome handle(const Request& request, const Context& context) {
    return request.service == Service::tftp_transfer ? receive(request, context)
                                                     : open(request, context);
  }
  // The two kinds of it.
  Outcome receive(const Request& request, const Context& context);
  Outcome open(const Request& request, const Context& context);
  // Retransmissions and time-outs that are due, as many as there are free replies and as one call
  // may take; false when more are left for the next call. Call at least each 10 ms, and again
  // soon where something is left. Cheap when nothing is due.
  bool tick(const Context& context);

  // Start the memory accesses of a later receive(request), in two steps over a burst: first the
  // transfer, then what the checksums of its next blocks need. They change nothing but
  // Request::place. Requests of other services are passed over.
  void prefetch(Request& request) const;
  void prefetch_payload(const Request& request) const;

  [[nodiscard]] std::size_t transfers() const;
  [[nodiscard]] std::size_t half_open() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reveille
