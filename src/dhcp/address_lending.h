// How the lease shards of the workers lend each other addresses, so that a pool of N addresses
// serves N clients however they hash.
//
// A worker whose free addresses run low asks its peers, one after the other: ahead of need when
// it falls below a low-water mark, and at once when a client finds none. A peer gives what it
// has to a client that waits, down to its last; to a stock it gives only from its plenty.
// Addresses that a client names (a reservation by client-id, INIT-REBOOT) are claimed the same
// way.
#pragma once

#include <cstdint>
#include <vector>

#include "dhcp/lease_table.h"
#include "dhcp/parked_requests.h"
#include "packet/context.h"
#include "packet/peer_message.h"
#include "packet/share.h"

namespace reveille {

// Owner: one worker, with its lease table. Asks about one group once at a time.
class AddressLending {
 public:
  static constexpr std::uint16_t kBatchMax = 32;  // addresses asked for at once
  static constexpr std::uint32_t kLowWaterMax = 32;

  AddressLending(LeaseTable& leases, Share share, Nanoseconds offer_time);

  [[nodiscard]] bool has_peers() const { return share_.count > 1; }
  // For `waiting` clients that found no free address. False: nobody has one, or cannot be asked.
  bool ask(std::uint16_t group, std::uint16_t waiting, const Context& context);
  // The group's addresses here are more or fewer than they were, by a reload.
  void note_size(std::uint16_t group);
  // Asks ahead of need when the free addresses of the group run low.
  void keep_stock(std::uint16_t group, const Context& context);
  // Whether each peer has refused parked.claimed.
  [[nodiscard]] bool asked_all(const ParkedRequest& parked) const {
    return parked.refusals + 1U >= share_.count;
  }
  // Asks the next peer for it. False: all were asked, or it cannot be asked now.
  bool claim(ParkedRequest& parked, const Context& context);

  // Whether this worker serves that client.
  [[nodiscard]] bool serves(const MacAddress& client) const {
    return owner_of(client, share_.count) == share_.index;
  }
  // Gives a free address to the worker that serves `client`, unasked. The outbox has room. What
  // that one has no room for comes back.
  void hand_over(std::uint32_t lease, const MacAddress& client, const Context& context);

  // Questions of a peer.
  void answer(const PeerMessage& question, const Context& context);

  // An address of our own from now on, in that group; kNoIndex: no room, it went back. That takes
  // answers that come after their question was given up: what is waited for has its room.
  std::uint32_t take(const PeerMessage& given, std::uint16_t group, bool reserved,
                     const Context& context);
  // An address of a group that a reload has named, and we do not know yet: its giver has it again.
  static void give_back(const PeerMessage& given, const Context& context);
  // A peer has none: the next one is asked. False: that was the last one.
  bool refused(const PeerMessage& refusal, std::uint16_t waiting, const Context& context);
  // Calls gave_up(group) for each question that a stalled worker has left open for too long and
  // that no other worker can answer.
  template <class Waiting, class GaveUp>
  void tick(const Context& context, Waiting&& waiting, GaveUp&& gave_up);

 private:
  static constexpr Nanoseconds kPatience = 200ms;
  static constexpr Nanoseconds kPause = 50ms;     // before clients make us ask all again
  static constexpr Nanoseconds kStockPause = 1s;  // before the stock does

  struct Round {
    Instant asked_at{};
    Instant quiet_until{};
    Instant stock_quiet_until{};
    std::uint32_t low_water = 0;
    std::uint16_t asked = 0;  // so many may come
    std::int16_t refusals = 0;
    std::uint8_t peer = 0;
    bool open = false;
    bool for_clients = false;
  };
  [[nodiscard]] std::uint8_t next_peer(std::uint8_t peer) const;
  [[nodiscard]] std::uint16_t missing(std::uint16_t group) const;
  bool send_question(std::uint16_t group, std::uint16_t waiting, const Context& context);
  void close(Round& round);
  // Room for so many more than all that may be on their way: to open rounds, and to clients that
  // are parked for an address that they named.
  [[nodiscard]] bool has_room(std::uint32_t addresses) const {
    constexpr auto kClaimsMax = static_cast<std::uint32_t>(ParkedRequests::kParkedMax);
    return leases_->has_room(coming_ + kClaimsMax + addresses);
  }
  bool ask_next(std::uint16_t group, std::uint16_t waiting, const Context& context);
  void give(const PeerMessage& question, const Context& context);
  void give_claimed(const PeerMessage& question, const Context& context);

  LeaseTable* leases_;
  Share share_;
  Nanoseconds offer_time_;
  std::size_t open_rounds_ = 0;
  std::uint32_t coming_ = 0;   // addresses, to open rounds at most
  Instant next_look_{};        // of tick(), at the rounds that are open for too long
  std::vector<Round> rounds_;  // by group
};

// An offer that was not taken up for this long may be given to another client when nothing else
// is free. The slowest firmware sends its REQUEST 12 s after the first OFFER.
inline constexpr Nanoseconds kOfferKept = 15s;

// Makes the group's oldest offer free if it is over, or older than kOfferKept.
bool reclaim_offer(LeaseTable& leases, std::uint16_t group, Instant now, Nanoseconds offer_time);

template <class Waiting, class GaveUp>
void AddressLending::tick(const Context& context, Waiting&& waiting, GaveUp&& gave_up) {
  if (open_rounds_ == 0 || context.now < next_look_) return;
  next_look_ = context.now + kPatience / 8;  // there may be thousands of groups
  for (std::uint16_t group = 0; group < leases_->groups(); ++group) {
    const Round& round = rounds_[group];
    if (!round.open || context.now - round.asked_at < kPatience) continue;
    if (!ask_next(group, waiting(group), context)) gave_up(group);
  }
}

}  // namespace reveille
