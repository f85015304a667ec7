// What an engine is given besides the request: the time, the snapshot, and where to write.
#pragma once

#include <reveille/event.h>
#include <reveille/instant.h>

#include "packet/link_state.h"
#include "packet/peer_message.h"
#include "packet/reply.h"

namespace reveille {

class LeaseJournal;  // dhcp/lease_journal.h
struct Snapshot;
class ClientNotes;  // packet/client_facts.h: what DHCP learns for TFTP

// Valid for one burst. Owner: the worker that calls the engine.
struct Context {
  Instant now;
  const Snapshot& snapshot;
  Replies& replies;
  Events& events;
  Outbox& outbox;
  LinkState& links;                // shared by all workers
  ClientNotes* clients = nullptr;  // nullptr: nobody wants to know
  unsigned worker = 0;             // whose memory in the snapshot an engine may use
  // Where changes of leases go that have to be durable; nullptr: leases live in memory only.
  LeaseJournal* journal = nullptr;
};

}  // namespace reveille
