#include <algorithm>
#include <cstring>

#include "aoe/state.h"

namespace reveille {

Outcome AoeEngine::State::read_pieces(std::uint32_t index, const AoeAsked& asked,
                                      const Context& context) {
  const Session& session = sessions[index];
  Pieces pieces;
  const std::size_t count = pieces_of(index, asked.ata.lba, asked.ata.sectors, pieces);
  const std::span<const DiskPiece> parts = std::span(pieces).first(count);
  const bool from_base =
      std::ranges::all_of(parts, [](const DiskPiece& piece) { return piece.place == kNoPlace; });
  if (from_base) {
    if (session.bytes != nullptr) return send_base(session, asked, context);
    DiskJob job = job_of(DiskJob::Kind::read_base, session);
    job.offset = asked.ata.lba * wire::kSectorSize;
    job.length = asked.ata.sectors * static_cast<std::uint32_t>(wire::kSectorSize);
    return park(index, job, asked);
  }
  if (session.overlay != nullptr) {
    DiskJob job = job_of(DiskJob::Kind::read_overlay, session);
    job.piece_count = static_cast<std::uint8_t>(count);
    std::ranges::copy(parts, job.pieces.begin());
    return park(index, job, asked);
  }
  return send_memory(session, parts, asked, context);
}

// The bytes stay where they are: the port gathers or copies them.
Outcome AoeEngine::State::send_base(const Session& session, const AoeAsked& asked,
                                    const Context& context) {
  const Payload payload{.bytes = session.bytes + asked.ata.lba * wire::kSectorSize,
                        .length = static_cast<std::uint16_t>(asked.ata.sectors * wire::kSectorSize),
                        .image = session.image};
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  reply->payload = payload;
  finish_reply(*reply, begin_ata(*reply, asked, context));
  return Outcome::aoe_read;
}

// Copied at once: the client may write there again before the frame has left.
Outcome AoeEngine::State::send_memory(const Session& session, std::span<const DiskPiece> pieces,
                                      const AoeAsked& asked, const Context& context) {
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  std::uint8_t* at = begin_ata(*reply, asked, context);
  for (const DiskPiece& piece : pieces) {
    const std::uint8_t* from =
        piece.place == kNoPlace
            ? session.bytes + std::uint64_t{piece.grain} * kGrainSize + piece.offset
            : memory_grains.bytes(piece.place).data() + piece.offset;
    std::memcpy(at, from, piece.length);
    at += piece.length;
  }
  finish_reply(*reply, at);
  return Outcome::aoe_read;
}

Outcome AoeEngine::State::send_bytes(const AoeAsked& asked, Bytes bytes, const Context& context) {
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  std::uint8_t* const at = begin_ata(*reply, asked, context);
  std::memcpy(at, bytes.data(), bytes.size());
  finish_reply(*reply, at + bytes.size());
  return Outcome::aoe_read;
}

}  // namespace reveille
