// Copies of one request that several relays bring.
//
// A redundant pair of routers (HSRP, VRRP) relays each broadcast of a client twice. Answering
// both costs twice, and a server that keeps state overwrites it with the second copy. A copy is
// what comes within the window with the client, xid, type and secs of a request that came by
// another path. What comes by the same path is a retransmission and deserves its answer.
//
//   - xid alone names no client: GRUB's is the clock, machines booting together share it.
//   - secs is in the key because it is all that changes between iPXE's retransmissions; it is
//     never read as a time.
//   - EDK2 repeats a REQUEST byte for byte, but 4 s later: hence a window, not a memory.
#pragma once

#include <cstdint>

#include <reveille/address.h>
#include <reveille/instant.h>
#include <reveille/wire/dhcp.h>

#include "packet/request.h"
#include "table/huge_vector.h"
#include "table/index_table.h"

namespace reveille {

// What all copies of a request have in common.
struct CopyKey {
  std::uint64_t client = 0;  // chaddr
  std::uint32_t xid = 0;
  std::uint16_t secs = 0;
  std::uint8_t type = 0;
  // A PXE client asks port 67 and port 4011 with the same xid and type.
  Service service{};

  bool operator==(const CopyKey&) const = default;
};
[[nodiscard]] CopyKey copy_key_of(const Request& request, const wire::DhcpView& message);

// The way a request took. Relays of a pair differ in giaddr, or, where they share a virtual
// one, in the address that they send from or in option 82.
struct RelayPath {
  Ipv4Address giaddr;         // zero: the client's own broadcast
  Ipv4Address source;         // of the relay; zero for the client's own
  std::uint64_t circuit = 0;  // hash of option 82

  bool operator==(const RelayPath&) const = default;
};
[[nodiscard]] RelayPath relay_path_of(const Request& request, const wire::DhcpView& message);

// The requests of the last moments. Full: the oldest is forgotten, and a copy of it is answered
// like a retransmission. Owner: one worker; a client's copies all come to its owner.
class CopyTable {
 public:
  CopyTable(std::size_t entries, Nanoseconds window, std::uint64_t seed);

  enum class Kind : std::uint8_t {
    first,   // not seen within the window
    repeat,  // seen, by the same path
    copy,    // seen, by another path
  };
  struct Seen {
    Kind kind = Kind::first;
    RelayPath first_path;  // meaningful for a copy
  };
  // Starts the memory access of a later note() of this key.
  void prefetch(const CopyKey& key) const { index_.prefetch(hash_of(key)); }
  // Only requests that will be answered may be noted: one whose giaddr is in no subnet would
  // suppress the copy that has one.
  Seen note(const CopyKey& key, const RelayPath& path, Instant now);

 private:
  struct Entry {
    CopyKey key;
    RelayPath path;
    Instant at{};            // of the last request by `path`
    std::uint64_t hash = 0;  // of the key; 0: the entry is unused
  };
  [[nodiscard]] std::uint64_t hash_of(const CopyKey& key) const;

  Nanoseconds window_;
  std::uint64_t seed_;
  HugeVector<Entry> entries_;  // a ring: next_ is the oldest
  std::uint32_t next_ = 0;
  IndexTable index_;
};

}  // namespace reveille
