#include <algorithm>

#include "aoe/state.h"

namespace reveille {

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
  waiting[job.ticket] = {.session = index, .kind = job.kind, .asked = {}};
  if (asked != nullptr) waiting[job.ticket].asked = *asked;
  std::ranges::copy(data, io->buffer(share.index, job.ticket).begin());
  ++sessions[index].jobs;
  io->submit(share.index, job);
  return true;
}

Outcome AoeEngine::State::park(std::uint32_t index, const DiskJob& job, const AoeAsked& asked,
                               Bytes data) {
  return submit(index, job, &asked, data) ? Outcome::aoe_parked : Outcome::aoe_disk_busy;
}

std::size_t AoeEngine::State::collect(const Context& context) {
  // Each job takes one reply at most.
  DiskDone done;
  std::size_t finished = 0;
  while (context.replies.free() > 0 && io->take(share.index, done)) {
    finish(done, context);
    ++finished;
  }
  return finished + (DiskIo::kTickets - tickets.size());
}

void AoeEngine::State::finish(const DiskDone& done, const Context& context) {
  const Waiting& what = waiting[done.ticket];
  Session& session = sessions[what.session];
  --session.jobs;
  switch (what.kind) {
    case DiskJob::Kind::open_overlay:
      session.overlay = done.overlay;
      session.taken_in = 0;
      if (done.error != 0) {
        session.failed = true;
        change(what.session, Session::State::ready);
      } else if (done.overlay == nullptr) {
        change(what.session, Session::State::ready);  // it has not written yet
      } else {
        take_in(what.session);
      }
      break;
    case DiskJob::Kind::close_overlay:
      advance(what.session, context);
      break;
    case DiskJob::Kind::write_overlay:
      // Grains may be missing now that others were told of: from here on all of it is in doubt.
      if (done.error != 0) fail_overlay(session, what.asked, done.error, context);
      [[fallthrough]];
    default:
      answer_waiting(what, io->buffer(share.index, done.ticket), done.error, context);
  }
  tickets.push_back(done.ticket);
}

void AoeEngine::State::fail_overlay(Session& session, const AoeAsked& asked, int error,
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
