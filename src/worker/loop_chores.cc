// What a worker does besides frames: messages, ticks, its account, rest.
#include <cassert>

#include <rte_pause.h>

#include "dhcp/lease_table.h"
#include "port/packet_sockets.h"
#include "worker/loop.h"

namespace reveille {
namespace {

std::vector<int> sockets_of(const std::vector<ReceiveQueue>& queues) {
  std::vector<int> sockets;
  for (const ReceiveQueue& queue : queues) {
    if (queue.socket >= 0) sockets.push_back(queue.socket);
  }
  return sockets;
}

// Nothing unless all of them can tell.
Admission::Losses losses_of(const std::vector<ReceiveQueue>& queues) {
  for (const ReceiveQueue& queue : queues) {
    if (!frames_lost_at(queue.socket)) return {};
  }
  if (queues.empty()) return {};
  return [sockets = sockets_of(queues)] {
    std::uint64_t lost = 0;
    for (const int socket : sockets) lost += frames_lost_at(socket).value_or(0);
    return lost;
  };
}

}  // namespace

Worker::Worker(const WorkerParts& parts, const Snapshot& first)
    : share_(parts.share),
      // A frame clock is exact only for the first frame of a burst.
      burst_max_(parts.timestamp_offset ? 1 : kBurst),
      clock_(parts.timestamp_offset ? WorkerClock::of_frames(*parts.timestamp_offset)
                                    : WorkerClock::live(*parts.tsc)),
      queues_(parts.queues),
      snapshots_(*parts.snapshots),
      steering_(parts.share, *parts.rings),
      transmit_(parts.share, parts.heads, parts.payloads, parts.lanes, *parts.rings, statistics_,
                parts.durable_leases ? kHeldMax : 0),
      responder_(first, parts.share, parts.seed, parts.stored),
      admission_(losses_of(parts.queues)),
      links_(*parts.links),
      backoff_(parts.idle),
      sleeper_(&parts.rings->doorbell_of(parts.share.index), sockets_of(parts.queues)),
      tsc_(*parts.tsc),
      journal_(lease_storage_, kHeldMax),
      lease_ring_(parts.durable_leases ? kHeldMax : 1),
      committer_(parts.committer),
      durable_leases_(parts.durable_leases),
      published_groups_(
          responder_.dhcp().leases() == nullptr ? 0 : responder_.dhcp().leases()->groups_max()) {
  account_groups();
}

std::size_t Worker::hear_peers(Context& context) {
  std::size_t heard = 0;
  for (unsigned from = 0; from < share_.count; ++from) {
    if (from == share_.index) continue;
    const unsigned count = steering_.receive(from, messages_heard_);
    for (unsigned i = 0; i < count; ++i) {
      transmit_.make_room(context.snapshot.stations);
      if (durable_leases_) make_room_in_journal();
      responder_.receive(messages_heard_[i], context);
    }
    heard += count;
    const unsigned told = steering_.receive(from, clients_heard_);
    for (unsigned i = 0; i < told; ++i) responder_.note(clients_heard_[i]);
    heard += told;
  }
  statistics_.messages_received += heard;
  return heard;
}

// To the worker that the client's read requests will come to: each worker, as long as the
// address is not known. What a ring does not take is lost, and comes again with the client's
// next DHCP message.
std::size_t Worker::pass_on_clients() {
  std::size_t told = 0;
  for (const ClientFacts& client : clients_.all()) responder_.prefetch_note(client);
  for (const ClientFacts& client : clients_.all()) responder_.prefetch_noted(client);
  for (const ClientFacts& client : clients_.all()) {
    const bool anyone = client.address.is_zero();
    const unsigned owner = owner_of(client.address.value, share_.count);
    for (unsigned to = 0; to < share_.count; ++to) {
      if (!anyone && to != owner) continue;
      if (to == share_.index) {
        responder_.note(client);
      } else if (steering_.tell(to, client)) {
        ++told;
      } else {
        ++clients_refused_;
      }
    }
  }
  clients_.clear();
  return told;
}

std::size_t Worker::tell_peers() {
  std::size_t told = pass_on_clients();
  if (!outbox_.all().empty()) told += steering_.send(outbox_);
  statistics_.messages_sent += told;
  return told;
}

std::size_t Worker::release(const Context& context) {
  if (!durable_leases_) return 0;
  const std::uint64_t durable = leases_durable_.load(std::memory_order_acquire);
  journal_.reached_disk(durable);
  return transmit_.release(durable, context.now);
}

// The ring has room: the journal bounds what is on its way.
void Worker::tell_store() {
  const std::span<const LeaseChange> changes = journal_.all();
  if (changes.empty()) return;
  [[maybe_unused]] const unsigned put = lease_ring_.put(changes);
  assert(put == changes.size());
  if (committer_ != nullptr) committer_->ring();
  statistics_.leases_recorded += changes.size();
  journal_.clear();
}

std::size_t Worker::collect(Context& context) {
  transmit_.make_room(context.snapshot.stations);
  return responder_.collect(context);
}

std::size_t Worker::tick(Context& context) {
  if (context.now < next_tick_) return 0;
  // What a timer waits for may already stand in a queue: after a pause of ours, or when more
  // comes than we can serve, ACKs that wait there must not count as lost. But not for ever.
  if (more_waits_ && context.now < next_tick_ + kTickLate && !clock_.follows_frames()) return 0;
  transmit_.make_room(context.snapshot.stations);
  const std::size_t free = transmit_.replies().free();
  obey_control(context);
  const std::size_t imported = import_some(context);
  const bool all = responder_.tick(context);
  const std::size_t left = transmit_.replies().free();
  // More to do, or no replies to do it with: go on in the next turn. Timers of a storm that were
  // looked at by the clock alone would fall behind for good.
  if (all && left > 0) {
    const bool naps = !clock_.follows_frames();
    next_tick_ = context.now + std::max(kTick, naps ? backoff_.nap_at(context.now) : kTick);
  }
  return free - left + imported;
}

// An operator can wait for the next tick.
void Worker::obey_control(const Context& context) {
  if (answer_ && journal_.durable() >= answer_ticket_) {
    answer_ring_.put({&*answer_, 1});
    answer_.reset();
  }
  LeaseOrder order;
  if (answer_ || order_ring_.take({&order, 1}) == 0) return;
  if (durable_leases_) make_room_in_journal();
  answer_ = LeaseOrderAnswer{responder_.obey(order, context), {}, order.number};
  answer_ticket_ = durable_leases_ ? journal_.last() : 0;
}

// What clients want of the disk comes first: half of what may be on its way there is theirs.
std::size_t Worker::import_some(const Context& context) {
  LeaseImport* const import = import_.load(std::memory_order_acquire);
  if (import == nullptr) return 0;
  std::vector<LeaseImport::Answer>& answers = import->answers[share_.index];
  std::size_t count = 0;
  for (; count < kImportedPerTick && import_next_ < answers.size(); ++count) {
    if (durable_leases_) make_room_in_journal();
    if (journal_.last() - journal_.durable() >= kHeldMax / 2) break;
    const auto answer = responder_.import(import->leases[import_next_], context);
    if (!answer) break;
    answers[import_next_++] = *answer;
  }
  if (import_next_ < answers.size()) return count;
  if (!import_ticket_) import_ticket_ = durable_leases_ ? journal_.last() : 0;
  if (journal_.durable() < *import_ticket_) return count;
  import_next_ = 0;
  import_ticket_.reset();
  import_.store(nullptr, std::memory_order_release);
  return count;
}

void Worker::tell_control() {
  // No more were taken than the ring had room for, and only control has been there since.
  if (!events_.all().empty()) event_ring_.put(events_.all());
  events_.clear(event_ring_.room());
}

// Counters are copied out for others to read when the worker has a moment, or each millisecond.
void Worker::account(Instant started, std::size_t received, std::size_t work) {
  constexpr Nanoseconds kWhileBusy = 1ms;
  constexpr Nanoseconds kAlways = 100ms;
  statistics_.longest_gap = std::max(statistics_.longest_gap, started - last_turn_);
  last_turn_ = started;
  if (work != 0) {
    statistics_.working += tsc_.now() - started;
    backoff_.worked(started);
    unaccounted_ = true;
  }
  const Nanoseconds age = started - last_account_;
  if ((unaccounted_ && (work == 0 || age >= kWhileBusy)) || age >= kAlways) {
    statistics_.events_lost = events_.lost();
    statistics_.clients_lost = clients_.lost() + clients_refused_;
    statistics_.transfers = responder_.tftp().transfers();
    statistics_.half_open = responder_.tftp().half_open();
    statistics_.replies_held = transmit_.held();
    statistics_.written_at = started;
    published_.write(statistics_);
    last_account_ = started;
    unaccounted_ = false;
  }
  if (started - last_group_account_ >= kAlways) {
    account_groups();
    last_group_account_ = started;
  }
  const bool dry = received == 0 && !unaccounted_;
  if (dry != dry_.load(std::memory_order_relaxed)) dry_.store(dry, std::memory_order_release);
}

void Worker::account_groups() {
  if (published_groups_.empty()) return;
  const std::size_t groups = responder_.dhcp().leases()->groups();
  for (std::size_t i = 0; i < groups; ++i) {
    const auto& counts = responder_.dhcp().leases()->counts(static_cast<std::uint16_t>(i));
    published_groups_[i].write({.addresses = counts.addresses,
                                .offered = counts.offered,
                                .bound = counts.bound,
                                .declined = counts.declined});
  }
  groups_.store(groups, std::memory_order_release);
}

void Worker::add_groups(std::vector<GroupStatistics>& to) const {
  const std::size_t groups = groups_.load(std::memory_order_acquire);
  to.resize(std::max(to.size(), groups));
  for (std::size_t i = 0; i < groups; ++i) {
    to[i].add(published_groups_[i].read());
  }
}

void Worker::rest() {
  const Instant now = tsc_.now();
  // On a frame clock nothing becomes due while nothing arrives.
  const Instant deadline = clock_.follows_frames() ? now + kLongestNap : next_tick_;
  const Nanoseconds nap = backoff_.nap(now, deadline);
  if (nap <= Nanoseconds::zero()) {
    rte_pause();
    return;
  }
  if (!sleeper_.may_sleep(nap)) return;
  admission_.rested();
  snapshots_.rest(share_.index);
  sleeper_.sleep(nap);
  snapshots_.resume(share_.index);
}

}  // namespace reveille
