#include "tftp/engine.h"

#include "image/image.h"
#include "text/template.h"
#include "tftp/data_writer.h"
#include "tftp/state.h"

namespace reveille {
namespace {

// Memory accesses that a core has under way at a time are few.
constexpr std::uint64_t kPrefetchedBlocks = 4;

TransferTable::Limits limits_of(const TftpConfig& config, Share share) {
  return {config.transfers_max / share.count, config.half_open_max / share.count};
}

}  // namespace

TftpEngine::State::State(const TftpConfig& config_at_start, Share share_of_worker,
                         std::uint64_t seed, const KnownClients& known_clients)
    : clients(known_clients),
      config(config_at_start),
      share(share_of_worker),
      table(share, limits_of(config, share), seed),
      wheel(transfer_slots(share.count)),
      errors(config.errors_per_second) {}

const TftpConfig& TftpEngine::State::settings(const Context& context) const {
  return context.snapshot.config ? context.snapshot.config->tftp : config;
}

// The path of nearly every packet: the ACK of all that was sent so far. Everything else goes
// through the full rules of acknowledge().
inline Outcome TftpEngine::State::receive(const Request& request, const Context& context) {
  const unsigned slot =
      request.place != kNowhere ? request.place : table.slot_of(request.destination_port);
  if (slot == SlotFinder::kNone) return receive_other(slot, request, context);
  Transfer& transfer = table.transfer(slot);
  const auto block = wire::tftp_acknowledged_block(request.body);
  if (!block || transfer.client != client_of(request)) {
    return receive_other(slot, request, context);
  }
  if (!same_link_destination(transfer, request.link_source)) [[unlikely]] {
    // A router of a redundant pair has taken over.
    set_link_destination(transfer, request.link_source);
  }
  const bool all_arrived = *block == static_cast<std::uint16_t>(transfer.sent);
  if (transfer.flags == 0 && all_arrived && transfer.sent != transfer.acked &&
      transfer.sent != transfer.blocks) [[likely]] {
    transfer.acked = transfer.sent;
    const Instant before = transfer.deadline;
    measure_round_trip(transfer, context.now);
    if (send_blocks(transfer, transfer.window, context.replies) == 0)
      return Outcome::reply_buffers_exhausted;
    if (transfer.deadline < before) [[unlikely]]
      wheel.place(slot, transfer.deadline);
    return Outcome::tftp_acked;
  }
  return acknowledge(slot, *block, context);
}

Outcome TftpEngine::State::receive_other(unsigned slot, const Request& request,
                                         const Context& context) {
  const auto packet = wire::TftpView::parse(request.body);
  if (!packet) return packet.refusal();
  if (slot == SlotFinder::kNone || table.transfer(slot).client != client_of(request)) {
    return receive_from_stranger(slot, packet->opcode(), request, context);
  }
  if (packet->opcode() != wire::TftpOpcode::error) return Outcome::tftp_unexpected;
  // A late ERROR of a client that has finished changes nothing.
  if (!table.transfer(slot).has(Transfer::kClosed)) {
    if (Event* event = tell(EventKind::tftp_aborted, slot, context)) {
      event->set_text(packet->message());
    }
    close(slot, false);
  }
  return Outcome::tftp_aborted;
}

// RFC 1350 section 4: "an error packet should be sent to the source of the incorrect packet,
// while not disturbing the transfer". An ERROR is never answered.
Outcome TftpEngine::State::receive_from_stranger(unsigned slot, wire::TftpOpcode opcode,
                                                 const Request& request, const Context& context) {
  if (opcode == wire::TftpOpcode::error || request.source_port == 0 || !errors.allow(context.now)) {
    return Outcome::tftp_unknown_tid_silent;
  }
  const bool in_use = slot != SlotFinder::kNone && !table.transfer(slot).has(Transfer::kClosed);
  return send_error(request.destination_port, wire::TftpError::unknown_transfer_id,
                    "Unknown transfer ID", request, context,
                    in_use ? Outcome::tftp_wrong_tid : Outcome::tftp_unknown_tid);
}

void TftpEngine::State::close(unsigned slot, bool forget) {
  Transfer& transfer = table.transfer(slot);
  auto& hold = transfer.image->hold(share.index).transfers;
  hold.store(hold.load(std::memory_order_relaxed) - 1, std::memory_order_release);
  wheel.remove(slot);
  table.close(slot);
  if (forget) transfer.client = kNobody;
}

std::uint64_t TftpEngine::State::size_of(unsigned slot) {
  const Image& image = *table.transfer(slot).image;
  const Template* const text = image.as_template();
  return text == nullptr ? image.size() : text->size(table.detail(slot).client);
}

Event* TftpEngine::State::tell(EventKind kind, unsigned slot, const Context& context) {
  Event* event = context.events.add(kind, context.now);
  if (event == nullptr) return nullptr;
  const Transfer& transfer = table.transfer(slot);
  event->address = transfer.address();
  if (transfer.station() < context.snapshot.stations.size()) {
    const Station& station = context.snapshot.stations[transfer.station()];
    event->vlan = station.vlan;
    // Behind a router the frame's source is the router.
    if (station.address.contains(event->address)) event->client = link_destination(transfer);
  }
  event->set_text(transfer.image->name());
  event->elapsed = context.now - table.detail(slot).opened_at;
  event->bytes = std::min(transfer.acked * transfer.block_size, size_of(slot));
  return event;
}

TftpEngine::TftpEngine(const TftpConfig& config, Share share, std::uint64_t seed,
                       const KnownClients& clients)
    : state_(std::make_unique<State>(config, share, seed, clients)) {}
TftpEngine::~TftpEngine() = default;

Outcome TftpEngine::receive(const Request& request, const Context& context) {
  return state_->receive(request, context);
}
Outcome TftpEngine::open(const Request& request, const Context& context) {
  return state_->open(request, context);
}

bool TftpEngine::tick(const Context& context) {
  return state_->tick(context);
}

void TftpEngine::prefetch(Request& request) const {
  if (request.service != Service::tftp_transfer) return;
  const unsigned slot = state_->table.slot_of(request.destination_port);
  if (slot == SlotFinder::kNone) return;
  request.place = slot;
  const Transfer& transfer = state_->table.transfer(slot);
  __builtin_prefetch(&transfer, 1);
  __builtin_prefetch(&transfer.head);
}

void TftpEngine::prefetch_payload(const Request& request) const {
  if (request.place == kNowhere) return;
  const Transfer& transfer = state_->table.transfer(request.place);
  if (transfer.flags != 0) return;
  if (transfer.sums_before != nullptr) {
    __builtin_prefetch(&transfer.sums_before[transfer.sent + 1]);
    return;
  }
  const std::uint64_t last = std::min<std::uint64_t>(transfer.window, kPrefetchedBlocks);
  for (std::uint64_t ahead = 1; ahead <= last; ++ahead) {
    const std::uint64_t end = (transfer.sent + ahead) * transfer.block_size;
    if (end <= transfer.image->size()) transfer.image->prefetch_sum_before(end);
  }
}

std::size_t TftpEngine::transfers() const {
  return state_->table.open();
}
std::size_t TftpEngine::half_open() const {
  return state_->table.half_open();
}

}  // namespace reveille
