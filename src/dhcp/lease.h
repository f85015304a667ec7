// A lease, and the changes that a client is told of.
#pragma once

#include <cstdint>

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

// One address of a worker's shard. Forty bytes, twenty more in the table's indices and lists.
struct Lease {
  ClientKey client;
  Instant until{};  // Instant::max(): for ever (BOOTP)
  MacAddress mac;
  std::uint16_t subnet = 0;
  Ipv4Address address;
  LeaseState state = LeaseState::vacant;
  bool reserved = false;  // the address is a reservation: never given to others
  bool bootp = false;     // bound without an end
  bool foreign = false;   // the client's frames came from another layer-2 address than chaddr
};
static_assert(sizeof(Lease) == 40);

// A change of what some client was told by an ACK: the record that a durable store has to keep.
//
// Every such change goes through LeaseTable::commit() and nothing else changes a bound lease.
// For `bound` the server calls it when the ACK stands complete in its reply slot and has not
// left: a store that must be durable first takes the record in commit() and withholds the slot
// until the record is on disk. Applying the stored changes of a subnet in order to a fresh table
// restores it. Offers are not acknowledged, and a server may forget them.
struct LeaseChange {
  enum class Kind : std::uint8_t {
    bound,     // `client` has `address` until `until`; new or extended
    released,  // given back by the client, or exchanged for another address
    declined,  // set aside until `until`
    expired,
  };
  Kind kind{};
  bool bootp = false;
  std::uint16_t subnet = 0;
  Ipv4Address address;
  ClientKey client;
  MacAddress mac;
  Instant until{};
};

}  // namespace reveille
