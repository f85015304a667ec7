// DHCP as one worker serves it: the server (port 67), ProxyDHCP (67) and the boot server (4011).
#pragma once

#include <memory>

#include <reveille/config.h>
#include <reveille/outcome.h>

#include "packet/context.h"
#include "packet/request.h"
#include "packet/share.h"

namespace reveille {

class BootingClients;

// Owner: one worker. Holds that worker's lease shard, offers and relay copy table; all memory is
// taken at construction. Deterministic: the same calls with the same seed give the same replies.
class DhcpEngine {
 public:
  DhcpEngine(const Snapshot& first, Share share, std::uint64_t seed, BootingClients& booting);
  ~DhcpEngine();

  // One request of Service::dhcp or Service::boot_server whose chaddr hashes to this share.
  Outcome handle(const Request& request, const Context& context);
  // A message from another worker's engine.
  void receive(const PeerMessage& message, const Context& context);
  // Expiry and lending; call at least each 100 ms, cheap when nothing is due.
  void tick(const Context& context);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reveille
