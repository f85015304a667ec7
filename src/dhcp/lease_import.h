// Leases of another server, on their way from control to the workers that own their addresses.
#pragma once

#include <cstdint>
#include <vector>

#include "dhcp/lease.h"

namespace reveille {

// One piece for all workers. Made by control; while a worker has it (see Workers::import_leases)
// `leases` stays as it is, and each worker writes what it has to say into `answers` of its own.
struct LeaseImport {
  static constexpr std::size_t kLeasesMax = 1024;

  // The greatest one that a worker says of a lease counts: each address is one worker's at most.
  enum class Answer : std::uint8_t {
    not_mine,   // another worker's, on its way between two, or in no pool
    moved,      // free, and on its way to the worker that serves its client: ask again
    known,      // this server has a record of the address already
    held,       // another client has it or is offered it, or it is set aside
    elsewhere,  // the client has another address in that subnet
    taken,      // a lease of this server from now on
  };

  LeaseImport(std::vector<LeaseChange> all, unsigned workers)
      : leases(std::move(all)),
        answers(workers, std::vector<Answer>(leases.size(), Answer::not_mine)) {}

  const std::vector<LeaseChange> leases;     // bound, declined, released or expired
  std::vector<std::vector<Answer>> answers;  // by worker, then by lease
};

}  // namespace reveille
