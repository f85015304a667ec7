// The addresses that one worker owns, and who has them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <reveille/config.h>

#include "dhcp/lease.h"
#include "dhcp/lease_journal.h"
#include "dhcp/subnets.h"
#include "packet/share.h"
#include "table/huge_vector.h"
#include "table/index_lists.h"
#include "table/index_table.h"

namespace reveille {

// Owner: one worker. All memory is taken at construction: room for the addresses that the
// share starts with, as many again (or as there are stored leases of its clients, if those are
// more) and kRoomExtra, or for all there are if that is less; and for all that reloads may add.
// Leases are named by index; an index is good until the address is given away.
//
// A client has at most one lease in a subnet, whatever group the address is of. A free address
// remembers its last client, stands in its group's line of free addresses, longest free first, and
// is reused in that order; those that were probed and found silent come before those that were not.
class LeaseTable {
 public:
  static constexpr std::uint32_t kRoomExtra = 4096;

  // `stored`: what is known from before, for all shares together. Those that are over come
  // first, the oldest first; then those that are not. What is not in the plan is left out.
  //
  // An address that has a client starts in the shard of the client's worker: a machine that
  // comes back finds its lease there.
  LeaseTable(const Subnets& subnets, Share share, std::uint64_t seed,
             std::span<const LeaseChange> stored = {});

  const Lease& operator[](std::uint32_t lease) const { return leases_[lease]; }
  // kNoIndex: none, or the address is another worker's.
  [[nodiscard]] std::uint32_t find(const ClientKey& client, std::uint16_t subnet) const;
  [[nodiscard]] std::uint32_t at(Ipv4Address address) const;
  // Start the memory accesses of a later find() and of what follows it: first the index, then
  // the lease that it most likely names.
  void prefetch(const ClientKey& client, std::uint16_t subnet) const;
  void prefetch_lease(const ClientKey& client, std::uint16_t subnet) const;

  [[nodiscard]] std::uint16_t groups() const { return static_cast<std::uint16_t>(subnets_.size()); }
  // So many there may ever be.
  [[nodiscard]] std::size_t groups_max() const { return counts_.size(); }
  [[nodiscard]] std::uint16_t subnet_of(std::uint16_t group) const { return subnets_[group]; }
  // What the shard holds of a group.
  struct Counts {
    std::uint32_t addresses = 0;  // reservations included
    std::uint32_t free = 0;       // without reservations
    std::uint32_t offered = 0;
    std::uint32_t bound = 0;
    std::uint32_t declined = 0;
    std::uint32_t bootp = 0;  // without reservations
    std::uint32_t foreign_offers = 0;
    std::uint32_t asked = 0;   // of the free ones: a probe is under way
    std::uint32_t silent = 0;  // of the free ones: nobody answered a probe

    // One of so many parts of the addresses, at least one: what is left to those who may be false.
    [[nodiscard]] std::uint32_t part(std::uint32_t parts) const {
      return std::max<std::uint32_t>(1, addresses / parts);
    }
  };
  [[nodiscard]] const Counts& counts(std::uint16_t group) const { return counts_[group]; }
  // The one to give away next, of all that are free; or of those that are that far.
  [[nodiscard]] std::uint32_t oldest_free(std::uint16_t group) const;
  [[nodiscard]] std::uint32_t oldest_free(std::uint16_t group, Probe probe) const {
    return lists_.front(free_list(group, probe));
  }
  [[nodiscard]] std::uint32_t oldest_offer(std::uint16_t group) const;

  // Holds a free or offered address for a client. Its other lease in the subnet is given up.
  // No effect on what it already has bound.
  void offer(std::uint32_t lease, const ClientKey& client, const MacAddress& mac, Instant until,
             bool foreign, LeaseJournal* journal = nullptr);
  // An offer was not taken up.
  void withdraw(std::uint32_t lease);
  // See LeaseChange. The lease is that of its address, and the journal has room for kRecordsMax.
  // Its record's ticket; zero without a journal.
  static constexpr std::size_t kRecordsMax = 2;  // the change, and the client's other lease
  LeaseTicket commit(std::uint32_t lease, LeaseChange change, LeaseJournal* journal = nullptr);

  // A free address had that client last, who has nothing else in its subnet from now on but what is
  // free.
  void remember(std::uint32_t lease, const ClientKey& client, const MacAddress& mac);
  // Whoever had it last shall not get it back.
  void forget_client(std::uint32_t lease);

