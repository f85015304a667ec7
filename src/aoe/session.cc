#include <algorithm>
#include <array>
#include <string_view>

#include "aoe/state.h"

namespace reveille {
namespace {

// What a tick does for one session: microseconds.
constexpr std::size_t kGrainsPerStep = 1024;
// A client that was silent for so long makes room for another one, if nothing is lost by that.
constexpr Nanoseconds kSilent = std::chrono::minutes{10};

void hold(const Image& image, unsigned worker, std::int32_t change) {
  std::atomic<std::uint32_t>& count = image.hold(worker).transfers;
  count.store(count.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(change),
              std::memory_order_release);
}

OverlayUse use_at_boot(const DiskConfig& disk) {
  return disk.keep ? OverlayUse::boot : OverlayUse::drop;
}

// "e0.1 lab.img"
void name(Event* event, DiskAddress address, const DiskConfig& config) {
  if (event == nullptr) return;
  std::array<char, 16> text{'e'};
  const auto digits = [](char* at, unsigned value) {
    std::array<char, 5> reversed;
    std::size_t count = 0;
    do {
      reversed[count++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    while (count > 0) *at++ = reversed[--count];
    return at;
  };
  char* at = digits(text.data() + 1, address.shelf);
  *at++ = '.';
  at = digits(at, address.slot);
  *at++ = ' ';
  const auto prefix = static_cast<std::size_t>(at - text.data());
  std::copy_n(text.data(), prefix, event->text_bytes.data());
  const std::string_view path = config.file;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const std::size_t length = std::min(event->text_bytes.size() - prefix, file.size());
  std::copy_n(file.data(), length, event->text_bytes.data() + prefix);
  event->text_length = static_cast<std::uint8_t>(prefix + length);
}

}  // namespace

Event* AoeEngine::State::tell(EventKind kind, const AoeAsked& asked, const DiskConfig& disk,
                              const Context& context) {
  Event* const event = context.events.add(kind, context.now);
  if (event == nullptr) return nullptr;
  event->client = asked.client;
  event->vlan = context.snapshot.stations[asked.station].vlan;
  name(event, asked.address, disk);
  return event;
}

AoeEngine::State::Begun AoeEngine::State::begin_session(const AoeAsked& asked, const Disks& disks,
                                                        const Context& context) {
  const Disk* disk = disks.find(asked.address);
  const auto none = [](Outcome refused) { return Begun{kNoIndex, refused}; };
  if (disk == nullptr) return none(Outcome::aoe_other_target);
  if (!disk->allows(asked.client)) return none(Outcome::aoe_not_allowed);
  if (disk->state->reserved_for_others(asked.client)) {
    return none(refuse(asked, wire::AoeCommand::ata, wire::AoeError::target_is_reserved,
                       Outcome::aoe_reserved, context));
  }
  std::uint32_t index = sessions.begin(asked.client, asked.address);
  const Room room = index != kNoIndex ? Room::made : make_room(context);
  if (room == Room::coming) return none(Outcome::aoe_opening);
  if (index == kNoIndex && room == Room::made) index = sessions.begin(asked.client, asked.address);
  if (index == kNoIndex) {
    return none(refuse(asked, wire::AoeCommand::ata, wire::AoeError::device_unavailable,
                       Outcome::aoe_clients_full, context));
  }
  Session& session = sessions[index];
  if (disk->config().mode == DiskMode::exclusive &&
      !disk->state->free_for(asked.client, context.now)) {
    sessions.end(index);
    if (Event* const event = tell(EventKind::disk_refused, asked, disk->config(), context)) {
      event->outcome = Outcome::aoe_private_taken;
    }
    return none(refuse(asked, wire::AoeCommand::ata, wire::AoeError::device_unavailable,
                       Outcome::aoe_private_taken, context));
  }
  adopt(session, *disk);
  session.heard = context.now;
  // What a client that was there before this server wrote is kept, unless it has booted since.
  if (has_just_booted(asked, context)) session.use = use_at_boot(disk->config());
  session.booted = context.now;
  if (session.overlay_in_file()) {
    change(index, Session::State::opening);
    if (!submit(index, job_of(DiskJob::Kind::open_overlay, session), nullptr, {})) {
      // Nothing is open yet, so the next step closes nothing.
      change(index, Session::State::releasing);
    }
  }
  if (Event* const event = tell(EventKind::disk_opened, asked, disk->config(), context)) {
    event->bytes = session.sectors * wire::kSectorSize;
  }
  return {index, {}};
}

// What somebody wrote to memory is nowhere else: that session stays until its machine boots. What
// is in a file stays there, and its client finds it again.
AoeEngine::State::Room AoeEngine::State::make_room(const Context& context) {
  std::uint32_t index = sessions.oldest_visitor();
  if (index == kNoIndex) {
    index = sessions.oldest_client();
    if (index == kNoIndex || context.now - sessions[index].heard < kSilent) return Room::none;
  }
  Session& session = sessions[index];
  if (session.state == Session::State::closing) return Room::coming;
  const bool in_memory = session.grain_count != 0 && session.overlay == nullptr;
  if (session.jobs != 0 || in_memory) {
    sessions.touch(index);  // not again at once
    return Room::none;
  }
  if (session.overlay != nullptr) {
    change(index, Session::State::closing);
    advance(index, context);
    return Room::coming;
  }
  end(index);
  return Room::made;
}

void AoeEngine::State::end(std::uint32_t index) {
  changing.unlink(index);
  let_go(sessions[index]);
  sessions.end(index);
}

void AoeEngine::State::adopt(Session& session, const Disk& disk) {
  hold(*disk.image, share.index, 1);
  session.image = disk.image.get();
  session.base = disk.base;
  session.bytes = disk.base->in_memory() ? disk.base->bytes().data() : nullptr;
  session.sectors = disk.base->sectors();
  session.mode = disk.config().mode;
  session.shared = disk.state.get();
  session.grains_max = static_cast<std::uint32_t>(disk.config().overlay_max_bytes / kGrainSize);
}

void AoeEngine::State::let_go(Session& session) {
  if (session.image != nullptr) hold(*session.image, share.index, -1);
  session.image = nullptr;
  session.base = nullptr;
  session.bytes = nullptr;
}

// The firmware asked for an address since the client last booted. Linux identifies a disk too,
// and again each minute while nobody has it open: that alone means nothing.
bool AoeEngine::State::boots(const Session& session, const Context& context) const {
  const auto seen = booting.last_seen(session.client);
  if (seen && *seen > session.booted) return true;
  const Config* config = context.snapshot.config.get();
  const bool sees_dhcp = config != nullptr && config->dhcp.mode != DhcpMode::off;
  if (sees_dhcp) return false;
  const Instant* const asked = asked_for.find(disk_key(session.client, session.address));
  return asked != nullptr && *asked > session.booted;
}

// For a client that has no session, perhaps because it was silent for long: then it booted before.
bool AoeEngine::State::has_just_booted(const AoeAsked& asked, const Context& context) const {
  const auto seen = booting.last_seen(asked.client);
  if (seen && context.now - *seen < kSilent) return true;
  const Instant* const queried = asked_for.find(disk_key(asked.client, asked.address));
  return queried != nullptr && context.now - *queried < kSilent;
}

// The client begins again: with the newest version, and without what it wrote, unless that is to
// be kept and belongs to the same version.
void AoeEngine::State::boot(std::uint32_t index, const AoeAsked& asked, const Disk& newest,
                            const Context& context) {
  Session& session = sessions[index];
  session.booted = context.now;
  const bool same = session.image == newest.image.get();
  const bool keep = same && newest.config().keep && !session.failed;
  const bool wrote = session.grain_count != 0 || session.overlay != nullptr;
  if (same && (keep || (!wrote && !session.failed))) return;
  // What is kept is found again by a disk that has failed, too.
  const bool drops = !same || !newest.config().keep;
  if (session.grain_count != 0 && drops) {
    if (Event* const event = tell(EventKind::disk_dropped, asked, newest.config(), context)) {
      event->bytes = std::uint64_t{session.grain_count} * kGrainSize;
    }
  }
  session.use = use_at_boot(newest.config());
  change(index, Session::State::releasing);
  advance(index, context);  // nearly always all the way
}

void AoeEngine::State::change(std::uint32_t index, Session::State state) {
  sessions[index].state = state;
  changing.unlink(index);
  if (state != Session::State::ready) changing.push_back(0, index);
}

void AoeEngine::State::advance(std::uint32_t index, const Context& context) {
  Session& session = sessions[index];
  if (session.jobs != 0) return;  // nothing goes that a thread still reads
  if (session.state == Session::State::releasing || session.state == Session::State::closing) {
    GrainTable& grains = grains_of(session);
    session.grain_count -=
        static_cast<std::uint32_t>(grains.release(session.grain_chain, kGrainsPerStep));
    sessions.figures(index).grains.store(session.grain_count, std::memory_order_relaxed);
    if (session.grain_chain != kNoIndex) return;
    if (session.overlay != nullptr) {
      if (!submit(index, job_of(DiskJob::Kind::close_overlay, session), nullptr, {})) return;
      session.overlay = nullptr;
      return;
    }
    if (session.state == Session::State::closing) return end(index);
    const Disk* newest =
        context.snapshot.disks != nullptr ? context.snapshot.disks->find(session.address) : nullptr;
    if (newest != nullptr) {
      let_go(session);
      adopt(session, *newest);
    }
    session.failed = false;
    session.overlay_full_told = false;
    session.taken_in = 0;
    session.places_used = 0;
    if (!session.overlay_in_file()) return change(index, Session::State::ready);
    if (submit(index, job_of(DiskJob::Kind::open_overlay, session), nullptr, {})) {
      change(index, Session::State::opening);
    }
    return;
  }
  take_in(index);
}

// The index of an overlay file that was there before.
void AoeEngine::State::take_in(std::uint32_t index) {
  Session& session = sessions[index];
  if (session.overlay == nullptr) return;
  const auto found = session.overlay->grains();
  const std::size_t end = std::min(found.size(), session.taken_in + kGrainsPerStep);
  for (; session.taken_in < end; ++session.taken_in) {
    const OverlayFile::Grain& one = found[session.taken_in];
    if (std::uint64_t{one.grain} * kGrainSectors >= session.sectors ||
        file_grains.find(index, one.grain) != kNoIndex) {
      continue;
    }
    if (file_grains.full()) {
      session.failed = true;  // a part of what was written is worse than nothing
      break;
    }
    file_grains.insert(index, one.grain, one.place, session.grain_chain);
    ++session.grain_count;
    session.places_used = std::max(session.places_used, one.place + 1);
  }
  sessions.figures(index).grains.store(session.grain_count, std::memory_order_relaxed);
  if (session.taken_in == found.size() || session.failed) change(index, Session::State::ready);
}

}  // namespace reveille
