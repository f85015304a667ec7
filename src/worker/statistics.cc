#include "worker/statistics.h"

#include <algorithm>

namespace reveille {

void WorkerStatistics::add(const WorkerStatistics& other) {
  outcomes.add(other.outcomes);
  frames_received += other.frames_received;
  frames_steered += other.frames_steered;
  frames_sent += other.frames_sent;
  frames_unsent += other.frames_unsent;
  replies_passed += other.replies_passed;
  replies_forwarded += other.replies_forwarded;
  payloads_gathered += other.payloads_gathered;
  payloads_copied += other.payloads_copied;
  messages_sent += other.messages_sent;
  messages_received += other.messages_received;
  events_lost += other.events_lost;
  clients_lost += other.clients_lost;
  transfers += other.transfers;
  half_open += other.half_open;
  leases_recorded += other.leases_recorded;
  replies_held += other.replies_held;
  written_at = std::max(written_at, other.written_at);
  working += other.working;
  longest_gap = std::max(longest_gap, other.longest_gap);
}

void GroupStatistics::add(const GroupStatistics& other) {
  addresses += other.addresses;
  offered += other.offered;
  bound += other.bound;
  declined += other.declined;
}

WorkerStatistics Statistics::sum() const {
  WorkerStatistics all;
  for (const WorkerStatistics& worker : workers) all.add(worker);
  return all;
}

}  // namespace reveille
