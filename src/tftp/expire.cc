#include <algorithm>

#include "tftp/data_writer.h"
#include "tftp/state.h"

namespace reveille {
namespace {

// Transfers looked at in one call: bounds the pause that a tick makes in the poll loop.
constexpr int kLooksPerTick = 1024;

}  // namespace

bool TftpEngine::State::tick(const Context& context) {
  for (int looks = 0; looks < kLooksPerTick; ++looks) {
    const auto slot = wheel.due(context.now);
    if (!slot) return true;
    const Instant deadline = table.transfer(*slot).deadline;
    if (deadline > context.now) {
      wheel.place(*slot, deadline);
    } else if (!expire(*slot, context)) {
      return false;  // stays at the front: the first that is served next time
    }
  }
  return false;
}

bool TftpEngine::State::expire(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  const TransferDetail& detail = table.detail(slot);
  if (transfer.tries >= transfer.tries_max) {
    tell(EventKind::tftp_timed_out, slot, context);
    close(slot, true);
    return true;
  }
  const unsigned needed = transfer.has(Transfer::kOackPending) ? 1 : transfer.window;
  if (context.replies.free() < needed) return false;
  // The quick tries that a short round trip allows come on top of those of the configuration:
  // a client may well pause for longer than ten of its round trips.
  const bool quick = transfer.interval < to_units(detail.timeout);
  if (!quick) ++transfer.tries;
  if (!transfer.has(Transfer::kFixedInterval)) {
    const std::uint32_t longer =
        quick ? transfer.interval + transfer.interval / 2 : 2 * transfer.interval;
    transfer.interval = std::min(longer, to_units(std::max(kIntervalMax, detail.timeout)));
  }
  transfer.set(Transfer::kRetransmitted);
  if (transfer.has(Transfer::kOackPending)) {
    send_first(slot, context);
  } else {
    resend_window(slot, context);
  }
  wait(slot, context);
  return true;
}

void TftpEngine::State::resend_window(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  TransferDetail& detail = table.detail(slot);
  detail.resent_up_to = transfer.sent;
  detail.resent_at = context.now;
  if (transfer.is_made()) {
    send_made(slot, context);
  } else {
    send_blocks(transfer, transfer.window, context.replies);
  }
}

void TftpEngine::State::wait(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  transfer.deadline = context.now + from_units(transfer.interval);
  wheel.place(slot, transfer.deadline);
}

}  // namespace reveille
