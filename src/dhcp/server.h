// The DHCP server of RFC 2131 as one worker runs it: leases, offers, and who is told what.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include <reveille/config.h>
#include <reveille/event.h>
#include <reveille/outcome.h>
#include <reveille/wire/arp.h>
#include <reveille/wire/dhcp.h>

#include "dhcp/address_lending.h"
#include "dhcp/address_probing.h"
#include "dhcp/exchange.h"
#include "dhcp/lease_import.h"
#include "dhcp/lease_order.h"
#include "dhcp/lease_table.h"
#include "dhcp/parked_requests.h"
#include "dhcp/reply_forms.h"
#include "dhcp/server_reply.h"
#include "dhcp/subnets.h"
#include "packet/booting_clients.h"
#include "packet/context.h"
#include "packet/peer_message.h"
#include "packet/share.h"
#include "policy/decisions.h"

namespace reveille {

// Owner: one worker. The leases are built around the subnets of the construction: others take a
// restart. Pools change as far as AddressPlan has it. All else that clients are told is that of the
// snapshot.
class DhcpServer {
 public:
  // `seed`: the same for all workers. `stored`: leases from before; nullptr: none.
  DhcpServer(const Config& config, std::shared_ptr<const Subnets> subnets, Share share,
             std::uint64_t seed, BootingClients& booting, Decisions& decisions,
             const StoredLeases* stored);

  // Call before any function below, with that call's snapshot. Its subnets are those of the
  // construction, or were made from them by Subnets::after(); routers, options, times,
  // reservations and rules may differ. From then on no client is given an address that it is not
  // entitled to any more; one that has it keeps it until the lease ends or it asks for more time.
  void follow(const Snapshot& snapshot);

  // The subnet whose addresses a request is about; nullptr: it is none of ours.
  [[nodiscard]] const Subnet* subnet_of(const Request& request, const wire::DhcpView& message,
                                        const Context& context) const;
  // What handle() decides on: what is known of the client, and its reservation, if it has one.
  [[nodiscard]] static Facts facts(const Request& request, const wire::DhcpView& message,
                                   const Subnet& subnet, const Context& context);
  [[nodiscard]] const HostConfig* host_of(const wire::DhcpView& message, const Facts& facts) const;
  // Start the memory accesses of a later handle(), in two steps: the index of leases, then the
  // lease of a client that came through `station` or through the relay `giaddr`.
  void prefetch(const MacAddress& client, Ipv4Address giaddr, const Station& station) const;
  void prefetch_lease(const MacAddress& client, Ipv4Address giaddr, const Station& station) const;
  // A message that was checked, in its subnet.
  Outcome handle(const Request& request, const wire::DhcpView& message, const Subnet& subnet,
                 const Context& context);
  // Somebody says that he is at an address: whether we lease it, and asked him. By an ARP reply to
  // us that came in at `station`; by an echo reply with that identifier and sequence number.
  bool hear_arp(const wire::ArpHost& host, std::uint16_t station, const Context& context);
  bool hear_echo(Ipv4Address address, std::uint32_t mark, const Context& context);
  // What an operator wants of one address. `done` has a record in the journal, if there is one.
  LeaseOrderAnswer::Kind obey(const LeaseOrder& order, const Context& context);
  // A lease of another server. nullopt: not now, for the disk or the peers are behind. Else a
  // record in the journal, if there is one, of `taken`; `moved` may have one, too.
  std::optional<LeaseImport::Answer> import(const LeaseChange& lease, const Context& context);
  void receive(const PeerMessage& message, const Context& context);
  void tick(const Context& context);

  [[nodiscard]] const LeaseTable& leases() const { return leases_; }

 private:
  [[nodiscard]] const Subnet* subnet_at(Ipv4Address giaddr, const Station& station) const {
    return giaddr.is_zero() ? subnets_->containing(station.address.address)
                            : subnets_->of_relay(giaddr);
  }
  // An address for a client, or the way to one.
  struct Choice {
    enum class Kind : std::uint8_t {
      found,      // `lease`
      elsewhere,  // `address` may be another worker's: claim it
      none,       // nothing is free here
      refused,    // this client may have no more
    };
    Kind kind = Kind::none;
    std::uint32_t lease = kNoIndex;
    Ipv4Address address;
  };

  Outcome serve(const Request& request, const wire::DhcpView& message, const Subnet& subnet,
                const Context& context, bool peers_asked);
  Outcome dispatch(const Exchange& exchange);
  Outcome turn_away(const Exchange& exchange);

