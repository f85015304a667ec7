// A worker: one thread that polls its queues and serves the clients that are its own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <rte_mbuf.h>

#include <reveille/config.h>
#include <reveille/event.h>
#include <reveille/wire/checked.h>

#include "dhcp/lease_import.h"
#include "dhcp/lease_journal.h"
#include "dhcp/lease_order.h"
#include "idle/sleeper.h"
#include "packet/context.h"
#include "packet/share.h"
#include "worker/admission.h"
#include "worker/backoff.h"
#include "worker/clock.h"
#include "worker/published.h"
#include "worker/responder.h"
#include "worker/snapshots.h"
#include "worker/spsc_ring.h"
#include "worker/statistics.h"
#include "worker/steering.h"
#include "worker/transmit.h"

namespace reveille {

// A receive queue that belongs to one worker.
struct ReceiveQueue {
  std::uint16_t port = 0;
  std::uint16_t queue = 0;
  int socket = -1;  // see Port::socket_of()
};

// What a worker is made of, and what it shares with the others. All of it outlives the worker.
struct WorkerParts {
  Share share;
  std::uint64_t seed = 0;  // the same for all workers
  Idle idle = Idle::adaptive;
  std::optional<int> timestamp_offset;  // time comes from the frames; see WorkerClock
  std::vector<ReceiveQueue> queues;
  std::vector<Lane> lanes;
  rte_mempool* heads = nullptr;
  rte_mempool* payloads = nullptr;
  const TscClock* tsc = nullptr;
  Snapshots* snapshots = nullptr;
  const Rings* rings = nullptr;
  LinkState* links = nullptr;
  bool durable_leases = false;           // an ACK waits until its lease is on disk
  Doorbell* committer = nullptr;         // rings when there are changes for it
  const StoredLeases* stored = nullptr;  // leases from before; only read by the constructor
};

class Worker {
 public:
  // Takes all memory that the worker will ever use. Thread: control.
  Worker(const WorkerParts& parts, const Snapshot& first);

  // Polls until stop(). Thread: the worker's own.
  void run();

  // Any thread.
  // Takes nothing more from its ports, but still serves what other workers hand over.
  void stop_receiving() { receiving_.store(false, std::memory_order_relaxed); }
  void stop() { stopping_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] WorkerStatistics statistics() const { return published_.read(); }
  // Adds the addresses that it holds; as many subnets as it was started with.
  void add_groups(std::vector<GroupStatistics>& to) const;
  // Its ports had nothing at the last look, and statistics() tells all that came before it.
  [[nodiscard]] bool dry() const { return dry_.load(std::memory_order_acquire); }

  // Thread: control.
  [[nodiscard]] SpscRing<Event>& events() { return event_ring_; }
  [[nodiscard]] std::vector<DiskClient> disk_clients() const { return responder_.aoe().figures(); }

  // Thread: control, one order at a time; the answer comes when its change is on disk.
  bool order(const LeaseOrder& order) { return order_ring_.put({&order, 1}) == 1; }
  [[nodiscard]] bool take_answer(LeaseOrderAnswer& answer) {
    return answer_ring_.take({&answer, 1}) == 1;
  }

  // Thread: control. The worker has it until imported(): then it has said what it has to say of
  // each lease, and what that has changed is on disk.
  void import(LeaseImport& leases) { import_.store(&leases, std::memory_order_release); }
  [[nodiscard]] bool imported() const { return import_.load(std::memory_order_acquire) == nullptr; }

  // Changes of leases on their way to the disk, and how many of them have reached it since the
  // start. Thread: the one that writes them.
  [[nodiscard]] SpscRing<LeaseChange>& lease_changes() { return lease_ring_; }
  void leases_reached_disk(std::uint64_t count) {
    leases_durable_.store(count, std::memory_order_release);
  }
  // More arrives than it answers: DISCOVERs give way. Any thread.
  [[nodiscard]] bool sheds() const { return sheds_.load(std::memory_order_relaxed); }

