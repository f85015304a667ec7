// What an AoeEngine is made of, and the steps of its work. Each step has a file of its own:
//
//   engine.cc    which step a packet is for; errors of AoE itself
//   prefetch.cc  what a burst will look at
//   discover.cc  query config: which disks are there
//   access.cc    MAC masks and reservations
//   session.cc   a client begins to use a disk, boots again, goes
//   ata.cc       which ATA command; identity, flush
//   read.cc      sectors to the client: from the base, the overlay, or later
//   write.cc     sectors from the client
//   waiting.cc   what the threads of DiskIo do for us, and its answers
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <reveille/wire/aoe.h>
#include <reveille/wire/ata.h>
#include <reveille/wire/ethernet.h>

#include "aoe/engine.h"
#include "aoe/grain_table.h"
#include "aoe/session_table.h"
#include "disk/disk_io.h"
#include "disk/disks.h"
#include "packet/rate_limit.h"
#include "packet/snapshot.h"
#include "table/recent_table.h"

namespace reveille {

// Requests that a client may have under way, as query config tells it: what Linux takes at most
// (aoe_maxout). What is over waits for no file.
inline constexpr std::uint16_t kBuffers = 64;

// Whom an answer goes to, and what it has to repeat.
struct AoeAsked {
  std::uint16_t station = 0;
  MacAddress client;
  DiskAddress address;
  std::uint32_t tag = 0;
  std::uint32_t place = kNoIndex;  // where the session may be
  wire::AoeAta ata{};              // the registers, for ATA commands
};

struct AoeEngine::State {
  State(const Snapshot& first, Share share_of_worker, std::uint64_t seed,
        const BootingClients& booting_clients);
  ~State();

  // ---- engine.cc
  Outcome handle(const Request& request, const Context& context);
  // Where the arguments of `command` begin in a fresh reply: the headers before them are written.
  // `error`: as wire::AoeError has them; 0: none.
  static std::uint8_t* begin_reply(Reply& reply, const AoeAsked& to, wire::AoeCommand command,
                                   const Context& context, std::uint8_t error = 0);
  // `end`: what follows the last octet that was written.
  static void finish_reply(Reply& reply, const std::uint8_t* end);
  Outcome refuse(const AoeAsked& asked, wire::AoeCommand command, wire::AoeError error,
                 Outcome outcome, const Context& context);

  // ---- prefetch.cc
  [[nodiscard]] std::uint32_t session_with_grains(const Request& request) const;
  // ---- discover.cc
  Outcome query_config(const wire::AoeView& packet, const AoeAsked& asked, const Disks& disks,
                       const Context& context);
  // One reply, which is free.
  static void tell_config(const Disk& disk, const AoeAsked& asked,
                          wire::AoeConfigView::Operation operation, const Context& context);
  void go_on_discovering(const Context& context);
  // ---- access.cc
  Outcome masks(const wire::AoeView& packet, const AoeAsked& asked, const Disk& disk,
                const Context& context);
  Outcome reserve(const wire::AoeView& packet, const AoeAsked& asked, const Disk& disk,
                  const Context& context);

  // ---- ata.cc
  // `asked` gets its registers here, in place: to copy what was just written in parts costs more
  // than to read a sector.
  Outcome ata(Bytes arguments, AoeAsked& asked, const Disks& disks, const Context& context);
  // Reads and writes.
  Outcome transfer(std::uint32_t index, Session& session, Bytes data, AoeAsked& asked,
                   const Context& context);
  // All other commands.
  Outcome obey(std::uint32_t index, const AoeAsked& asked, const Context& context);
  // False for who may not have a private disk.
  static bool may_have(DiskState& disk, const AoeAsked& asked, const Context& context);
  Outcome identify(const Session& session, const AoeAsked& asked, const Context& context);
  Outcome flush(std::uint32_t index, const AoeAsked& asked, const Context& context);
  // An ATA response without data.
  Outcome answer(const AoeAsked& asked, std::uint8_t status, std::uint8_t error, Outcome outcome,
                 const Context& context);
  Outcome fail(const AoeAsked& asked, std::uint8_t error, Outcome outcome, const Context& context);
  // Where the data of an ATA response begins in a fresh reply.
  static std::uint8_t* begin_ata(Reply& reply, const AoeAsked& asked, const Context& context,
                                 std::uint8_t status = wire::kAtaReady, std::uint8_t error = 0,
                                 std::uint8_t sectors_left = 0);
  // So many sectors fit one frame there.
  [[nodiscard]] static std::size_t sectors_max(const Station& station);