  // server_discover.cc
  Outcome discover(const Exchange& exchange);
  Outcome bootp(const Exchange& exchange);
  // server_request.cc
  Outcome request(const Exchange& exchange);
  Outcome select(const Exchange& exchange, Ipv4Address server);
  Outcome reboot(const Exchange& exchange, Ipv4Address address);
  Outcome extend(const Exchange& exchange);
  [[nodiscard]] bool is_good_for(const Exchange& exchange, std::uint32_t own,
                                 Ipv4Address address) const;
  Outcome acknowledge(const Exchange& exchange, std::uint32_t lease);
  Outcome adopt(const Exchange& exchange, Ipv4Address address);
  Outcome refuse(const Exchange& exchange, Ipv4Address address, Outcome why,
                 std::string_view reason);
  // server_release.cc
  Outcome decline(const Exchange& exchange);
  Outcome release(const Exchange& exchange);
  Outcome inform(const Exchange& exchange);
  // server_choice.cc
  Choice choose(const Exchange& exchange);
  Choice choose_free(const Exchange& exchange);
  Choice choose_requested(const Exchange& exchange, Ipv4Address address);
  [[nodiscard]] bool may_have(const Exchange& exchange, Ipv4Address address) const;
  [[nodiscard]] bool may_keep(const Exchange& exchange, std::uint32_t own) const;
  void review_leases();
  void lay_out_additions();
  // Else an address that is not here may be one that the last reload brought, and come with the
  // next ticks.
  [[nodiscard]] bool is_laid_out() const {
    return additions_ == subnets_->plan().additions().size();
  }
  [[nodiscard]] std::uint16_t lender_of(std::uint16_t group, Ipv4Address address) const;
  [[nodiscard]] bool is_over_limit(const Exchange& exchange, std::uint32_t own) const;
  [[nodiscard]] bool is_available(const Exchange& exchange, std::uint32_t lease) const;
  // server_waiting.cc: what other workers have
  Outcome wait(const Exchange& exchange, const Choice& choice);
  Outcome no_address(const Exchange& exchange);
  void resume(ParkedRequest& parked, const Context& context);
  void give_up(ParkedRequest& parked, const Context& context);
  [[nodiscard]] std::string_view pool_name_of(const ParkedRequest& parked,
                                              const Context& context) const;
  void given(const PeerMessage& message, const Context& context);
  void claim_refused(const PeerMessage& message, const Context& context);
  void serve_waiting(std::uint16_t group, const Context& context);
  void give_up_waiting(std::uint16_t group, const Context& context);

  // server_import.cc
  LeaseImport::Answer take_over(std::uint32_t here, const LeaseChange& lease,
                                const Context& context);
  void make_free(std::uint32_t lease, const Context& context);

  // The journal has room for what one request may change.
  [[nodiscard]] static bool can_record(const Context& context);
  [[nodiscard]] bool is_own(const Exchange& exchange, Ipv4Address server) const;
  [[nodiscard]] std::uint32_t lease_seconds(const Exchange& exchange) const;
  // The time that is left, when so little of the lease has passed that it need not be recorded
  // anew.
  [[nodiscard]] std::optional<std::uint32_t> seconds_on_record(const Exchange& exchange,
                                                               std::uint32_t lease) const;
  // What a reply says of a lease: nothing; what is on record; or `change`, which is of `lease`.
  struct Promise {
    enum class Kind : std::uint8_t { none, on_record, changed };
    Kind kind{};
    std::uint32_t lease = kNoIndex;
    LeaseChange change{};
  };
  // Writes the reply; then applies the change, if any; then tells. Nothing changes unless the
  // reply stands. A reply that promises a lease leaves when its record is on disk.
  Outcome answer(const Exchange& exchange, ServerReply reply, const Promise& promise,
                 EventKind kind, Outcome outcome);
  void tell(const Exchange& exchange, EventKind kind, Ipv4Address address, Outcome outcome,
            std::string_view text) const;

  Identity identity_;
  Share share_;
  std::uint64_t seed_;  // of client keys
  std::shared_ptr<const Subnets> first_subnets_;
  const Subnets* subnets_;
  std::uint64_t version_ = 0;      // of the snapshot that they are of
  std::size_t additions_ = 0;      // of their plan: ranges that are laid out
  std::uint32_t laid_out_ = 0;     // addresses of the next one that are, or are another worker's
  std::uint32_t to_review_ = 0;    // leases whose reservation or group may have changed since
  std::uint32_t last_review_ = 0;  // the one that was looked at last
  LeaseTable leases_;
  AddressLending lending_;
  AddressProbing probing_;
  ParkedRequests parked_;
  BootingClients* booting_;
  Decisions* decisions_;
  ReplyForms forms_;
};

}  // namespace reveille
