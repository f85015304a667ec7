#include <dlfcn.h>
#include <mutex>
#include <sched.h>
#include <vector>

#include <rte_debug.h>
#include <rte_interrupts.h>
#include <rte_rcu_qsbr.h>

#include <reveille/pollers.h>

namespace reveille {
namespace {

struct Pollers {
  std::mutex mutex;
  std::vector<rte_rcu_qsbr*> all;
};

Pollers& pollers() {
  static Pollers& known = *new Pollers;  // DPDK's interrupt thread may outlive main()
  return known;
}

// Returns when each thread has been quiescent, or offline, since the call.
void wait_for_pollers() {
  const std::lock_guard lock(pollers().mutex);
  for (rte_rcu_qsbr* const threads : pollers().all) {
    const std::uint64_t token = rte_rcu_qsbr_start(threads);
    while (rte_rcu_qsbr_check(threads, token, false) == 0) sched_yield();
  }
}

}  // namespace

void add_pollers(rte_rcu_qsbr* threads) {
  const std::lock_guard lock(pollers().mutex);
  pollers().all.push_back(threads);
}

void forget_pollers(const rte_rcu_qsbr* threads) {
  const std::lock_guard lock(pollers().mutex);
  std::erase(pollers().all, threads);
}

}  // namespace reveille

// DPDK's function of this name, for all who call it, drivers as well: the program's own comes
// before that of a library. It does what DPDK's does, and then waits.
extern "C" __attribute__((visibility("default"))) int rte_intr_callback_unregister(
    const rte_intr_handle* intr_handle, rte_intr_callback_fn cb, void* cb_arg) {
  using Unregister = int (*)(const rte_intr_handle*, rte_intr_callback_fn, void*);
  static const auto unregister =
      reinterpret_cast<Unregister>(dlsym(RTLD_NEXT, "rte_intr_callback_unregister"));
  if (unregister == nullptr) rte_panic("DPDK's rte_intr_callback_unregister() is not there\n");
  const int removed = unregister(intr_handle, cb, cb_arg);
  reveille::wait_for_pollers();
  return removed;
}
