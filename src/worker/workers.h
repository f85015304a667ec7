// The data plane as control sees it: ports, poll loops, and the thin boundary to both.
//
// Order of a start, each step a result that names what to change:
//
//   auto eal = Eal::start(eal_needs(config));
//   auto workers = Workers::open(*eal, config);     ports are open, addresses known, nothing runs
//   ... load images, build a Snapshot around (*workers)->stations() ...
//   (*workers)->start(std::move(snapshot));         the workers poll
//   ... publish(), statistics(), drain_events(), retire() at will ...
//   (*workers)->stop();                             then destroy workers, then eal
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>
#include <reveille/event.h>
#include <reveille/instant.h>

#include "aoe/engine.h"
#include "dhcp/lease.h"
#include "dhcp/lease_import.h"
#include "dhcp/lease_order.h"
#include "idle/doorbell.h"
#include "packet/snapshot.h"
#include "port/eal.h"
#include "worker/statistics.h"

namespace reveille {

// A port as an operator wants to see it at start.
struct PortReport {
  std::string name;    // interface, PCI address or virtual device, as configured
  std::string driver;  // DPDK's name of the PMD
  MacAddress mac;
  std::uint16_t mtu = 0;
  unsigned receive_queues = 0;
  unsigned transmit_queues = 0;
  bool gathers = false;               // image bytes leave without a copy
  std::vector<std::string> warnings;  // sentences: it will work, but
};

// Thread: all calls from one control thread, the one that started the EAL.
class Workers {
 public:
  struct Options {
    // Time comes from the frames (a net_pcap port): a capture is replayed as it was recorded.
    bool frame_clock = false;
    // Makes transfer ids and other choices repeatable; drawn from the system when absent.
    std::optional<std::uint64_t> seed;
    // No ACK leaves before its lease is on disk: somebody takes the changes with
    // take_lease_changes() and says when they are, with leases_reached_disk().
    bool durable_leases = false;
  };

  // Opens the ports of `config.interfaces` and takes all memory that the packet path will need.
  // Starts no thread. On failure everything that was opened is closed again.
  static tl::expected<std::unique_ptr<Workers>, std::string> open(Eal& eal, const Config& config,
                                                                  Options options);
  ~Workers();  // stops
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // One for each interface's untagged address and each of its VLANs, in the order of the
  // configuration. Snapshot::stations starts as a copy of it; control may change addresses of
  // its own choosing there (replay: the MAC that the capture's server had).
  [[nodiscard]] const std::vector<Station>& stations() const;
  [[nodiscard]] const std::vector<PortReport>& ports() const;

  // Launches the poll loops. Call once. `stored`: leases from before; nullptr: none.
  tl::expected<void, std::string> start(std::unique_ptr<const Snapshot> first,
                                        const StoredLeases* stored = nullptr);

  // Makes `next` what the workers see from their next burst on, waits until none can still be
  // reading the one before (microseconds; a sleeping worker counts as done) and destroys that
  // one. Images that transfers or transmit queues still read are kept until retire() finds them
  // unused. The stations must be as many, on the same ports and VLANs, as in the first snapshot.
  void publish(std::unique_ptr<const Snapshot> next);
  // Lets go of images that nothing reads any more. Returns how many are still in use. Call now
  // and then (a second is fine).
  std::size_t retire();

  [[nodiscard]] Statistics statistics() const;
  // Those who use disks now.
  [[nodiscard]] std::vector<DiskClient> disk_clients() const;

  // Hands the workers' events to `tell`, at most `max` of them, oldest first for each worker.
  // Returns how many there were.
  std::size_t drain_events(const std::function<void(const Event&)>& tell, std::size_t max = 4096);

  // Durable leases, from one thread that may be another than control's, while the workers run or
  // after they have stopped. Moves changes of leases of one worker into `room`, oldest first, and
  // returns how many there were.
  std::size_t take_lease_changes(unsigned worker, std::span<LeaseChange> room);
  // Rings when there are changes to take; of the thread that takes them.
  [[nodiscard]] Doorbell& lease_changes_doorbell();
  // So many of that worker's changes are on disk, counted since the start.
  void leases_reached_disk(unsigned worker, std::uint64_t count);
  // See Worker::sheds(). Any thread.
  [[nodiscard]] bool sheds(unsigned worker) const;
  [[nodiscard]] unsigned count() const;

  // Tells all workers what an operator wants of one address; one order at a time. False: some
  // worker has not taken the one before.
  bool order_lease(const LeaseOrder& order);
  // Hands their answers to `tell`, worker by worker, as they come.
  void take_order_answers(const std::function<void(const LeaseOrderAnswer&)>& tell);

  // Hands another server's leases to all workers, one piece at a time: it stays as and where it is
  // until imported() says that all have done with it, or until they have stopped.
  void import_leases(LeaseImport& leases);
  [[nodiscard]] bool imported() const;

  // The time that the workers see; meaningless with Options::frame_clock.
  [[nodiscard]] Instant now() const;

  // Every port has run dry, every frame received has ended in an outcome and all replies have
  // been handed to the ports. Only a port that ends, such as net_pcap, makes this lasting.
  [[nodiscard]] bool exhausted() const;

  // Takes no more frames, serves those that were taken, ends the poll loops and waits for them
  // (milliseconds). Statistics and events can still be read. The destructor closes the ports.
  void stop();

 private:
  struct State;
  explicit Workers(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reveille