  // ---- session.cc
  // Of a client that has none with that disk. kNoIndex and the outcome if there is to be none.
  struct Begun {
    std::uint32_t index = kNoIndex;
    Outcome refused{};
  };
  Begun begin_session(const AoeAsked& asked, const Disks& disks, const Context& context);
  // made: a session ended. coming: one is being closed, which takes a moment.
  enum class Room : std::uint8_t { made, coming, none };
  Room make_room(const Context& context);
  void end(std::uint32_t index);
  void adopt(Session& session, const Disk& disk);
  void let_go(Session& session);
  [[nodiscard]] bool boots(const Session& session, const Context& context) const;
  [[nodiscard]] bool has_just_booted(const AoeAsked& asked, const Context& context) const;
  void boot(std::uint32_t index, const AoeAsked& asked, const Disk& newest, const Context& context);
  // One bounded step towards State::ready, or to the end of the session.
  void advance(std::uint32_t index, const Context& context);
  void change(std::uint32_t index, Session::State state);
  void take_in(std::uint32_t index);
  static Event* tell(EventKind kind, const AoeAsked& asked, const DiskConfig& disk,
                     const Context& context);

  // ---- read.cc
  Outcome read(std::uint32_t index, const Session& session, const AoeAsked& asked,
               const Context& context);
  // Some of it may be in an overlay, or in no memory.
  Outcome read_pieces(std::uint32_t index, const AoeAsked& asked, const Context& context);
  Outcome send_base(const Session& session, const AoeAsked& asked, const Context& context);
  Outcome send_bytes(const AoeAsked& asked, Bytes bytes, const Context& context);
  Outcome send_memory(const Session& session, std::span<const DiskPiece> pieces,
                      const AoeAsked& asked, const Context& context);

  // ---- write.cc
  Outcome write(std::uint32_t index, const AoeAsked& asked, Bytes data, const Context& context);
  Outcome write_memory(std::uint32_t index, std::span<const DiskPiece> pieces,
                       const AoeAsked& asked, Bytes data, const Context& context);
  Outcome write_file(std::uint32_t index, std::span<DiskPiece> pieces, const AoeAsked& asked,
                     Bytes data);
  Outcome make_overlay(std::uint32_t index);
  // For so many grains more.
  [[nodiscard]] bool has_room(const Session& session, std::uint32_t fresh) const;
  Outcome overlay_full(Session& session, const AoeAsked& asked, const Context& context);

  // ---- waiting.cc
  using Pieces = std::array<DiskPiece, kPiecesMax>;
  // The grains that `sectors` from `lba` touch, and where they are. Returns how many pieces.
  std::size_t pieces_of(std::uint32_t index, std::uint64_t lba, std::size_t sectors,
                        Pieces& pieces) const;
  [[nodiscard]] DiskJob job_of(DiskJob::Kind kind, const Session& session) const;
  // aoe_parked, or aoe_disk_busy. `data` goes into the job's buffer first.
  Outcome park(std::uint32_t index, const DiskJob& job, const AoeAsked& asked, Bytes data = {});
  bool submit(std::uint32_t index, DiskJob job, const AoeAsked* asked, Bytes data);
  // Lets a flush wait for the session's sync that is under way. As park().
  Outcome join_sync(std::uint32_t index, const AoeAsked& asked);
  std::size_t collect(const Context& context);
  void finish(const DiskDone& done, const Context& context);
  void opened(std::uint32_t index, const DiskDone& done);
  void settle_joined(const DiskDone& done, Session& session);
  // Answers, and releases.
  void conclude(std::uint32_t ticket, int error, const Context& context);
  void release(std::uint32_t ticket);
  void fail_session(Session& session, const AoeAsked& asked, int error, const Context& context);

