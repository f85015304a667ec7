// A lab without a network: the engines of one or several workers, a virtual clock, and a
// carrier of their messages that keeps its promise.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "dhcp/engine.h"
#include "dhcp/lease_table.h"
#include "dhcp/message.h"
#include "dhcp/subnets.h"
#include "packet/booting_clients.h"
#include "packet/client_facts.h"
#include "packet/context.h"
#include "packet/snapshot.h"
#include "policy/boot_policy.h"

namespace reveille::test {

inline constexpr MacAddress kServerMac{{0x02, 0, 0, 0, 0, 0x01}};
inline constexpr Ipv4Address kServer = Ipv4Address::of(10, 77, 0, 1);
inline constexpr Ipv4Address kServerOnVlan = Ipv4Address::of(10, 78, 0, 1);
inline constexpr Ipv4Address kFirst = Ipv4Address::of(10, 77, 0, 10);  // of the untagged pool
inline constexpr Ipv4Address kRelay = Ipv4Address::of(10, 99, 0, 2);
inline constexpr Ipv4Address kOtherRelay = Ipv4Address::of(10, 99, 0, 3);

// One subnet 10.77.0.0/24 with pool .10 to .19 on the untagged station.
[[nodiscard]] Config small_config();
// The same, and 10.78.0.0/24 on VLAN 78, and 10.99.0.0/16 behind relays with a pool of `size`.
[[nodiscard]] Config campus_config(std::uint32_t size = 10);

// A REQUEST of a machine that has the address: RFC 2131 section 4.3.2, RENEWING.
[[nodiscard]] inline Message renewal_of(const MacAddress& mac, Ipv4Address address,
                                        std::vector<Option> options = {}) {
  return {.type = wire::DhcpType::request,
          .mac = mac,
          .ciaddr = address,
          .options = std::move(options),
          .to = kServer};
}

// A frame that left, taken apart.
struct Sent {
  Octets frame;
  bool tagged = false;

  [[nodiscard]] MacAddress to_mac() const { return MacAddress::from(&frame[0]); }
  [[nodiscard]] MacAddress from_mac() const { return MacAddress::from(&frame[6]); }
  [[nodiscard]] Ipv4Address from() const { return Ipv4Address::from(ip() + 12); }
  [[nodiscard]] Ipv4Address to() const { return Ipv4Address::from(ip() + 16); }
  [[nodiscard]] std::uint16_t from_port() const { return load_be16(ip() + 20); }
  [[nodiscard]] std::uint16_t to_port() const { return load_be16(ip() + 22); }
  [[nodiscard]] Bytes payload() const { return Bytes{frame}.subspan(tagged ? 46 : 42); }
  // Throws when it is no DHCP message.
  [[nodiscard]] wire::DhcpView view() const;
  [[nodiscard]] DhcpType type() const { return view().type(); }
  [[nodiscard]] Ipv4Address yiaddr() const { return view().yiaddr(); }
  // Codes of the options field in the order of their appearance.
  [[nodiscard]] std::vector<int> option_codes() const;

 private:
  [[nodiscard]] const std::uint8_t* ip() const { return &frame[tagged ? 18 : 14]; }
};

// What came of one message: its outcome, and all that was sent until every worker was quiet.
struct Heard {
  Outcome outcome{};
  std::vector<Sent> replies;
  std::vector<Event> events;
  std::vector<ClientFacts> clients;  // what TFTP was told

  // The only reply; throws when there are none or several.
  [[nodiscard]] const Sent& reply() const;
};

class Lab {
 public:
  explicit Lab(Config config = small_config(), unsigned workers = 1, std::uint64_t seed = 1,
               const StoredLeases* stored = nullptr);
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  Heard send(const Message& message);
  // Any octets as the body, in the frame that `message` describes.
  Heard send(const Message& message, const Octets& octets);
  // DISCOVER, then REQUEST of what was offered. Zero if either was not answered.
  Ipv4Address lease(const MacAddress& mac, std::vector<Option> options = {});
  // The same through a relay that sends from its giaddr.
  Ipv4Address lease_through(Ipv4Address relay, const MacAddress& mac);

