#include <algorithm>

#include "image/catalogue.h"
#include "names/name_rules.h"
#include "tftp/data_writer.h"
#include "tftp/options.h"
#include "tftp/state.h"

namespace reveille {
namespace {

// IPv4 and UDP headers without options.
constexpr std::uint16_t kHeadersOfMtu = 28;

std::uint64_t hash_of(Bytes bytes) {
  std::uint64_t hash = bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) hash = mix(hash ^ load_be64(bytes.data()));
  std::uint64_t rest = 0;
  for (const std::uint8_t octet : bytes) rest = (rest << 8) | octet;
  return mix(hash ^ rest);
}

TftpLimits limits_for(const Transfer& transfer, std::uint64_t size, const TftpConfig& settings,
                      const Station& station) {
  TftpLimits limits;
  const int fits = station.mtu - kHeadersOfMtu - static_cast<int>(wire::kTftpDataHeader);
  limits.block_size_max = static_cast<std::uint16_t>(
      std::clamp<int>(std::min<int>(settings.block_size_max, fits), 8, 65464));
  limits.window_size_max = static_cast<std::uint16_t>(
      std::clamp<std::size_t>(settings.window_size_max, 1, kRepliesPerRequest));
  limits.file_size = size;
  if (transfer.has(Transfer::kNetascii)) limits.file_size = std::nullopt;
  if (transfer.is_made()) {
    limits.block_size_max = std::min(limits.block_size_max, kMadeBlockMax);
    limits.window_size_max = 1;
  }
  return limits;
}

}  // namespace

Outcome TftpEngine::State::open(const Request& request, const Context& context) {
  if (!settings(context).enabled) return Outcome::tftp_disabled;
  const auto packet = wire::TftpView::parse(request.body);
  if (!packet) return packet.refusal();
  if (request.source_port == 0) return Outcome::tftp_malformed;  // nowhere to answer to
  switch (packet->opcode()) {
    case wire::TftpOpcode::read_request:
      return open_read(*packet, request, context);
    case wire::TftpOpcode::write_request:
      return send_error(table.unused_id(), wire::TftpError::access_violation,
                        "This server only gives", request, context, Outcome::tftp_write_refused);
    default:
      return Outcome::tftp_unexpected;
  }
}

