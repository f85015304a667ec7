#include "dhcp/lease_table.h"

#include <algorithm>
#include <cassert>

namespace reveille {
namespace {

bool belongs_elsewhere(const LeaseChange& change, Share share) {
  return !change.client.is_nobody() && owner_of(change.mac, share.count) != share.index;
}

std::uint32_t room_for(const Subnets& subnets, Share share, std::span<const LeaseChange> stored) {
  const std::uint32_t own = subnets.count_addresses(share);
  const auto clients = static_cast<std::uint32_t>(
      std::count_if(stored.begin(), stored.end(), [share](const LeaseChange& change) {
        return !change.client.is_nobody() && !belongs_elsewhere(change, share);
      }));
  return AddressPlan::kSpareAddresses +
         std::min(subnets.count_addresses(Share{0, 1}),
                  own + std::max(own, clients) + LeaseTable::kRoomExtra);
}

std::int64_t floor_seconds(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace

LeaseTable::LeaseTable(const Subnets& subnets, Share share, std::uint64_t seed,
                       std::span<const LeaseChange> stored)
    : seed_(seed),
      room_(room_for(subnets, share, stored)),
      has_room_for_all_(room_ ==
                        subnets.count_addresses(Share{0, 1}) + AddressPlan::kSpareAddresses),
      leases_(room_),
      counts_(subnets.groups_max()),
      by_client_(room_),
      by_address_(room_),
      lists_(room_, suspect_list() + 1) {
  subnets_.reserve(counts_.size());
  follow(subnets.groups());
  for (std::uint32_t i = 0; i < room_; ++i) lists_.push_back(vacant_list(), i);
  subnets.for_each_address(share, [this](std::uint16_t group, Ipv4Address address, bool reserved) {
    adopt(group, address, reserved);
  });
  restore(subnets, share, stored);
}

void LeaseTable::restore(const Subnets& subnets, Share share, std::span<const LeaseChange> stored) {
  for (const LeaseChange& change : stored) {
    const std::uint32_t lease = at(change.address);
    const bool elsewhere = belongs_elsewhere(change, share);
    if (elsewhere && lease != kNoIndex) give_away(lease);
    // One worker has all there are.
    if (elsewhere || lease != kNoIndex || share.count == 1 || change.client.is_nobody()) continue;
    const Subnet* subnet = subnets.leasing(change.address);
    if (subnet != nullptr) {
      adopt(subnets.group_at(*subnet, change.address), change.address,
            subnets.is_reserved(change.address));
    }
  }
  for (const LeaseChange& change : stored) restore(change);
}

void LeaseTable::restore(const LeaseChange& change) {
  const std::uint32_t lease = at(change.address);
  if (lease == kNoIndex) return;
  LeaseChange here = change;
  here.subnet = subnet_of(leases_[lease].group);
  commit(lease, here);
  leases_[lease].version = change.version;
  const bool is_over =
      change.kind == LeaseChange::Kind::released || change.kind == LeaseChange::Kind::expired;
  if (!is_over || change.client.is_nobody()) return;
  remember(lease, change.client, change.mac);
}

std::uint64_t LeaseTable::hash_of(const ClientKey& client, std::uint16_t subnet) const {
  return mix(client.low ^ seed_) ^ mix(client.high + subnet);
}

std::uint64_t LeaseTable::hash_of(Ipv4Address address) const {
  return mix(address.value ^ seed_);
}

std::size_t LeaseTable::wheel_list(std::int64_t second) const {
  return kListsPerGroup * counts_.size() + static_cast<std::size_t>(second) % kWheelSeconds;
}

std::uint32_t LeaseTable::find(const ClientKey& client, std::uint16_t subnet) const {
  return by_client_.find(hash_of(client, subnet), [&](std::uint32_t i) {
    return leases_[i].client == client && subnet_of(leases_[i].group) == subnet;
  });
}

void LeaseTable::prefetch(const ClientKey& client, std::uint16_t subnet) const {
  by_client_.prefetch(hash_of(client, subnet));
}

void LeaseTable::prefetch_lease(const ClientKey& client, std::uint16_t subnet) const {
  const std::uint32_t lease = by_client_.guess(hash_of(client, subnet));
  if (lease == kNoIndex) return;
  __builtin_prefetch(&leases_[lease], 1);
  lists_.prefetch(lease);
}

std::uint32_t LeaseTable::at(Ipv4Address address) const {
  return by_address_.find(hash_of(address),
                          [&](std::uint32_t i) { return leases_[i].address == address; });
}

std::uint32_t LeaseTable::oldest_free(std::uint16_t group) const {
  // One that is being asked has said nothing so far.
  for (const Probe probe : {Probe::silent, Probe::asked, Probe::none}) {
    if (const std::uint32_t lease = oldest_free(group, probe); lease != kNoIndex) return lease;
  }
  return kNoIndex;
}

std::uint32_t LeaseTable::oldest_offer(std::uint16_t group) const {
  return lists_.front(offer_list(group));
}

void LeaseTable::offer(std::uint32_t lease, const ClientKey& client, const MacAddress& mac,
                       Instant until, bool foreign, LeaseJournal* journal) {
  Lease& record = leases_[lease];
  if (record.state == LeaseState::bound && record.client == client) return;
  assert(record.state == LeaseState::free || record.state == LeaseState::offered ||
         record.conflict);
  give_up_other_lease(client, subnet_of(record.group), lease, journal);
  set_client(lease, client, mac);
  count(record, -1U);
  record.until = until;
  record.foreign = foreign;
  count(record, 1);
  set_state(lease, LeaseState::offered);
}

void LeaseTable::withdraw(std::uint32_t lease) {
  assert(leases_[lease].state == LeaseState::offered);
  set_state(lease, LeaseState::free);
}

LeaseTicket LeaseTable::commit(std::uint32_t lease, LeaseChange change, LeaseJournal* journal) {
  Lease& record = leases_[lease];
  assert(record.state != LeaseState::vacant && record.address == change.address);
  // Before its own record: whoever reads up to any point finds no client with two leases.
  if (change.kind == LeaseChange::Kind::bound) {
    give_up_other_lease(change.client, subnet_of(record.group), lease, journal);
  }
  count(record, -1U);
  record.until = change.until;
  record.bootp = change.kind == LeaseChange::Kind::bound && change.bootp;
  count(record, 1);
  switch (change.kind) {
    case LeaseChange::Kind::bound:
      set_client(lease, change.client, change.mac);
      set_state(lease, LeaseState::bound);
      break;
    case LeaseChange::Kind::declined:
    case LeaseChange::Kind::conflict:
    case LeaseChange::Kind::reserved:
      forget_client(lease);
      set_state(lease, LeaseState::declined);
      record.conflict = change.kind == LeaseChange::Kind::conflict;
      if (record.conflict) record.mac = change.mac;
      break;
    case LeaseChange::Kind::released:
    case LeaseChange::Kind::expired:
      if (change.client.is_nobody()) forget_client(lease);
      set_state(lease, LeaseState::free);
      break;
  }
  change.version = ++record.version;
  return journal == nullptr ? LeaseTicket{0} : journal->add(change);
}

void LeaseTable::expire(Instant now, std::uint32_t leases_max, LeaseJournal* journal) {
  const std::int64_t second = floor_seconds(now);
  // After a long silence one turn of the wheel reaches everything.
  for (std::int64_t s = std::max(wheel_second_ + 1, second - kWheelSeconds + 1); s <= second; ++s) {
    lists_.move_all(wheel_list(s), due_list());
  }
  wheel_second_ = std::max(wheel_second_, second);
  for (; leases_max > 0; --leases_max) {
    const std::uint32_t lease = lists_.front(due_list());
    if (lease == kNoIndex) return;
    if (journal != nullptr && journal->room() == 0) return;
    lists_.unlink(lease);
    const Lease& record = leases_[lease];
    if (record.until > now) {
      line_up(lease);
    } else if (record.state == LeaseState::declined && record.probe != Probe::asked_again) {
      lists_.push_back(suspect_list(), lease);
    } else {
      end(lease, journal);
    }
  }
}

void LeaseTable::end(std::uint32_t lease, LeaseJournal* journal) {
  const Lease& record = leases_[lease];
  commit(lease,
         {.kind = LeaseChange::Kind::expired,
          .subnet = subnet_of(record.group),
          .address = record.address,
          .client = record.client,
          .until = record.until,
          .mac = record.mac},
         journal);
}

void LeaseTable::note_probe(std::uint32_t lease, Probe probe, Instant until) {
  Lease& record = leases_[lease];
  assert(record.state == LeaseState::free && !record.reserved);
  lists_.unlink(lease);
  count(record, -1U);
  record.probe = probe;
  record.until = until;
  count(record, 1);
  line_up(lease);
}

void LeaseTable::note_suspect_asked(std::uint32_t lease, Instant until) {
  Lease& record = leases_[lease];
  assert(record.state == LeaseState::declined);
  lists_.unlink(lease);
  record.probe = record.probe == Probe::none ? Probe::asked : Probe::asked_again;
  record.until = until;
  line_up(lease);
}

void LeaseTable::acquit(std::uint32_t lease, LeaseJournal* journal) {
  assert(leases_[lease].state == LeaseState::declined);
  end(lease, journal);
}

std::uint32_t LeaseTable::adopt(std::uint16_t group, Ipv4Address address, bool reserved,
                                std::uint16_t version) {
  if (!has_room(1) || at(address) != kNoIndex) return kNoIndex;
  return insert(group, address, reserved, version);
}

std::uint32_t LeaseTable::insert(std::uint16_t group, Ipv4Address address, bool reserved,
                                 std::uint16_t version) {
  const std::uint32_t lease = lists_.front(vacant_list());
  assert(lease != kNoIndex && at(address) == kNoIndex);
  Lease record;
  record.group = group;
  record.address = address;
  record.reserved = reserved;
  record.version = version;
  leases_[lease] = record;
  by_address_.insert(hash_of(address), lease);
  --room_;
  ++counts_[group].addresses;
  set_state(lease, LeaseState::free);
  return lease;
}

void LeaseTable::give_away(std::uint32_t lease) {
  assert(leases_[lease].state == LeaseState::free);
  forget_client(lease);
  by_address_.erase(hash_of(leases_[lease].address), lease);
  --counts_[leases_[lease].group].addresses;
  ++room_;
  set_state(lease, LeaseState::vacant);
}

void LeaseTable::set_client(std::uint32_t lease, const ClientKey& client, const MacAddress& mac) {
  Lease& record = leases_[lease];
  record.mac = mac;
  if (record.client == client) return;
  forget_client(lease);
  record.client = client;
  by_client_.insert(hash_of(client, subnet_of(record.group)), lease);
}

void LeaseTable::remember(std::uint32_t lease, const ClientKey& client, const MacAddress& mac) {
  assert(leases_[lease].state == LeaseState::free);
  give_up_other_lease(client, subnet_of(leases_[lease].group), lease, nullptr);
  set_client(lease, client, mac);
}

void LeaseTable::forget_client(std::uint32_t lease) {
  Lease& record = leases_[lease];
  if (record.client.is_nobody()) return;
  by_client_.erase(hash_of(record.client, subnet_of(record.group)), lease);
  record.client = {};
}

void LeaseTable::set_reserved(std::uint32_t lease, bool reserved) {
  Lease& record = leases_[lease];
  if (record.reserved == reserved) return;
  const bool is_free = record.state == LeaseState::free;
  count(record, -1U);
  // All others stand in lines that do not depend on it, and keep their place there.
  if (is_free) lists_.unlink(lease);
  if (is_free) record.probe = Probe::none;
  record.reserved = reserved;
  count(record, 1);
  if (is_free) line_up(lease);
}

void LeaseTable::give_up_other_lease(const ClientKey& client, std::uint16_t subnet,
                                     std::uint32_t kept, LeaseJournal* journal) {
  const std::uint32_t other = find(client, subnet);
  if (other == kNoIndex || other == kept) return;
  const Lease& record = leases_[other];
  if (record.state == LeaseState::bound) {
    commit(other,
           {.kind = LeaseChange::Kind::released,
            .subnet = subnet,
            .address = record.address,
            .mac = record.mac},
           journal);
    return;
  }
  if (record.state == LeaseState::offered) withdraw(other);
  forget_client(other);
}

// The one place where a lease changes its state: counts and lists follow.
void LeaseTable::set_state(std::uint32_t lease, LeaseState state) {
  Lease& record = leases_[lease];
  count(record, -1U);
  lists_.unlink(lease);
  record.state = state;
  record.conflict = false;
  // Who has an offer may still be found to have a rival.
  if (state != LeaseState::offered) record.probe = Probe::none;
  count(record, 1);
  line_up(lease);
}

void LeaseTable::count(const Lease& lease, std::uint32_t one) {
  Counts& counts = counts_[lease.group];
  switch (lease.state) {
    case LeaseState::vacant:
      return;
    case LeaseState::free:
      if (lease.reserved) return;
      counts.free += one;
      if (lease.probe == Probe::silent) {
        counts.silent += one;
      } else if (lease.probe != Probe::none) {
        counts.asked += one;
      }
      return;
    case LeaseState::offered:
      counts.offered += one;
      if (lease.foreign) counts.foreign_offers += one;
      return;
    case LeaseState::bound:
      counts.bound += one;
      if (lease.bootp && !lease.reserved) counts.bootp += one;
      return;
    case LeaseState::declined:
      counts.declined += one;
      return;
  }
}

void LeaseTable::line_up(std::uint32_t lease) {
  const Lease& record = leases_[lease];
  switch (record.state) {
    case LeaseState::vacant:
      return lists_.push_back(vacant_list(), lease);
    case LeaseState::free:
      if (!record.reserved) lists_.push_back(free_list(record.group, record.probe), lease);
      return;
    case LeaseState::offered:
      return lists_.push_back(offer_list(record.group), lease);
    case LeaseState::bound:
    case LeaseState::declined:
      if (record.until == Instant::max()) return;
      // The second after the end: when its turn comes, it is over.
      return lists_.push_back(wheel_list(floor_seconds(record.until) + 1), lease);
  }
}

std::size_t LeaseTable::memory_bytes() const {
  return leases_.capacity() * sizeof(Lease) + counts_.capacity() * sizeof(Counts) +
         subnets_.capacity() * sizeof(subnets_[0]) + by_client_.memory_bytes() +
         by_address_.memory_bytes() + lists_.memory_bytes();
}

}  // namespace reveille