  [[nodiscard]] GrainTable& grains_of(const Session& session) {
    return session.overlay_in_file() ? file_grains : memory_grains;
  }
  [[nodiscard]] const GrainTable& grains_of(const Session& session) const {
    return session.overlay_in_file() ? file_grains : memory_grains;
  }

  // What waits for DiskIo, by ticket.
  struct Waiting {
    std::uint32_t session = kNoIndex;
    DiskJob::Kind kind{};
    AoeAsked asked{};
    std::uint32_t joined = kNoIndex;  // of a flush: the ticket of one more that its sync answers
    int error = 0;                    // of one that has joined, once the sync is done
  };
  // A query for more disks than it could have replies at once.
  struct Discovery {
    AoeAsked asked;
    wire::AoeConfigView::Operation operation{};
    std::size_t next = 0;  // in Disks::all
  };
  static constexpr std::size_t kDiscoveringMax = 16;  // who asks too much asks again
  void answer_waiting(const Waiting& what, Bytes buffer, int error, const Context& context);

  Share share;
  const BootingClients& booting;
  SessionTable sessions;
  RecentTable<Instant> asked_for;  // when firmware last asked for its disk, by disk_key()
  GrainTable memory_grains;
  GrainTable file_grains;
  IndexLists changing;  // one list: sessions that are not ready
  std::shared_ptr<DiskIo> io;
  std::vector<Waiting> waiting;
  std::vector<std::uint32_t> tickets;  // free ones
  std::uint32_t synced = kNoIndex;     // flushes that have joined a sync which is done, by ticket
  RateLimit discoveries;
  std::vector<Discovery> discovering;  // has room for kDiscoveringMax
};

// In line, for each request.
inline Outcome AoeEngine::State::read(std::uint32_t index, const Session& session,
                                      const AoeAsked& asked, const Context& context) {
  std::atomic<std::uint64_t>& reads = sessions.figures(index).reads;
  reads.store(reads.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  const bool is_base = session.bytes != nullptr && session.grain_count == 0;
  return is_base ? send_base(session, asked, context) : read_pieces(index, asked, context);
}

inline std::uint8_t* AoeEngine::State::begin_reply(Reply& reply, const AoeAsked& to,
                                                   wire::AoeCommand command, const Context& context,
                                                   std::uint8_t error) {
  const Station& station = context.snapshot.stations[to.station];
  reply.station = to.station;
  std::uint8_t* const packet =
      wire::write_ethernet(reply.head, to.client, station.mac, station.vlan, wire::EtherType::aoe);
  return wire::write_aoe_header(packet, {.response = true,
                                         .error = error,
                                         .shelf = to.address.shelf,
                                         .slot = to.address.slot,
                                         .command = command,
                                         .tag = to.tag});
}

inline void AoeEngine::State::finish_reply(Reply& reply, const std::uint8_t* end) {
  reply.length = static_cast<std::uint16_t>(end - reply.head);
}

inline std::uint8_t* AoeEngine::State::begin_ata(Reply& reply, const AoeAsked& asked,
                                                 const Context& context, std::uint8_t status,
                                                 std::uint8_t error, std::uint8_t sectors_left) {
  std::uint8_t* const at = begin_reply(reply, asked, wire::AoeCommand::ata, context);
  return wire::write_aoe_ata(at, {.flags = asked.ata.flags,
                                  .feature = error,
                                  .sectors = sectors_left,
                                  .command = status,
                                  .lba = asked.ata.lba});
}

}  // namespace reveille
