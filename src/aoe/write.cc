#include <algorithm>
#include <cstring>

#include "aoe/state.h"

namespace reveille {

Outcome AoeEngine::State::write(std::uint32_t index, const AoeAsked& asked, Bytes data,
                                const Context& context) {
  Session& session = sessions[index];
  if (session.mode == DiskMode::read_only) {
    return fail(asked, wire::kAtaAborted, Outcome::aoe_write_refused, context);
  }
  std::atomic<std::uint64_t>& writes = sessions.figures(index).writes;
  writes.store(writes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (session.mode == DiskMode::exclusive) {
    DiskJob job = job_of(DiskJob::Kind::write_base, session);
    job.offset = asked.ata.lba * wire::kSectorSize;
    job.length = static_cast<std::uint32_t>(data.size());
    return park(index, job, asked, data);
  }
  if (session.overlay_in_file() && session.overlay == nullptr) return make_overlay(index);
  Pieces pieces;
  const std::size_t count = pieces_of(index, asked.ata.lba, asked.ata.sectors, pieces);
  const std::span<DiskPiece> parts = std::span(pieces).first(count);
  // All or nothing: half a write would be no error that a client expects.
  const auto fresh =
      static_cast<std::uint32_t>(std::ranges::count(parts, kNoPlace, &DiskPiece::place));
  if (fresh > 0 && !has_room(session, fresh)) {
    return overlay_full(session, asked, context);
  }
  return session.overlay != nullptr ? write_file(index, parts, asked, data)
                                    : write_memory(index, parts, asked, data, context);
}

// The first write of a client makes its file; the client will ask again.
Outcome AoeEngine::State::make_overlay(std::uint32_t index) {
  DiskJob job = job_of(DiskJob::Kind::open_overlay, sessions[index]);
  job.create = true;
  if (!submit(index, job, nullptr, {})) return Outcome::aoe_disk_busy;
  change(index, Session::State::opening);
  return Outcome::aoe_opening;
}

bool AoeEngine::State::has_room(const Session& session, std::uint32_t fresh) const {
  const GrainTable& grains = grains_of(session);
  const bool in_file = session.overlay != nullptr;
  const std::uint32_t taken = in_file ? session.places_used : session.grain_count;
  const std::uint32_t room =
      in_file ? std::min(session.grains_max, session.overlay->places()) : session.grains_max;
  return taken + fresh <= room && grains.used() + fresh <= grains.capacity();
}

Outcome AoeEngine::State::write_memory(std::uint32_t index, std::span<const DiskPiece> pieces,
                                       const AoeAsked& asked, Bytes data, const Context& context) {
  // Before anything is written: a write that cannot be answered did not happen.
  if (context.replies.free() == 0) return Outcome::reply_buffers_exhausted;
  Session& session = sessions[index];
  for (const DiskPiece& piece : pieces) {
    std::uint32_t entry = piece.place;
    if (entry == kNoPlace) {
      entry = memory_grains.insert(index, piece.grain, 0, session.grain_chain);
      ++session.grain_count;
      const MutableBytes grain = memory_grains.bytes(entry);
      const std::uint64_t offset = std::uint64_t{piece.grain} * kGrainSize;
      // The disk may end inside its last grain.
      const std::size_t length =
          std::min<std::uint64_t>(kGrainSize, session.sectors * wire::kSectorSize - offset);
      std::memcpy(grain.data(), session.bytes + offset, length);
      std::memset(grain.data() + length, 0, kGrainSize - length);
    }
    std::memcpy(memory_grains.bytes(entry).data() + piece.offset, data.data(), piece.length);
    data = data.subspan(piece.length);
  }
  sessions.figures(index).grains.store(session.grain_count, std::memory_order_relaxed);
  return answer(asked, wire::kAtaReady, 0, Outcome::aoe_written, context);
}

// Where a grain will be is known from now on; whoever asks for it waits behind this write.
Outcome AoeEngine::State::write_file(std::uint32_t index, std::span<DiskPiece> pieces,
                                     const AoeAsked& asked, Bytes data) {
  Session& session = sessions[index];
  DiskJob job = job_of(DiskJob::Kind::write_overlay, session);
  job.piece_count = static_cast<std::uint8_t>(pieces.size());
  std::uint32_t place = session.places_used;
  for (DiskPiece& piece : pieces) {
    piece.fresh = piece.place == kNoPlace;
    if (piece.fresh) piece.place = place++;
  }
  std::ranges::copy(pieces, job.pieces.begin());
  const Outcome outcome = park(index, job, asked, data);
  if (outcome != Outcome::aoe_parked) return outcome;
  session.places_used = place;
  for (const DiskPiece& piece : pieces) {
    if (!piece.fresh) continue;
    file_grains.insert(index, piece.grain, piece.place, session.grain_chain);
    ++session.grain_count;
  }
  sessions.figures(index).grains.store(session.grain_count, std::memory_order_relaxed);
  return outcome;
}

Outcome AoeEngine::State::overlay_full(Session& session, const AoeAsked& asked,
                                       const Context& context) {
  if (!session.overlay_full_told) {
    session.overlay_full_told = true;
    if (Event* const event = tell(EventKind::disk_full, asked, session.base->config(), context)) {
      event->bytes = std::uint64_t{session.grain_count} * kGrainSize;
    }
  }
  return fail(asked, wire::kAtaAborted, Outcome::aoe_overlay_full, context);
}

}  // namespace reveille