  // Time passes, and all workers do what is due. What they sent meanwhile.
  Heard wait(Nanoseconds time);
  // Somebody says that he is at `address`, by an ARP reply to us. It comes in at that worker.
  Heard host_answers(Ipv4Address address, const MacAddress& mac, unsigned worker = 0,
                     std::uint16_t station = 0);
  // The same by an ICMP echo reply, through a router; `echoed` is what follows its checksum.
  Heard echo_answers(Ipv4Address address, Bytes echoed, unsigned worker = 0);
  // Time passes, and nobody does anything.
  void skip(Nanoseconds time) { now_ += time; }
  [[nodiscard]] Instant now() const { return now_; }

  // Messages between workers stay where they are until deliver().
  void hold_messages(bool hold) { hold_ = hold; }
  Heard deliver();
  // A message of another worker, and what that worker says to it.
  std::vector<PeerMessage> tell(unsigned worker, const PeerMessage& message);
  // Called right before and right after each call of an engine.
  void around_engines(void (*before)(), void (*after)()) {
    before_ = before;
    after_ = after;
  }
  // Replies that fit in a burst.
  void leave_replies(std::size_t count) { reply_limit_ = count; }

  [[nodiscard]] DhcpEngine& engine(unsigned worker = 0) { return workers_[worker]->engine; }
  [[nodiscard]] bool is_booting(const MacAddress& mac) const;
  [[nodiscard]] unsigned workers() const { return static_cast<unsigned>(workers_.size()); }
  [[nodiscard]] std::size_t messages_delivered() const { return messages_delivered_; }
  // Over all workers.
  [[nodiscard]] LeaseTable::Counts counts(std::uint16_t group = 0) const;
  [[nodiscard]] const Lease* lease_at(Ipv4Address address) const;
  // Throws unless every address of the plan is in exactly one shard, in its group, and every client
  // of a shard has at most one lease in a subnet. Of what a reload was told to be on record at most
  // one shard knows.
  void check_leases() const;
  // What the worker that owns the address says to an operator.
  LeaseOrderAnswer::Kind obey(LeaseOrder::Kind kind, Ipv4Address address) {
    return obey({.kind = kind, .address = address});
  }
  LeaseOrderAnswer::Kind obey(const LeaseOrder& order);
  // A lease of another server, given to all workers: the greatest of what they say.
  LeaseImport::Answer import(const LeaseChange& lease) { return ask_import(lease).value(); }
  // Absent: one of them is to be asked again.
  std::optional<LeaseImport::Answer> ask_import(const LeaseChange& lease);
  // For everything from now on, as a reload that keeps the subnets, and pools their places.
  // `recorded`: see Subnets::after().
  void change_config(const std::function<void(Config&)>& change,
                     std::span<const Ipv4Address> recorded = {});
  [[nodiscard]] std::uint64_t outcomes(Outcome outcome) const { return outcomes_[outcome]; }

 private:
  static constexpr std::size_t kSlots = 64;
  struct Worker {
    Worker(const Snapshot& snapshot, Share share, std::uint64_t seed, const StoredLeases* stored)
        : engine(snapshot, share, seed, booting, stored) {}
    BootingClients booting{64, 1};
    DhcpEngine engine;
    std::array<PeerMessage, 64> outbox_storage{};
    Outbox outbox{outbox_storage};
    std::array<ClientFacts, 8> clients_storage{};
    ClientNotes clients{clients_storage};
  };

  Heard hear_host(const Request& request, unsigned worker);
  void as(Worker& worker, Heard& heard, const std::function<void(const Context&)>& act);
  void carry(Heard& heard);

  Snapshot snapshot_;
  std::set<Ipv4Address> on_record_;  // as reloads were told
  LinkState links_;
  Instant now_{Instant{} + 10s};
  void (*before_)() = nullptr;
  void (*after_)() = nullptr;
  bool hold_ = false;
  std::size_t reply_limit_ = kSlots;
  std::size_t messages_delivered_ = 0;
  OutcomeCounts outcomes_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::array<std::array<std::uint8_t, 1536>, kSlots> buffers_{};
  std::array<Reply, kSlots> slots_{};
  std::array<Event, 256> event_storage_{};
};

}  // namespace reveille::test
