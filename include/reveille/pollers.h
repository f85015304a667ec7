// Who polls DPDK's ports, so that a driver's memory stays until nobody looks at it.
//
// When the peer of a memif port leaves, the driver of DPDK 22.11 marks the port as unconnected and
// unmaps its rings at once, in DPDK's interrupt thread, while a thread may be in the middle of
// them. Between those two steps it calls rte_intr_callback_unregister(), and src/port/pollers.cc
// has a function of that name, which does the same and then waits for the pollers; a thread that
// looks at the port after that finds it unconnected. The driver calls ours because a program's
// functions come before those of shared objects: it has to be linked into the program itself, and
// DPDK as shared objects.
#pragma once

struct rte_rcu_qsbr;

namespace reveille {

// Drivers wait for these threads from now on: each is to say that it is quiescent between two
// looks at its ports, and to be offline while it sleeps. Owner: the caller, until
// forget_pollers(). Any thread.
void add_pollers(rte_rcu_qsbr* threads);

// Not any more. Returns when no driver is waiting for them; so not from one of these threads while
// it is online. Any thread.
void forget_pollers(const rte_rcu_qsbr* threads);

}  // namespace reveille
