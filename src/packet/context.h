// What an engine is given besides the request: the time, the snapshot, and where to write.
#pragma once

#include <reveille/event.h>
#include <reveille/instant.h>

#include "packet/link_state.h"
#include "packet/peer_message.h"
#include "packet/reply.h"

namespace reveille {

struct Snapshot;

// Valid for one burst. Owner: the worker that calls the engine.
struct Context {
  Instant now;
  const Snapshot& snapshot;
  Replies& replies;
  Events& events;
  Outbox& outbox;
  LinkState& links;  // shared by all workers
};

}  // namespace reveille
