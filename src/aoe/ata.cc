#include <algorithm>
#include <array>
#include <string_view>

#include <reveille/wire/ethernet.h>

#include "aoe/state.h"

namespace reveille {
namespace {

using wire::AoeAtaView;
using wire::AtaCommand;

// Who is silent for long makes room; seconds do not matter there, and touching costs.
constexpr Nanoseconds kTouchEvery = std::chrono::seconds{1};

bool is_extended(AtaCommand command) {
  return command == AtaCommand::read_sectors_ext || command == AtaCommand::write_sectors_ext;
}

bool is_write(AtaCommand command) {
  return command == AtaCommand::write_sectors || command == AtaCommand::write_sectors_ext;
}

bool is_of_sectors(AtaCommand command) {
  return is_write(command) || command == AtaCommand::read_sectors ||
         command == AtaCommand::read_sectors_ext;
}

}  // namespace

std::size_t AoeEngine::State::sectors_max(const Station& station) {
  const std::size_t packet = station.mtu;  // heads have room for that, and tags
  constexpr std::size_t kHeaders = wire::kAoeHeader + wire::kAoeAtaArguments;
  return std::clamp<std::size_t>((packet - std::min(packet, kHeaders)) / wire::kSectorSize, 1,
                                 kDiskSectorsMax);
}

inline Outcome AoeEngine::State::transfer(std::uint32_t index, Session& session, Bytes data,
                                          AoeAsked& asked, const Context& context) {
  const auto code = static_cast<AtaCommand>(asked.ata.command);
  const std::size_t count = asked.ata.sectors;
  // In ATA zero means 256 or 65536 sectors; no frame carries those.
  if (count == 0 || count > sectors_max(context.snapshot.stations[asked.station]) ||
      (is_write(code) && data.size() < count * wire::kSectorSize)) {
    return refuse(asked, wire::AoeCommand::ata, wire::AoeError::bad_argument,
                  Outcome::aoe_bad_argument, context);
  }
  if (!is_extended(code)) asked.ata.lba &= wire::kLba28Sectors - 1;
  if (asked.ata.lba >= session.sectors || count > session.sectors - asked.ata.lba) {
    return fail(asked, wire::kAtaIdNotFound, Outcome::aoe_past_end, context);
  }
  if (!session.proven) sessions.prove(index);
  return is_write(code) ? write(index, asked, data.first(count * wire::kSectorSize), context)
                        : read(index, session, asked, context);
}

Outcome AoeEngine::State::ata(Bytes arguments, AoeAsked& asked, const Disks& disks,
                              const Context& context) {
  const auto command = AoeAtaView::parse(arguments);
  if (!command) return command.refusal();
  asked.ata = {.flags = command->flags(),
               .feature = command->feature(),
               .sectors = command->sectors(),
               .command = command->command(),
               .lba = command->lba()};
  std::uint32_t index = sessions.find(asked.client, asked.address, asked.place);
  if (index == kNoIndex) [[unlikely]] {
    const Begun begun = begin_session(asked, disks, context);
    if (begun.index == kNoIndex) return begun.refused;
    index = begun.index;
  }
  Session& session = sessions[index];
  if (session.shared->masked(asked.client)) return Outcome::aoe_not_allowed;
  if (session.shared->reserved_for_others(asked.client)) {
    return refuse(asked, wire::AoeCommand::ata, wire::AoeError::target_is_reserved,
                  Outcome::aoe_reserved, context);
  }
  if (session.mode == DiskMode::exclusive && !may_have(*session.shared, asked, context)) {
    return refuse(asked, wire::AoeCommand::ata, wire::AoeError::device_unavailable,
                  Outcome::aoe_private_taken, context);
  }
  const auto code = static_cast<AtaCommand>(asked.ata.command);
  if (context.now - session.heard >= kTouchEvery) sessions.touch(index);
  session.heard = context.now;
  if (code == AtaCommand::identify_device && session.state == Session::State::ready &&
      boots(session, context)) {
    const Disk* const newest = disks.find(asked.address);
    // A reload may have taken it off the list: what runs goes on, what boots does not.
    if (newest != nullptr && !newest->allows(asked.client)) return Outcome::aoe_not_allowed;
    if (newest != nullptr) boot(index, asked, *newest, context);
  }
  if (session.state == Session::State::opening && code == AtaCommand::identify_device) {
    return identify(session, asked, context);  // what was written does not change it
  }
  if (session.state != Session::State::ready) return Outcome::aoe_opening;
  if (session.failed) {
    return answer(asked, wire::kAtaReady | wire::kAtaDeviceFault | wire::kAtaError,
                  wire::kAtaAborted, Outcome::aoe_disk_failed, context);
  }
  return is_of_sectors(code) ? transfer(index, session, command->data(), asked, context)
                             : obey(index, asked, context);
}

// Who looks at every disk in sight, as Linux does, takes none from its owner.
bool AoeEngine::State::may_have(DiskState& disk, const AoeAsked& asked, const Context& context) {
  return is_of_sectors(static_cast<AtaCommand>(asked.ata.command))
             ? disk.claim(asked.client, context.now)
             : disk.free_for(asked.client, context.now);
}

Outcome AoeEngine::State::obey(std::uint32_t index, const AoeAsked& asked, const Context& context) {
  switch (static_cast<AtaCommand>(asked.ata.command)) {
    case AtaCommand::identify_device:
      return identify(sessions[index], asked, context);
    case AtaCommand::flush_cache:
    case AtaCommand::flush_cache_ext:
      return flush(index, asked, context);
    case AtaCommand::check_power_mode: {
      AoeAsked active = asked;
      active.ata.sectors = 0xff;
      return answer(active, wire::kAtaReady, 0, Outcome::aoe_ata_other, context);
    }
    case AtaCommand::smart: {
      const bool known =
          (asked.ata.lba & 0xffff00) == wire::kSmartKey &&
          (asked.ata.feature == wire::kSmartReturnStatus ||
           asked.ata.feature == wire::kSmartEnable || asked.ata.feature == wire::kSmartDisable);
      if (!known) return fail(asked, wire::kAtaAborted, Outcome::aoe_ata_unknown, context);
      return answer(asked, wire::kAtaReady, 0, Outcome::aoe_ata_other, context);
    }
    default:
      return fail(asked, wire::kAtaAborted, Outcome::aoe_ata_unknown, context);
  }
}

Outcome AoeEngine::State::identify(const Session& session, const AoeAsked& asked,
                                   const Context& context) {
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  std::uint8_t* const at = begin_ata(*reply, asked, context);
  std::array<char, 20> serial{'r', 'e', 'v', 'e', 'i', 'l', 'l', 'e', '-'};
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::uint32_t number =
      static_cast<std::uint32_t>(asked.address.shelf) << 8 | asked.address.slot;
  for (std::size_t i = 0; i < 6; ++i) serial[9 + i] = kDigits[(number >> (20 - 4 * i)) & 15];
  const bool write_cache = session.mode == DiskMode::exclusive || session.overlay_in_file();
  wire::write_ata_identity(at, {.sectors = session.sectors,
                                .serial = {serial.data(), 15},
                                .firmware = "1",
                                .model = "reveille network disk",
                                .write_cache = write_cache});
  finish_reply(*reply, at + wire::kSectorSize);
  return Outcome::aoe_identified;
}

// What was written to memory is as safe as it will ever be.
Outcome AoeEngine::State::flush(std::uint32_t index, const AoeAsked& asked,
                                const Context& context) {
  const Session& session = sessions[index];
  if (session.sync != kNoIndex) return join_sync(index, asked);
  if (session.overlay != nullptr) {
    return park(index, job_of(DiskJob::Kind::sync_overlay, session), asked);
  }
  if (session.mode == DiskMode::exclusive) {
    return park(index, job_of(DiskJob::Kind::sync_base, session), asked);
  }
  return answer(asked, wire::kAtaReady, 0, Outcome::aoe_flushed, context);
}

Outcome AoeEngine::State::answer(const AoeAsked& asked, std::uint8_t status, std::uint8_t error,
                                 Outcome outcome, const Context& context) {
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  const bool done = (status & wire::kAtaError) == 0 && outcome != Outcome::aoe_ata_other;
  finish_reply(*reply,
               begin_ata(*reply, asked, context, status, error, done ? 0 : asked.ata.sectors));
  return outcome;
}

Outcome AoeEngine::State::fail(const AoeAsked& asked, std::uint8_t error, Outcome outcome,
                               const Context& context) {
  return answer(asked, wire::kAtaReady | wire::kAtaError, error, outcome, context);
}

}  // namespace reveille
