// Changes of leases on their way to the disk, and the tickets that replies wait for.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>

#include "dhcp/lease.h"

namespace reveille {

// Counts a worker's records from 1. A record is durable when those up to its ticket are.
using LeaseTicket = std::uint64_t;

// Where an engine puts the changes that must survive: memory of fixed size that whoever carries
// the records on (a worker, a test) empties. Owner: one worker.
//
// Whoever asks for a change of a lease looks at room() first and lets the change be when there
// is none: the client asks again. A reply that must not leave before a change is on disk carries
// the change's ticket; one that repeats what is recorded already carries last().
class LeaseJournal {
 public:
  // At most `outstanding_max` records are on their way at a time.
  LeaseJournal(std::span<LeaseChange> storage, std::uint64_t outstanding_max)
      : storage_(storage), outstanding_max_(outstanding_max) {}

  [[nodiscard]] std::size_t room() const {
    const std::uint64_t outstanding = last_ - durable_;
    return std::min<std::size_t>(storage_.size() - count_,
                                 outstanding_max_ - std::min(outstanding, outstanding_max_));
  }
  LeaseTicket add(const LeaseChange& change) {
    assert(count_ < storage_.size());
    storage_[count_++] = change;
    return ++last_;
  }
  // The newest ticket; zero before the first.
  [[nodiscard]] LeaseTicket last() const { return last_; }
  [[nodiscard]] LeaseTicket durable() const { return durable_; }

  // For the carrier: what has been added, in order; it is taken away; it has reached the disk.
  [[nodiscard]] std::span<const LeaseChange> all() const { return storage_.first(count_); }
  void clear() { count_ = 0; }
  void reached_disk(LeaseTicket durable) { durable_ = durable; }

 private:
  std::span<LeaseChange> storage_;
  std::uint64_t outstanding_max_;
  std::size_t count_ = 0;
  LeaseTicket last_ = 0;
  LeaseTicket durable_ = 0;
};

}  // namespace reveille
