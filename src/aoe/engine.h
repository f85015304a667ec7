// ATA over Ethernet as one worker serves it: the disks of the snapshot, for its own clients.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <reveille/address.h>
#include <reveille/config.h>
#include <reveille/outcome.h>

#include "packet/booting_clients.h"
#include "packet/context.h"
#include "packet/request.h"
#include "packet/share.h"

namespace reveille {

// A client of a disk as an operator wants to see it.
struct DiskClient {
  MacAddress client;
  DiskAddress disk;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t overlay_bytes = 0;
};

// Owner: one worker. All memory is taken at construction, and none if the first snapshot has no
// disks.
class AoeEngine {
 public:
  // Limits, and whether there are disks at all, are those of `first` for good. `booting`: the
  // machines whose firmware asked for an address; a client among them boots, whatever it did
  // before.
  AoeEngine(const Snapshot& first, Share share, std::uint64_t seed, const BootingClients& booting);
  ~AoeEngine();

  // Start the memory accesses of a later handle(request), in two steps over a burst: first the
  // table, then the session. They change nothing but Request::place.
  void prefetch(Request& request) const;
  void prefetch_session(Request& request) const;
  // The same for what its client has written to memory, in two steps behind those. Worth it only
  // while somebody has.
  [[nodiscard]] bool has_grains() const;
  void prefetch_grain(const Request& request) const;
  void prefetch_grain_bytes(const Request& request) const;
  // A request of Service::aoe whose link source hashes to this share. Takes at most
  // kRepliesPerRequest replies.
  Outcome handle(const Request& request, const Context& context);
  // Answers what the disk has done since, as far as there are free replies. Returns how much was
  // done or is still under way. Call often: in each turn of the loop.
  std::size_t collect(const Context& context);
  // Overlays that are opened or let go of, and queries that have more answers than one request may
  // have replies, a bounded part at a time. Call each millisecond.
  void tick(const Context& context);

  [[nodiscard]] std::size_t clients() const;
  // Any thread. Each entry is right; entries are read one after the other.
  [[nodiscard]] std::vector<DiskClient> figures() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reveille
