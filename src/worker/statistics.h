// What a worker and a port have done, as numbers that control may read at any time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <reveille/instant.h>
#include <reveille/outcome.h>

namespace reveille {

// One worker's account. Over all workers, once the rings between them are empty:
// frames_received == outcomes.total(), the conservation law.
struct WorkerStatistics {
  OutcomeCounts outcomes;
  std::uint64_t frames_received = 0;    // from its ports
  std::uint64_t frames_steered = 0;     // of these, handed over to the worker that owns them
  std::uint64_t frames_sent = 0;        // taken by a port
  std::uint64_t frames_unsent = 0;      // refused by a full transmit queue, or impossible there
  std::uint64_t replies_passed = 0;     // to the worker whose transmit queue they need
  std::uint64_t replies_forwarded = 0;  // of those: put into our queue for another worker
  std::uint64_t payloads_gathered = 0;  // of the frames sent: image bytes left in place
  std::uint64_t payloads_copied = 0;    // of the frames sent: image bytes copied
  std::uint64_t messages_sent = 0;      // to other workers: between engines, and of clients
  std::uint64_t messages_received = 0;
  std::uint64_t events_lost = 0;      // the event ring was full
  std::uint64_t clients_lost = 0;     // facts for other workers' read requests: the ring was full
  std::uint64_t transfers = 0;        // a level, not a count: TFTP transfers now open
  std::uint64_t half_open = 0;        // of these, before their first ACK
  std::uint64_t leases_recorded = 0;  // changes of leases that went to the store
  std::uint64_t replies_held = 0;     // a level: ACKs that wait for the disk
  Instant written_at{};       // when the worker wrote this: each ms or sooner, idle each 100
  Nanoseconds working{};      // in turns of the loop that had something to do
  Nanoseconds longest_gap{};  // between two looks at the ports, naps included

  void add(const WorkerStatistics& other);
};

// The addresses of a group (dhcp/address_groups.h), those of one worker or of all.
struct GroupStatistics {
  std::uint64_t addresses = 0;  // in pools and reservations
  std::uint64_t offered = 0;
  std::uint64_t bound = 0;
  std::uint64_t declined = 0;

  [[nodiscard]] std::uint64_t free() const { return addresses - offered - bound - declined; }
  void add(const GroupStatistics& other);
};

// What the port counted by itself: frames that no worker ever saw.
struct PortStatistics {
  std::string name;
  std::uint64_t missed = 0;     // receive queue full
  std::uint64_t no_buffer = 0;  // receive pool empty
  std::uint64_t receive_errors = 0;
  std::uint64_t transmit_errors = 0;
};

struct Statistics {
  std::vector<WorkerStatistics> workers;
  std::vector<PortStatistics> ports;
  // As Subnets::groups() has them; empty unless this is a server. An address on its way from one
  // worker to another is in neither's account.
  std::vector<GroupStatistics> groups;

  [[nodiscard]] WorkerStatistics sum() const;
};

}  // namespace reveille
