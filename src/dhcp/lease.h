// A lease, and the changes that a client is told of.
#pragma once

#include <cstdint>
#include <vector>

#include <reveille/address.h>
#include <reveille/instant.h>

#include "dhcp/client_key.h"

namespace reveille {

enum class LeaseState : std::uint8_t {
  vacant,    // a record without an address
  free,      // may be given to anybody; `client` is who had it last, and gets it back
  offered,   // held for `client` until its REQUEST, or `until`
  bound,     // acknowledged to `client` until `until`
  declined,  // somebody else was found to use it; set aside until `until`
};

// Whether somebody uses an address that is leased to nobody: how far asking him has come.
enum class Probe : std::uint8_t { none, asked, asked_again, silent };

// One address of a worker's shard. Forty bytes; the table's indices and lists take 24 to 27 more.
struct Lease {
  ClientKey client;
  Instant until{};          // Instant::max(): for ever (BOOTP); while free: of the probe
  MacAddress mac;           // in a conflict: who answered
  std::uint16_t group = 0;  // of whose addresses it is: an index into Subnets::groups()
  Ipv4Address address;
  LeaseState state = LeaseState::vacant;
  bool reserved : 1 = false;  // not for anybody: a reservation, or in no pool any more
  bool bootp : 1 = false;     // bound without an end
  bool foreign : 1 = false;   // the client's frames came from another layer-2 address than chaddr
  bool conflict : 1 = false;  // declined because somebody answered there
  Probe probe : 2 = Probe::none;
  std::uint16_t version = 0;  // counts the address's changes, in whichever shard it is; wraps
};
static_assert(sizeof(Lease) == 40);

// A change of what some client was told by an ACK: the record that a durable store has to keep.
//
// Every such change goes through LeaseTable::commit() and nothing else changes a bound lease.
// For `bound` the server calls it when the ACK stands complete in its reply slot and has not
// left: commit() puts the record into the journal, and the reply is withheld until the record is
// on disk. LeaseTable::restore() takes the stored changes back. Offers are not acknowledged, and
// a server may forget them. Forty bytes: travels through a ring.
struct LeaseChange {
  enum class Kind : std::uint8_t {
    bound,     // `client` has `address` until `until`; new or extended
    released,  // given back by the client, or exchanged for another address; `client`, unless
               // nobody, gets it back
    declined,  // set aside until `until`
    expired,
    conflict,  // as declined: somebody without a lease answered there
    reserved,  // set aside by an operator, for ever
  };
  Kind kind{};
  bool bootp = false;
  std::uint16_t subnet = 0;
  Ipv4Address address;
  ClientKey client;
  Instant until{};
  MacAddress mac;
  // Of the address, set by commit(). Two workers' records of one address may reach the store in
  // another order than they happened: the later version counts.
  std::uint16_t version = 0;
};
static_assert(sizeof(LeaseChange) == 40);

// What a store knew when the server started, for all workers together.
struct StoredLeases {
  // Client keys that are hashes were made with it, and have to be.
  std::uint64_t key_seed = 0;
  // One of each address at most. Those that are over (released, expired) come first, the oldest
  // first; then those that are not, the first to end first.
  std::vector<LeaseChange> leases;
};

}  // namespace reveille
