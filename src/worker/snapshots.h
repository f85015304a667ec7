// The snapshot that workers read, and its replacement while they do: RCU, on rte_rcu_qsbr.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include <rte_rcu_qsbr.h>

#include "image/image.h"
#include "packet/snapshot.h"
#include "worker/image_access.h"

namespace reveille {

class Snapshots {
 public:
  Snapshots(unsigned workers, std::vector<std::uint16_t> physical_ports);
  ~Snapshots();

  // ---- the worker's side; `worker` is the caller's index
  void join(unsigned worker);   // before the first read()
  void leave(unsigned worker);  // after the last
  // Valid until the worker's next quiescent(), rest() or leave().
  [[nodiscard]] const Snapshot& read() const { return *current_.load(std::memory_order_acquire); }
  // The worker holds nothing of a snapshot, and nothing that read images is pending in it.
  void quiescent(unsigned worker) { rte_rcu_qsbr_quiescent(counters_.get(), worker); }
  void rest(unsigned worker) { rte_rcu_qsbr_thread_offline(counters_.get(), worker); }
  void resume(unsigned worker) { rte_rcu_qsbr_thread_online(counters_.get(), worker); }

  // ---- control's side
  // See Workers::publish and Workers::retire. While no worker has joined, nothing waits.
  void publish(std::unique_ptr<const Snapshot> next);
  std::size_t retire();
  // Returns when each worker has been quiescent, or asleep, since the call.
  void wait_for_workers();

 private:
  struct Free {
    void operator()(rte_rcu_qsbr* counters) const { std::free(counters); }
  };
  std::unique_ptr<rte_rcu_qsbr, Free> counters_;
  std::atomic<const Snapshot*> current_{nullptr};
  std::unique_ptr<const Snapshot> owned_;  // what current_ points to
  ImageAccess access_;
  std::vector<std::shared_ptr<const Image>> retiring_;  // in no snapshot, perhaps still read
};

}  // namespace reveille
