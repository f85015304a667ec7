#include <algorithm>

#include "aoe/state.h"

namespace reveille {
namespace {

using wire::AoeMaskView;
using wire::AoeReserveView;

AoeMaskView::Error edit(MachineList& list, const AoeMaskView& wanted) {
  for (std::size_t i = 0; i < wanted.directives(); ++i) {
    switch (wanted.directive(i)) {
      case AoeMaskView::Directive::none:
        break;
      case AoeMaskView::Directive::add:
        if (!list.add(wanted.mac(i))) return AoeMaskView::Error::full;
        break;
      case AoeMaskView::Directive::remove:
        list.remove(wanted.mac(i));
        break;
      default:
        return AoeMaskView::Error::bad_directive;
    }
  }
  return AoeMaskView::Error::none;
}

}  // namespace

// Section 5. Whoever may change the list can lock all others out, and nobody proves who he is:
// the configuration has to allow it.
Outcome AoeEngine::State::masks(const wire::AoeView& packet, const AoeAsked& asked,
                                const Disk& disk, const Context& context) {
  const auto wanted = AoeMaskView::parse(packet.arguments());
  if (!wanted) return wanted.refusal();
  DiskState& state = *disk.state;
  AoeMaskView::Error error = AoeMaskView::Error::none;
  if (wanted->operation() != AoeMaskView::Operation::read) {
    if (wanted->operation() != AoeMaskView::Operation::edit || !disk.config().remote_control) {
      error = AoeMaskView::Error::unspecified;
    } else {
      if (!state.begin_change()) return Outcome::aoe_disk_busy;
      error = edit(state.masks, *wanted);
      state.end_change();
    }
  }
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  std::uint8_t* at = begin_reply(*reply, asked, wire::AoeCommand::mac_mask, context);
  const std::size_t fits =
      (context.snapshot.stations[asked.station].mtu - wire::kAoeHeader - wire::kAoeMaskArguments) /
      wire::kAoeMaskDirective;
  const std::size_t count =
      error == AoeMaskView::Error::none ? std::min(state.masks.size(), fits) : 0;
  at = wire::write_aoe_masks(at, wanted->operation(), error, count);
  for (std::size_t i = 0; i < count; ++i) {
    at = wire::write_aoe_mask(at, AoeMaskView::Directive::none, state.masks[i]);
  }
  finish_reply(*reply, at);
  return error == AoeMaskView::Error::none ? Outcome::aoe_masks_answered
                                           : Outcome::aoe_change_refused;
}

// Section 6.
Outcome AoeEngine::State::reserve(const wire::AoeView& packet, const AoeAsked& asked,
                                  const Disk& disk, const Context& context) {
  const auto wanted = AoeReserveView::parse(packet.arguments());
  if (!wanted) return wanted.refusal();
  DiskState& state = *disk.state;
  const AoeReserveView::Operation operation = wanted->operation();
  if (operation != AoeReserveView::Operation::read) {
    if (!disk.config().remote_control || operation > AoeReserveView::Operation::force ||
        wanted->count() > MachineList::kMax) {
      return refuse(asked, wire::AoeCommand::reserve, wire::AoeError::bad_argument,
                    Outcome::aoe_change_refused, context);
    }
    if (operation == AoeReserveView::Operation::set && state.reserved_for_others(asked.client)) {
      return refuse(asked, wire::AoeCommand::reserve, wire::AoeError::target_is_reserved,
                    Outcome::aoe_reserved, context);
    }
    if (!state.begin_change()) return Outcome::aoe_disk_busy;
    state.reservations.assign(wanted->count(), [&](std::size_t i) { return wanted->mac(i); });
    state.end_change();
  }
  Reply* const reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  std::uint8_t* at = begin_reply(*reply, asked, wire::AoeCommand::reserve, context);
  const std::size_t fits = (context.snapshot.stations[asked.station].mtu - wire::kAoeHeader -
                            wire::kAoeReserveArguments) /
                           6;
  const std::size_t count = std::min(state.reservations.size(), fits);
  *at++ = static_cast<std::uint8_t>(operation);
  *at++ = static_cast<std::uint8_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const MacAddress mac = state.reservations[i];
    at = std::copy(mac.octets.begin(), mac.octets.end(), at);
  }
  finish_reply(*reply, at);
  return Outcome::aoe_reservation_answered;
}

}  // namespace reveille
