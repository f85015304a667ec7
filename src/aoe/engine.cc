#include "aoe/engine.h"

#include <algorithm>

#include <reveille/wire/ethernet.h>

#include "aoe/state.h"

namespace reveille {
namespace {

// Clients spread over the workers by chance: the fullest has a little more than its part.
std::size_t part_of(std::uint64_t whole, Share share) {
  const std::uint64_t part = (whole + share.count - 1) / share.count;
  return share.count == 1 ? part : part + part / 4 + 64;
}

// Whether a disk can be served now says nothing of later: its file may appear.
std::size_t sessions_of(const Snapshot& snapshot, Share share) {
  return snapshot.disks == nullptr ? 0 : part_of(snapshot.disks->limits.clients_max, share);
}
std::size_t memory_capacity(const Snapshot& snapshot, Share share) {
  if (snapshot.disks == nullptr) return 0;
  return part_of(snapshot.disks->limits.overlay_memory_max_bytes / kGrainSize, share);
}
std::size_t file_capacity(const Snapshot& snapshot, Share share) {
  if (snapshot.disks == nullptr || !snapshot.disks->overlays_in_files) return 0;
  return part_of(snapshot.disks->limits.overlay_file_max_bytes / kGrainSize, share);
}

}  // namespace

AoeEngine::State::State(const Snapshot& first, Share share_of_worker, std::uint64_t seed,
                        const BootingClients& booting_clients)
    : share(share_of_worker),
      booting(booting_clients),
      sessions(sessions_of(first, share), seed),
      asked_for(sessions.capacity(), mix(seed + 3)),
      memory_grains(memory_capacity(first, share), mix(seed + 1), GrainTable::Holds::bytes),
      file_grains(file_capacity(first, share), mix(seed + 2), GrainTable::Holds::places),
      changing(sessions.capacity(), 1),
      io(first.disks == nullptr ? nullptr : first.disks->io),
      discoveries(first.disks == nullptr ? 0 : first.disks->limits.discoveries_per_second) {
  discovering.reserve(kDiscoveringMax);
  if (io == nullptr) return;
  waiting.resize(io->tickets());
  for (std::uint32_t ticket = io->tickets(); ticket-- > 0;) tickets.push_back(ticket);
}

AoeEngine::State::~State() {
  for (std::uint32_t i = 0; i < sessions.capacity(); ++i) {
    if (sessions[i].image != nullptr) let_go(sessions[i]);
  }
}

Outcome AoeEngine::State::handle(const Request& request, const Context& context) {
  const auto packet = wire::AoeView::parse(request.body);
  if (!packet) return packet.refusal();
  if (packet->is_response()) return Outcome::aoe_reply_received;
  const Disks* disks = context.snapshot.disks.get();
  if (disks == nullptr) return Outcome::aoe_other_target;
  AoeAsked asked{.station = request.station,
                 .client = request.link_source,
                 .address = {packet->shelf(), packet->slot()},
                 .tag = packet->tag(),
                 .place = request.place};
  if (packet->version() == wire::kAoeVersion) {
    if (packet->command() == wire::AoeCommand::ata)
      return ata(packet->arguments(), asked, *disks, context);
    if (packet->command() == wire::AoeCommand::query_config) {
      return query_config(*packet, asked, *disks, context);
    }
  }
  const Disk* disk = disks->find(asked.address);
  if (disk == nullptr) return Outcome::aoe_other_target;
  if (packet->version() != wire::kAoeVersion) {
    return refuse(asked, packet->command(), wire::AoeError::unsupported_version,
                  Outcome::aoe_wrong_version, context);
  }
  if (!disk->allows(asked.client)) return Outcome::aoe_not_allowed;
  switch (packet->command()) {
    case wire::AoeCommand::mac_mask:
      return masks(*packet, asked, *disk, context);
    case wire::AoeCommand::reserve:
      return reserve(*packet, asked, *disk, context);
    default:
      return refuse(asked, packet->command(), wire::AoeError::unrecognized_command,
                    Outcome::aoe_unknown_command, context);
  }
}

Outcome AoeEngine::State::refuse(const AoeAsked& asked, wire::AoeCommand command,
                                 wire::AoeError error, Outcome outcome, const Context& context) {
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  std::uint8_t* to = begin_reply(*reply, asked, command, context, static_cast<std::uint8_t>(error));
  // Initiators look for the registers even in an error.
  if (command == wire::AoeCommand::ata) to = wire::write_aoe_ata(to, asked.ata);
  finish_reply(*reply, to);
  return outcome;
}

AoeEngine::AoeEngine(const Snapshot& first, Share share, std::uint64_t seed,
                     const BootingClients& booting)
    : state_(std::make_unique<State>(first, share, seed, booting)) {}

AoeEngine::~AoeEngine() = default;

Outcome AoeEngine::handle(const Request& request, const Context& context) {
  return state_->handle(request, context);
}

std::size_t AoeEngine::collect(const Context& context) {
  return state_->io == nullptr ? 0 : state_->collect(context);
}

void AoeEngine::tick(const Context& context) {
  state_->go_on_discovering(context);
  constexpr int kSessionsMax = 8;
  for (int i = 0; i < kSessionsMax; ++i) {
    const std::uint32_t index = state_->changing.front(0);
    if (index == kNoIndex) return;
    // To the end of the list, so that all have their turn.
    state_->changing.unlink(index);
    state_->changing.push_back(0, index);
    state_->advance(index, context);
  }
}

std::size_t AoeEngine::clients() const {
  return state_->sessions.open();
}

std::vector<DiskClient> AoeEngine::figures() const {
  std::vector<DiskClient> all;
  for (std::uint32_t i = 0; i < state_->sessions.capacity(); ++i) {
    const SessionFigures& figures = state_->sessions.figures(i);
    const std::uint64_t number = figures.client.load(std::memory_order_acquire);
    if (number == 0) continue;
    DiskClient client;
    for (std::size_t octet = 0; octet < 6; ++octet) {
      client.client.octets[octet] = static_cast<std::uint8_t>(number >> (40 - 8 * octet));
    }
    const std::uint32_t disk = figures.disk.load(std::memory_order_relaxed);
    client.disk = {static_cast<std::uint16_t>(disk >> 8), static_cast<std::uint8_t>(disk)};
    client.reads = figures.reads.load(std::memory_order_relaxed);
    client.writes = figures.writes.load(std::memory_order_relaxed);
    client.overlay_bytes =
        std::uint64_t{figures.grains.load(std::memory_order_relaxed)} * kGrainSize;
    all.push_back(client);
  }
  return all;
}

}  // namespace reveille
