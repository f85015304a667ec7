#include "dhcp/address_lending.h"

#include <algorithm>

namespace reveille {

bool reclaim_offer(LeaseTable& leases, std::uint16_t group, Instant now, Nanoseconds offer_time) {
  const Instant reclaimable = now + std::max(offer_time - kOfferKept, Nanoseconds{0});
  // Reservations become free for their owners only: look further, but not for long.
  for (int looks = 0; looks < 16; ++looks) {
    const std::uint32_t offer = leases.oldest_offer(group);
    if (offer == kNoIndex || leases[offer].until > reclaimable) return false;
    leases.withdraw(offer);
    if (!leases[offer].reserved) return true;
  }
  return false;
}

AddressLending::AddressLending(LeaseTable& leases, Share share, Nanoseconds offer_time)
    : leases_(&leases), share_(share), offer_time_(offer_time), rounds_(leases.groups_max()) {
  for (Round& round : rounds_) round.peer = next_peer(static_cast<std::uint8_t>(share.index));
  for (std::uint16_t group = 0; group < leases.groups(); ++group) note_size(group);
}

void AddressLending::note_size(std::uint16_t group) {
  rounds_[group].low_water = std::min(leases_->counts(group).addresses / 8, kLowWaterMax);
}

std::uint8_t AddressLending::next_peer(std::uint8_t peer) const {
  auto next = static_cast<std::uint8_t>((peer + 1U) % share_.count);
  if (next == share_.index) next = static_cast<std::uint8_t>((next + 1U) % share_.count);
  return next;
}

std::uint16_t AddressLending::missing(std::uint16_t group) const {
  const std::uint32_t free = leases_->counts(group).free;
  const std::uint32_t low_water = rounds_[group].low_water;
  return static_cast<std::uint16_t>(low_water - std::min(free, low_water));
}

bool AddressLending::ask(std::uint16_t group, std::uint16_t waiting, const Context& context) {
  Round& round = rounds_[group];
  if (share_.count == 1) return false;
  if (round.open) {
    // The answer on its way is to a question without need; if it is no, it does not count.
    if (!round.for_clients) round.refusals = -1;
    round.for_clients = true;
    return true;
  }
  if (context.now < round.quiet_until || !has_room(kBatchMax)) return false;
  round.for_clients = true;
  round.refusals = 0;
  return send_question(group, waiting, context);
}

void AddressLending::keep_stock(std::uint16_t group, const Context& context) {
  Round& round = rounds_[group];
  if (share_.count == 1 || round.open || missing(group) == 0) return;
  // The spare room is for clients that wait.
  if (context.now < round.stock_quiet_until || !has_room(8 * kBatchMax)) return;
  round.for_clients = false;
  round.refusals = 0;
  send_question(group, 0, context);
}

bool AddressLending::send_question(std::uint16_t group, std::uint16_t waiting,
                                   const Context& context) {
  Round& round = rounds_[group];
  PeerMessage question{PeerMessage::Kind::addresses_wanted};
  question.from = static_cast<std::uint8_t>(share_.index);
  question.to = round.peer;
  question.group = group;
  question.needed = std::min(waiting, kBatchMax);
  question.count =
      std::min<std::uint16_t>(static_cast<std::uint16_t>(waiting + missing(group)), kBatchMax);
  close(round);
  if (!context.outbox.add(question)) return false;
  ++open_rounds_;
  coming_ += question.count;
  round.open = true;
  round.asked = question.count;
  round.asked_at = context.now;
  return true;
}

void AddressLending::close(Round& round) {
  if (!round.open) return;
  --open_rounds_;
  coming_ -= round.asked;
  round.open = false;
}

bool AddressLending::claim(ParkedRequest& parked, const Context& context) {
  const auto self = static_cast<std::uint8_t>(share_.index);
  // It is one of kParkedMax.
  if (asked_all(parked) || !has_room(0)) return false;
  parked.peer = next_peer(parked.refusals == 0 ? self : parked.peer);
  PeerMessage question{PeerMessage::Kind::address_claimed};
  question.from = self;
  question.to = parked.peer;
  question.claim = true;
  question.address = parked.claimed;
  return context.outbox.add(question);
}

void AddressLending::answer(const PeerMessage& question, const Context& context) {
  if (question.kind == PeerMessage::Kind::address_claimed) return give_claimed(question, context);
  give(question, context);
}

void AddressLending::give(const PeerMessage& question, const Context& context) {
  const std::uint16_t group = question.group;
  const std::uint16_t room =
      static_cast<std::uint16_t>(std::min<std::size_t>(context.outbox.free(), kBatchMax));
  while (leases_->counts(group).free < question.needed &&
         reclaim_offer(*leases_, group, context.now, offer_time_)) {
  }
  const std::uint32_t free = leases_->counts(group).free;
  const std::uint32_t plenty = free - std::min(free, 2 * rounds_[group].low_water);
  const std::uint32_t wanted =
      std::max<std::uint32_t>(std::min<std::uint32_t>(question.needed, free),
                              std::min<std::uint32_t>(question.count, plenty));
  const auto given = static_cast<std::uint16_t>(std::min<std::uint32_t>(wanted, room));
  PeerMessage answer = question;
  std::swap(answer.from, answer.to);
  answer.needed = 0;
  if (given == 0) {
    answer.kind = PeerMessage::Kind::address_refused;
    answer.count = 0;
    context.outbox.add(answer);  // full: the asker's patience ends
    return;
  }
  answer.kind = PeerMessage::Kind::address_given;
  for (std::uint16_t i = 0; i < given; ++i) {
    // What is probed already is better used here, or by whoever waits for it.
    std::uint32_t lease = leases_->oldest_free(group, Probe::none);
    if (lease == kNoIndex || i < question.needed) lease = leases_->oldest_free(group);
    answer.address = (*leases_)[lease].address;
    answer.version = (*leases_)[lease].version;
    answer.count = static_cast<std::uint16_t>(given - 1 - i);
    leases_->give_away(lease);
    context.outbox.add(answer);
  }
}

void AddressLending::hand_over(std::uint32_t lease, const MacAddress& client,
                               const Context& context) {
  const Lease& record = (*leases_)[lease];
  PeerMessage gift{.kind = PeerMessage::Kind::address_given,
                   .from = static_cast<std::uint8_t>(share_.index),
                   .to = static_cast<std::uint8_t>(owner_of(client, share_.count)),
                   .claim = true,  // nobody's answer
                   .group = record.group,
                   .version = record.version,
                   .address = record.address,
                   .mac = {}};
  leases_->give_away(lease);
  context.outbox.add_address(gift);
}

void AddressLending::give_claimed(const PeerMessage& question, const Context& context) {
  PeerMessage answer = question;
  std::swap(answer.from, answer.to);
  answer.kind = PeerMessage::Kind::address_refused;
  const std::uint32_t lease = leases_->at(question.address);
  if (lease != kNoIndex && context.outbox.free() > 0) {
    const Lease& record = (*leases_)[lease];
    if (record.state == LeaseState::offered && record.until <= context.now) {
      leases_->withdraw(lease);
    }
    if (record.state == LeaseState::free) {
      answer.group = record.group;
      answer.version = record.version;
      leases_->give_away(lease);
      answer.kind = PeerMessage::Kind::address_given;
    }
  }
  context.outbox.add(answer);
}

std::uint32_t AddressLending::take(const PeerMessage& given, std::uint16_t group, bool reserved,
                                   const Context& context) {
  Round& round = rounds_[given.group];
  if (!given.claim && given.count == 0 && round.peer == given.from) close(round);
  const std::uint32_t lease = leases_->adopt(group, given.address, reserved, given.version);
  if (lease == kNoIndex) give_back(given, context);
  return lease;
}

void AddressLending::give_back(const PeerMessage& given, const Context& context) {
  PeerMessage back = given;
  std::swap(back.from, back.to);
  back.claim = true;  // nobody's answer
  context.outbox.add_address(back);
}

bool AddressLending::refused(const PeerMessage& refusal, std::uint16_t waiting,
                             const Context& context) {
  const Round& round = rounds_[refusal.group];
  // The answer of a worker that was not waited for any longer.
  if (!round.open || round.peer != refusal.from) return true;
  return ask_next(refusal.group, waiting, context);
}

bool AddressLending::ask_next(std::uint16_t group, std::uint16_t waiting, const Context& context) {
  Round& round = rounds_[group];
  ++round.refusals;
  round.peer = next_peer(round.peer);
  const bool asked_all = round.refusals + 1 >= static_cast<int>(share_.count);
  if (!asked_all && send_question(group, waiting, context)) return true;
  close(round);
  round.stock_quiet_until = context.now + kStockPause;
  if (round.for_clients) round.quiet_until = context.now + kPause;
  return false;
}

}  // namespace reveille