Outcome TftpEngine::State::open_read(const wire::TftpView& packet, const Request& request,
                                     const Context& context) {
  const bool netascii = equal_without_case(packet.mode(), "netascii");
  if (!netascii && !equal_without_case(packet.mode(), "octet")) {
    return send_error(table.unused_id(), wire::TftpError::illegal_operation,
                      "Mode is neither octet nor netascii", request, context,
                      Outcome::tftp_bad_mode);
  }
  const Station& station = context.snapshot.stations[request.station];
  const Image* image = find_image(packet.file_name(), request, context);
  if (image == nullptr) {
    if (Event* event = context.events.add(EventKind::tftp_not_found, context.now)) {
      event->vlan = station.vlan;
      event->address = request.source;
      if (station.address.contains(request.source)) event->client = request.link_source;
      event->set_text(packet.file_name());
    }
    return send_error(table.unused_id(), wire::TftpError::file_not_found, "File not found", request,
                      context, Outcome::tftp_file_not_found);
  }

  const std::uint64_t client = client_of(request);
  const std::uint64_t hash = hash_of(request.body);
  const unsigned before = table.find(client);
  if (before != SlotFinder::kNone) {
    const Transfer& transfer = table.transfer(before);
    // A client that fell silent in the middle and now asks again has been switched off and on;
    // legacy PXE always uses port 2070. It starts afresh, as does one that asks otherwise.
    if (table.detail(before).request_hash == hash &&
        (transfer.has(Transfer::kHalfOpen) || transfer.tries == 0)) {
      return reopen(before, context);
    }
    if (Event* event = tell(EventKind::tftp_aborted, before, context)) {
      event->set_text("asked anew");
    }
    close(before, true);
  }
  if (context.replies.free() == 0) return Outcome::reply_buffers_exhausted;
  if (!make_room(context)) {
    if (Event* event = context.events.add(EventKind::tftp_refused, context.now)) {
      event->vlan = station.vlan;
      event->address = request.source;
      if (station.address.contains(request.source)) event->client = request.link_source;
      event->outcome = Outcome::tftp_table_full;
      event->set_text(packet.file_name());
    }
    return Outcome::tftp_table_full;
  }

  const TftpConfig& config_now = settings(context);
  const unsigned slot = table.open(client);
  Transfer& transfer = table.transfer(slot);
  TransferDetail& detail = table.detail(slot);
  auto& hold = image->hold(share.index).transfers;
  hold.store(hold.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  transfer.image = image;
  if (netascii) transfer.set(Transfer::kNetascii);
  if (image->as_template() != nullptr) {
    transfer.set(Transfer::kTemplate);
    detail.client = clients.sender(request, station);
  }
  const std::uint64_t size = size_of(slot);
  const TftpTerms terms =
      negotiate(packet.options(), limits_for(transfer, size, config_now, station));
  transfer.block_size = terms.block_size;
  transfer.window = terms.window_size;
  transfer.sums_before = image->sums_before_blocks(terms.block_size);
  // A last block is always short: a file that is a multiple of the block size ends in an
  // empty one (RFC 1350 section 6). The translated size shows at its end.
  transfer.blocks = netascii ? ~std::uint64_t{0} : size / terms.block_size + 1;
  transfer.tries_max = config_now.retries_half_open;
  if (terms.oack_length != 0) transfer.set(Transfer::kOackPending);
  if (terms.timeout) transfer.set(Transfer::kFixedInterval);
  detail.request_hash = hash;
  detail.opened_at = context.now;
  detail.timeout = terms.timeout.value_or(config_now.timeout);
  detail.oack = terms.oack;
  detail.oack_length = terms.oack_length;
  transfer.interval = to_units(detail.timeout);
  prepare_head(slot, request, station);

  if (Event* event = tell(EventKind::tftp_opened, slot, context)) event->bytes = size;
  send_first(slot, context);
  wait(slot, context);
  return Outcome::tftp_opened;
}

const Image* TftpEngine::State::find_image(std::string_view name, const Request& request,
                                           const Context& context) const {
  const Snapshot& snapshot = context.snapshot;
  if (!snapshot.catalogue) return nullptr;
  if (!snapshot.names) return snapshot.catalogue->find(name);
  const ClientFacts client = clients.sender(request, snapshot.stations[request.station]);
  return snapshot.names->find(name, client, *snapshot.catalogue, context.worker);
}

// The same request once more: the first answer was lost or is late, or a network has copied
// the request. Before the proof the first packet is repeated. After it the client has been
// there, so this is a copy: the block that it is waiting for hurts nobody (RFC 1123 4.2.3.1:
// a repeated block is acknowledged at most once more, and a repeated ACK moves nothing).
Outcome TftpEngine::State::reopen(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  transfer.set(Transfer::kRetransmitted);
  const bool sent = transfer.has(Transfer::kHalfOpen) || transfer.is_made()
                        ? send_first(slot, context)
                        : send_blocks(transfer, 1, context.replies) > 0;
  return sent ? Outcome::tftp_reopened : Outcome::reply_buffers_exhausted;
}

// Forged requests fill the half-open part only, and push out each other: a real client proves
// itself within one round trip.
bool TftpEngine::State::make_room(const Context& context) {
  if (!table.half_open_full() && !table.full()) return true;
  if (table.half_open() == 0) return false;
  const unsigned oldest = table.oldest_half_open();
  tell(EventKind::tftp_timed_out, oldest, context);
  close(oldest, true);
  return true;
}

}  // namespace reveille
