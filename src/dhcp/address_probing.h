// Finds out whether free addresses are in use by somebody who has no lease, before they are
// needed: no offer ever waits for it.
//
// Each worker keeps a stock of addresses of each group that nobody answered at, and offers those
// first; while there are none, it offers what it has. Who is on our own link is asked by ARP, who
// is behind a relay by ICMP echo. An address that answers is set aside, and asked again before it
// is used. Twice asked, half a second apart, and silent: free.
#pragma once

#include <cstdint>
#include <vector>

#include <reveille/address.h>
#include <reveille/instant.h>

#include "dhcp/lease_table.h"
#include "dhcp/subnets.h"
#include "packet/context.h"
#include "packet/share.h"
#include "table/sip_hash.h"

namespace reveille {

// Owner: one worker, with its lease table.
class AddressProbing {
 public:
  static constexpr std::uint32_t kStock = 256;     // silent addresses of a group, a worker
  static constexpr Nanoseconds kPause = 2ms;       // between two probes, on average
  static constexpr Nanoseconds kPatience = 500ms;  // until the next one, or silence
  static constexpr Nanoseconds kFresh = 5min;      // how long silence is believed
  // What answers is set aside for decline_time, but not asked more often than this.
  static constexpr Seconds kSetAsideMin{60};

  // `seed`: the same for all workers.
  AddressProbing(LeaseTable& leases, std::size_t subnets, Share share, std::uint64_t seed);

  // Identifier and sequence number of the echo request to an address: who answers was asked, or
  // sees what passes between us and whoever was.
  [[nodiscard]] std::uint32_t echo_mark(Ipv4Address address) const {
    return static_cast<std::uint32_t>(sip_hash(echo_key_, address.value) >> 32);
  }

  // A relay's request for that subnet came from `gateway`: there is the way to its machines.
  void saw_relay(std::uint16_t subnet, std::uint16_t station, const MacAddress& gateway) {
    ways_[subnet].station = station;
    ways_[subnet].gateway = gateway;
  }
  // Sends what is due; a few frames at most. Each millisecond, or as often as there is time.
  void tick(const Subnets& subnets, const Context& context);

  // Somebody answered at `address`, and whoever calls this has made sure that he was asked: who is
  // behind a router by the mark, who is on a link by where his answer came in. `mac` is zero when
  // a router stands between. Other workers are told when the address is not ours.
  void heard(Ipv4Address address, const MacAddress& mac, const Context& context);
  void heard_by_peer(Ipv4Address address, const MacAddress& mac, const Context& context);

 private:
  static constexpr Nanoseconds kBurst = 16ms;          // that much may be caught up on
  static constexpr std::size_t kGroupsPerTick = 32;    // that are looked at
  static constexpr Nanoseconds kLookAgain = 10ms;      // at a group
  static constexpr Nanoseconds kNoWay = 1s;            // the same, if its machines are out of reach
  static constexpr Nanoseconds kOverrun = 60s;         // the same, if half of it is set aside
  static constexpr std::uint16_t kTellsPerTick = 8;    // of what was heard, to each other worker
  static constexpr std::size_t kOutboxForOthers = 32;  // of the outbox, not used here

  struct Way {
    std::uint16_t station = 0;
    MacAddress gateway;  // zero: no relay was seen
  };
  enum class Sent : std::uint8_t { yes, no_way, no_reply_left };

  void retry_suspects(const Subnets& subnets, const Context& context);
  void look_at(std::uint16_t group, const Subnets& subnets, const Context& context);
  [[nodiscard]] std::uint32_t next_candidate(std::uint16_t group, Instant now) const;
  Sent ask(std::uint32_t lease, const Subnets& subnets, const Context& context);
  // False: it is not of this shard.
  bool judge(Ipv4Address address, const MacAddress& mac, const Context& context);
  void set_aside(std::uint32_t lease, const MacAddress& mac, const Context& context);

  LeaseTable* leases_;
  Share share_;
  SipKey echo_key_;
  std::vector<Way> ways_;           // by subnet
  std::vector<Instant> next_look_;  // by group
  Instant paid_until_{};            // probes up to here have been sent
  std::uint16_t next_group_ = 0;
  std::uint16_t tells_left_ = kTellsPerTick;
};

}  // namespace reveille