  // Records there are, vacant ones too: leases are named by indices below this.
  [[nodiscard]] std::uint32_t records() const { return static_cast<std::uint32_t>(leases_.size()); }
  // The configuration has another opinion of that address than it had. Who has it keeps it; but
  // free, it stands in the line for everybody only when it is not reserved.
  void set_reserved(std::uint32_t lease, bool reserved);

  // Makes leases and quarantines that are over free again, at most `leases_max` of them and not
  // more than the journal has room for. An address that was set aside because of its user becomes
  // a suspect instead, unless nobody has answered two probes since.
  void expire(Instant now, std::uint32_t leases_max, LeaseJournal* journal = nullptr);

  // A free, unreserved address goes to the end of the line of those that are that far, `until`
  // then.
  void note_probe(std::uint32_t lease, Probe probe, Instant until);
  // The suspect that has waited longest; kNoIndex: none. One that is asked comes back to expire()
  // at `until`; one that cannot be asked is free.
  [[nodiscard]] std::uint32_t suspect() const { return lists_.front(suspect_list()); }
  void note_suspect_asked(std::uint32_t lease, Instant until);
  void acquit(std::uint32_t lease, LeaseJournal* journal);

  // A later configuration (Subnets::after): its groups, those that are there among them.
  void follow(const std::vector<AddressGroup>& groups);
  // An address that it has and none before had. Its room is kept for it: see AddressPlan.
  void lay_out(std::uint16_t group, Ipv4Address address, bool reserved);
  // An address is lent by another group of its subnet now. Who has it keeps it.
  void regroup(std::uint32_t lease, std::uint16_t group);

  // Addresses come from and go to other workers' shards. adopt() returns kNoIndex when there is
  // no room, or when the address is here already.
  [[nodiscard]] bool has_room(std::uint32_t addresses) const {
    return has_room_for_all_ || addresses + spare_ <= room_;
  }
  std::uint32_t adopt(std::uint16_t group, Ipv4Address address, bool reserved,
                      std::uint16_t version = 0);
  void give_away(std::uint32_t lease);

  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  // Bound and declined leases stand in a wheel of seconds. One that ends beyond the next turn
  // is looked at once a turn.
  static constexpr std::uint32_t kWheelSeconds = 4096;

  [[nodiscard]] std::uint64_t hash_of(const ClientKey& client, std::uint16_t subnet) const;
  [[nodiscard]] std::uint64_t hash_of(Ipv4Address address) const;
  static constexpr std::size_t kListsPerGroup = 4;
  [[nodiscard]] std::size_t free_list(std::uint16_t group, Probe probe) const {
    const std::size_t first = kListsPerGroup * group;
    if (probe == Probe::none) return first;
    return probe == Probe::silent ? first + 1 : first + 2;
  }
  [[nodiscard]] std::size_t offer_list(std::uint16_t group) const {
    return kListsPerGroup * group + 3;
  }
  [[nodiscard]] std::size_t wheel_list(std::int64_t second) const;
  [[nodiscard]] std::size_t due_list() const {
    return kListsPerGroup * counts_.size() + kWheelSeconds;
  }
  [[nodiscard]] std::size_t vacant_list() const { return due_list() + 1; }
  [[nodiscard]] std::size_t suspect_list() const { return due_list() + 2; }

  std::uint32_t insert(std::uint16_t group, Ipv4Address address, bool reserved,
                       std::uint16_t version);
  void set_client(std::uint32_t lease, const ClientKey& client, const MacAddress& mac);
  void set_state(std::uint32_t lease, LeaseState state);
  void count(const Lease& lease, std::uint32_t one);
  void line_up(std::uint32_t lease);
  void end(std::uint32_t lease, LeaseJournal* journal);
  void give_up_other_lease(const ClientKey& client, std::uint16_t subnet, std::uint32_t kept,
                           LeaseJournal* journal);
  void restore(const Subnets& subnets, Share share, std::span<const LeaseChange> stored);
  void restore(const LeaseChange& change);

  std::uint64_t seed_;
  std::uint32_t room_;
  std::uint32_t spare_ = AddressPlan::kSpareAddresses;  // of it, for what reloads add
  bool has_room_for_all_;                               // that are in any shard
  std::int64_t wheel_second_ = 0;                       // everything up to here has left the wheel
  HugeVector<Lease> leases_;
  std::vector<std::uint16_t> subnets_;  // by group
  std::vector<Counts> counts_;          // by group, also of those that may come
  IndexTable by_client_;
  IndexTable by_address_;
  IndexLists lists_;
};

}  // namespace reveille