 private:
  static constexpr Nanoseconds kTick = 1ms;
  static constexpr Nanoseconds kTickLate = 9ms;  // at most, while queues are full
  static constexpr std::size_t kEventsPerTurn = 256;
  static constexpr std::size_t kMessagesPerTurn = 256;
  static constexpr std::size_t kClientsPerTurn = 256;
  static constexpr unsigned kEventsKept = 4095;          // until control fetches them
  static constexpr std::size_t kLeasesPerTurn = 256;     // before they go into the ring
  static constexpr std::size_t kLeasesPerRequest = 128;  // room that a request may count on
  static constexpr std::size_t kImportedPerTick = 64;    // leases: less time than a burst takes

  static constexpr unsigned kLooksMax = 8;  // at a queue in a turn

  using Frames = std::span<rte_mbuf*>;
  // Out of a queue.
  struct Taken {
    unsigned received = 0;
    unsigned kept = 0;        // of them, to be served
    bool more_waits = false;  // the last look found as much as it asked for
  };

  // loop.cc
  bool turn();
  std::size_t receive(Context& context);
  std::size_t receive_steered(Context& context);
  Taken take(const ReceiveQueue& queue, Frames room);
  unsigned let_give_way(Frames frames);
  void serve(Frames frames, std::uint16_t port, Context& context);
  template <class At>
  void handle_all(unsigned count, At&& request, const Context& context);
  Outcome handle(const Request& request, const Context& context);
  // loop_chores.cc
  std::size_t hear_peers(Context& context);
  std::size_t tell_peers();
  std::size_t pass_on_clients();
  std::size_t release(const Context& context);
  void tell_store();
  void make_room_in_journal() {
    if (kLeasesPerTurn - journal_.all().size() < kLeasesPerRequest) tell_store();
  }
  std::size_t collect(Context& context);
  std::size_t tick(Context& context);
  void obey_control(const Context& context);
  std::size_t import_some(const Context& context);
  void tell_control();
  void account(Instant started, std::size_t received, std::size_t work);
  void account_groups();
  void rest();

  // Hot first.
  std::atomic<bool> stopping_{false};
  std::atomic<bool> receiving_{true};
  const Share share_;
  const std::uint16_t burst_max_;
  WorkerClock clock_;
  std::vector<ReceiveQueue> queues_;
  Snapshots& snapshots_;
  WorkerStatistics statistics_;
  Steering steering_;
  Transmit transmit_;
  Responder responder_;
  Admission admission_;
  std::atomic<bool> sheds_{false};
  LinkState& links_;
  Backoff backoff_;
  Sleeper sleeper_;
  const TscClock& tsc_;
  Instant next_tick_{};
  std::array<Request, kBurst> ours_;  // of the burst that is being served
  // Room for what is taken from a ring, made once: each turn looks, and most find nothing.
  std::array<PeerMessage, kBurst> messages_heard_;
  std::array<ClientFacts, kBurst> clients_heard_;
  bool more_waits_ = false;  // the last look at a queue found as much as it asked for

  std::array<PeerMessage, kMessagesPerTurn> outbox_storage_{};
  Outbox outbox_{outbox_storage_};
  std::array<ClientFacts, kClientsPerTurn> clients_storage_{};
  ClientNotes clients_{clients_storage_};
  std::uint64_t clients_refused_ = 0;  // by rings
  std::array<Event, kEventsPerTurn> event_storage_{};
  Events events_{event_storage_};
  SpscRing<Event> event_ring_{kEventsKept};

  std::array<LeaseChange, kLeasesPerTurn> lease_storage_{};
  LeaseJournal journal_;
  SpscRing<LeaseChange> lease_ring_;
  Doorbell* const committer_;
  std::atomic<std::uint64_t> leases_durable_{0};
  const bool durable_leases_;

  SpscRing<LeaseOrder> order_ring_{1};
  SpscRing<LeaseOrderAnswer> answer_ring_{3};
  std::optional<LeaseOrderAnswer> answer_;  // waits for `answer_ticket_`
  LeaseTicket answer_ticket_ = 0;

  std::atomic<LeaseImport*> import_{nullptr};
  std::size_t import_next_ = 0;               // lease of it
  std::optional<LeaseTicket> import_ticket_;  // of its last change

  Instant last_turn_{};
  Instant last_account_{};
  bool unaccounted_ = true;
  Published<WorkerStatistics> published_;
  Instant last_group_account_{};
  std::vector<Published<GroupStatistics>> published_groups_;  // room for all that may come
  std::atomic<std::size_t> groups_{0};                        // there are
  std::atomic<bool> dry_{false};
};

}  // namespace reveille
