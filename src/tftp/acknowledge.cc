#include <algorithm>

#include "tftp/data_writer.h"
#include "tftp/state.h"

namespace reveille {

// Every ACK that is not simply the next one of an undisturbed transfer.
Outcome TftpEngine::State::acknowledge(unsigned slot, std::uint16_t block, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  // A copy of the last ACK, after the end. An ERROR 5 could hit the client's next request
  // from the same port.
  if (transfer.has(Transfer::kClosed)) return Outcome::tftp_duplicate_ack;
  if (transfer.has(Transfer::kOackPending)) return acknowledge_oack(slot, block, context);

  const auto ahead = static_cast<std::uint16_t>(block - static_cast<std::uint16_t>(transfer.acked));
  const std::uint64_t outstanding = transfer.sent - transfer.acked;
  if (ahead == 0 || ahead > outstanding) return acknowledge_again(slot, ahead, context);

  transfer.acked += ahead;
  transfer.tries = 0;
  table.detail(slot).netascii_acked = table.detail(slot).netascii_sent;
  const bool first = transfer.has(Transfer::kHalfOpen);
  if (first) prove(slot, context);
  if (transfer.acked == transfer.blocks) return complete(slot, context);
  if (transfer.acked != transfer.sent) return resend_after_loss(slot, true, context);
  if (!first) adapt_interval(slot, context);
  return send_and_wait(slot, context);
}

// After a time-out it is unknown which of the sendings was answered: no measurement, and the
// longer interval stays for one more exchange, which then shows the true round trip (Karn's
// algorithm). It stays within the configured one.
void TftpEngine::State::adapt_interval(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  if (transfer.has(Transfer::kRetransmitted)) {
    transfer.clear(Transfer::kRetransmitted);
    transfer.interval = std::min(transfer.interval, to_units(table.detail(slot).timeout));
  } else if (!transfer.has(Transfer::kFixedInterval)) {
    measure_round_trip(transfer, context.now);
  }
}

// The client is there, though nothing is sent to it now: what several time-outs have added to
// the interval counts no more.
void TftpEngine::State::shorten_wait(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  const std::uint32_t timeout = to_units(table.detail(slot).timeout);
  if (transfer.interval <= timeout) return;
  transfer.interval = timeout;
  wait(slot, context);
}

Outcome TftpEngine::State::acknowledge_oack(unsigned slot, std::uint16_t block,
                                            const Context& context) {
  if (block != 0) return Outcome::tftp_stale_ack;
  Transfer& transfer = table.transfer(slot);
  transfer.clear(Transfer::kOackPending);
  prove(slot, context);
  return send_and_wait(slot, context);
}

// The client is there: from here on it has the patience of the configuration, and a timer that
// follows its round trip.
void TftpEngine::State::prove(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  const TransferDetail& detail = table.detail(slot);
  const TftpConfig& config_now = settings(context);
  table.prove(slot);
  transfer.tries = 0;
  transfer.tries_max = config_now.retries;
  transfer.interval = to_units(detail.timeout);
  if (transfer.has(Transfer::kFixedInterval)) {
    const std::int64_t tries = kFixedPatience / detail.timeout;
    transfer.tries_max = static_cast<std::uint8_t>(std::clamp<std::int64_t>(tries, 2, 255));
  } else if (!transfer.has(Transfer::kRetransmitted)) {
    transfer.round_trip = to_units(context.now - detail.opened_at);
    transfer.interval = std::min(interval_for(transfer.round_trip), transfer.interval);
  }
  transfer.clear(Transfer::kRetransmitted);
  tell(EventKind::tftp_first_ack, slot, context);
}

// RFC 1123 4.2.3.1: a repeated ACK never makes a block leave again, or every packet of the
// transfer would travel twice from then on. Windows are the exception (RFC 7440 section 4):
// there it says that the next block was lost.
Outcome TftpEngine::State::acknowledge_again(unsigned slot, std::uint16_t ahead,
                                             const Context& context) {
  const Transfer& transfer = table.transfer(slot);
  if (ahead != 0) {
    const auto behind = static_cast<std::uint16_t>(-ahead);
    const bool was_sent = behind <= transfer.acked && behind < 0x8000;
    return was_sent ? Outcome::tftp_duplicate_ack : Outcome::tftp_stale_ack;
  }
  if (transfer.sent == transfer.acked) return Outcome::tftp_duplicate_ack;
  if (transfer.window == 1) return Outcome::tftp_duplicate_ack;
  return resend_after_loss(slot, false, context);
}

// A block inside the window is missing: the window starts again after what is acknowledged.
// EDK2 says so once for every block that it then receives out of order, up to three times in
// its window of four; clients that acknowledge each block of a window look much the same. All
// of that is about one loss and is answered once.
Outcome TftpEngine::State::resend_after_loss(unsigned slot, bool progress, const Context& context) {
  const Transfer& transfer = table.transfer(slot);
  const TransferDetail& detail = table.detail(slot);
  if (detail.resent_up_to != 0 && transfer.acked <= detail.resent_up_to) {
    const Nanoseconds since = context.now - detail.resent_at;
    // Something of what was resent has arrived and something else not: a new loss. An ACK that
    // moves nothing may still be about the old one for as long as two round trips.
    const Nanoseconds spacing =
        progress ? kLossSpacingMin
                 : std::max(kResendSpacingMin, 2 * from_units(transfer.round_trip));
    // All that was resent has arrived, perhaps twice: the second copies make this ACK come
    // again. If the next block is lost as well, the timer brings it back.
    const bool about_copies = !progress && transfer.acked == detail.resent_up_to;
    if (about_copies || since < spacing) {
      if (progress) shorten_wait(slot, context);
      return Outcome::tftp_window_resent;
    }
  }
  if (progress) adapt_interval(slot, context);
  resend_window(slot, context);
  wait(slot, context);
  return Outcome::tftp_acked;
}

Outcome TftpEngine::State::complete(unsigned slot, const Context& context) {
  if (Event* event = tell(EventKind::tftp_completed, slot, context)) {
    event->bytes = size_of(slot);
  }
  close(slot, false);
  return Outcome::tftp_completed;
}

}  // namespace reveille
