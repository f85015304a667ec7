#include <algorithm>
#include <utility>

#include "aoe/state.h"

namespace reveille {
namespace {

bool is_sync(DiskJob::Kind kind) {
  return kind == DiskJob::Kind::sync_base || kind == DiskJob::Kind::sync_overlay;
}
bool is_write(DiskJob::Kind kind) {
  return kind == DiskJob::Kind::write_base || kind == DiskJob::Kind::write_overlay;
}

}  // namespace

std::size_t AoeEngine::State::pieces_of(std::uint32_t index, std::uint64_t lba, std::size_t sectors,
                                        Pieces& pieces) const {
  const Session& session = sessions[index];
  const GrainTable& grains = grains_of(session);
  const bool in_file = session.overlay_in_file();
  std::size_t count = 0;
  while (sectors > 0) {
    const auto first = static_cast<std::uint32_t>(lba % kGrainSectors);
    const std::size_t part = std::min<std::size_t>(sectors, kGrainSectors - first);
    DiskPiece& piece = pieces[count++];
    piece = {.grain = static_cast<std::uint32_t>(lba / kGrainSectors),
             .offset = static_cast<std::uint16_t>(first * wire::kSectorSize),
             .length = static_cast<std::uint16_t>(part * wire::kSectorSize)};
    const std::uint32_t entry =
        session.grain_count == 0 ? kNoIndex : grains.find(index, piece.grain);
    // In memory the entry is the place.
    if (entry != kNoIndex) piece.place = in_file ? grains.place(entry) : entry;
    lba += part;
    sectors -= part;
  }
  return count;
}

DiskJob AoeEngine::State::job_of(DiskJob::Kind kind, const Session& session) const {
  DiskJob job;
  job.kind = kind;
  job.use = session.use;
  job.base = session.base;
  job.overlay = session.overlay;
  job.client = session.client;
  return job;
}

bool AoeEngine::State::submit(std::uint32_t index, DiskJob job, const AoeAsked* asked, Bytes data) {
  if (tickets.empty()) return false;
  job.ticket = tickets.back();
  tickets.pop_back();
  waiting[job.ticket] = {.session = index, .kind = job.kind};
  if (asked != nullptr) waiting[job.ticket].asked = *asked;
  std::ranges::copy(data, io->buffer(share.index, job.ticket).begin());
  Session& session = sessions[index];
  ++session.jobs;
  if (is_sync(job.kind)) session.sync = job.ticket;
  if (is_write(job.kind)) session.sync = kNoIndex;
  io->submit(share.index, job);
  return true;
}

Outcome AoeEngine::State::park(std::uint32_t index, const DiskJob& job, const AoeAsked& asked,
                               Bytes data) {
  if (sessions[index].jobs >= kBuffers) return Outcome::aoe_disk_busy;
  return submit(index, job, &asked, data) ? Outcome::aoe_parked : Outcome::aoe_disk_busy;
}

// A sync that is under way does for every flush that came since the last write: one client cannot
// keep the one thread that writes busy with syncs of nothing.
Outcome AoeEngine::State::join_sync(std::uint32_t index, const AoeAsked& asked) {
  Session& session = sessions[index];
  if (session.jobs >= kBuffers || tickets.empty()) return Outcome::aoe_disk_busy;
  const std::uint32_t ticket = tickets.back();
  tickets.pop_back();
  Waiting& first = waiting[session.sync];
  waiting[ticket] = {.session = index, .kind = first.kind, .asked = asked, .joined = first.joined};
  first.joined = ticket;
  ++session.jobs;
  return Outcome::aoe_parked;
}

std::size_t AoeEngine::State::collect(const Context& context) {
  // Each step takes one reply at most.
  DiskDone done;
  std::size_t finished = 0;
  for (; context.replies.free() > 0; ++finished) {
    if (synced != kNoIndex) {
      const std::uint32_t ticket = synced;
      synced = waiting[ticket].joined;
      conclude(ticket, waiting[ticket].error, context);
    } else if (io->take(share.index, done)) {
      finish(done, context);
    } else {
      break;
    }
  }
  return finished + (waiting.size() - tickets.size());
}

void AoeEngine::State::finish(const DiskDone& done, const Context& context) {
  const Waiting& what = waiting[done.ticket];
  Session& session = sessions[what.session];
  if (is_sync(what.kind)) settle_joined(done, session);
  // What others were told of may be missing now, and a sync that failed once may succeed the next
  // time though nothing was written: from here on all of it is in doubt.
  if (done.error != 0 && (is_write(what.kind) || is_sync(what.kind))) {
    fail_session(session, what.asked, done.error, context);
  }
  switch (what.kind) {
    case DiskJob::Kind::open_overlay:
      release(done.ticket);
      return opened(what.session, done);
    case DiskJob::Kind::close_overlay:
      release(done.ticket);
      return advance(what.session, context);
    default:
      return conclude(done.ticket, done.error, context);
  }
}

void AoeEngine::State::opened(std::uint32_t index, const DiskDone& done) {
  Session& session = sessions[index];
  session.overlay = done.overlay;
  session.taken_in = 0;
  session.failed = session.failed || done.error != 0;
  if (done.overlay == nullptr) return change(index, Session::State::ready);  // nothing is written
  take_in(index);
}

// All flushes that joined this one are answered when there are replies for them.
void AoeEngine::State::settle_joined(const DiskDone& done, Session& session) {
  if (session.sync == done.ticket) session.sync = kNoIndex;
  for (std::uint32_t next = waiting[done.ticket].joined; next != kNoIndex;) {
    Waiting& joined = waiting[next];
    joined.error = done.error;
    const std::uint32_t after = std::exchange(joined.joined, synced);
    synced = std::exchange(next, after);
  }
}

void AoeEngine::State::release(std::uint32_t ticket) {
  --sessions[waiting[ticket].session].jobs;
  tickets.push_back(ticket);
}

void AoeEngine::State::conclude(std::uint32_t ticket, int error, const Context& context) {
  answer_waiting(waiting[ticket], io->buffer(share.index, ticket), error, context);
  release(ticket);
}

void AoeEngine::State::fail_session(Session& session, const AoeAsked& asked, int error,
                                    const Context& context) {
  if (session.failed) return;
  session.failed = true;
  if (Event* const event = tell(EventKind::disk_failed, asked, session.base->config(), context)) {
    event->bytes = static_cast<std::uint64_t>(error);
  }
}

void AoeEngine::State::answer_waiting(const Waiting& what, Bytes buffer, int error,
                                      const Context& context) {
  const Session& session = sessions[what.session];
  if (error != 0 || session.failed) {
    const bool reads =
        what.kind == DiskJob::Kind::read_base || what.kind == DiskJob::Kind::read_overlay;
    const std::uint8_t why = reads ? wire::kAtaUncorrectable : wire::kAtaAborted;
    answer(what.asked, wire::kAtaReady | wire::kAtaDeviceFault | wire::kAtaError, why,
           Outcome::aoe_disk_failed, context);
    return;
  }
  if (what.kind == DiskJob::Kind::read_base || what.kind == DiskJob::Kind::read_overlay) {
    send_bytes(what.asked, buffer.first(what.asked.ata.sectors * wire::kSectorSize), context);
  } else {
    answer(what.asked, wire::kAtaReady, 0, Outcome::aoe_written, context);
  }
}

}  // namespace reveille
