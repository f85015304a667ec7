// What a burst of requests will look at, asked for before it is needed.
#include <algorithm>

#include <reveille/wire/aoe.h>
#include <reveille/wire/ata.h>

#include "aoe/state.h"

namespace reveille {
namespace {

// A part of the sectors that a request reads or writes, in one grain. Nothing of it was checked.
struct Part {
  std::uint32_t grain = 0;
  std::size_t offset = 0;  // in the grain, octets
  std::size_t length = 0;
  bool to_write = false;
};

template <class Visit>
void visit_parts(const Request& request, Visit&& visit) {
  const auto packet = wire::AoeView::parse(request.body);
  if (!packet || packet->command() != wire::AoeCommand::ata) return;
  const auto ata = wire::AoeAtaView::parse(packet->arguments());
  if (!ata || ata->sectors() > kDiskSectorsMax) return;
  const auto command = static_cast<wire::AtaCommand>(ata->command());
  const bool to_write =
      command == wire::AtaCommand::write_sectors || command == wire::AtaCommand::write_sectors_ext;
  std::uint64_t lba = ata->lba();
  for (std::size_t left = ata->sectors(); left > 0;) {
    const std::size_t first = lba % kGrainSectors;
    const std::size_t count = std::min<std::size_t>(left, kGrainSectors - first);
    visit(Part{.grain = static_cast<std::uint32_t>(lba / kGrainSectors),
               .offset = first * wire::kSectorSize,
               .length = count * wire::kSectorSize,
               .to_write = to_write});
    lba += count;
    left -= count;
  }
}

}  // namespace

void AoeEngine::prefetch(Request& request) const {
  const auto packet = wire::AoeView::parse(request.body);
  if (!packet) return;
  const DiskAddress address{packet->shelf(), packet->slot()};
  request.place = state_->sessions.prefetch(request.link_source, address);
}

void AoeEngine::prefetch_session(Request& request) const {
  request.place = state_->sessions.prefetch_session(request.place);
}

bool AoeEngine::has_grains() const {
  return state_->memory_grains.used() != 0;
}

void AoeEngine::prefetch_grain(const Request& request) const {
  const std::uint32_t session = state_->session_with_grains(request);
  if (session == kNoIndex) return;
  visit_parts(request,
              [&](const Part& part) { state_->memory_grains.prefetch(session, part.grain); });
}

void AoeEngine::prefetch_grain_bytes(const Request& request) const {
  const std::uint32_t session = state_->session_with_grains(request);
  if (session == kNoIndex) return;
  visit_parts(request, [&](const Part& part) {
    state_->memory_grains.prefetch_bytes(session, part.grain, part.offset, part.length,
                                         part.to_write);
  });
}

// As far as one can guess.
std::uint32_t AoeEngine::State::session_with_grains(const Request& request) const {
  if (request.place >= sessions.capacity()) return kNoIndex;
  const Session& session = sessions[request.place];
  return session.grain_count == 0 || session.overlay_in_file() ? kNoIndex : request.place;
}

}  // namespace reveille
