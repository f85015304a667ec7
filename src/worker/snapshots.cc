#include "worker/snapshots.h"

#include <cstdlib>
#include <new>
#include <sched.h>
#include <unordered_set>
#include <utility>

#include <reveille/pollers.h>

#include "disk/disks.h"
#include "image/catalogue.h"

namespace reveille {
namespace {

// All whose bytes replies may point into.
std::vector<std::shared_ptr<const Image>> images_of(const Snapshot* snapshot) {
  std::vector<std::shared_ptr<const Image>> all;
  if (snapshot == nullptr) return all;
  if (snapshot->catalogue != nullptr) {
    const auto& served = snapshot->catalogue->images();
    all.assign(served.begin(), served.end());
  }
  if (snapshot->disks != nullptr) {
    for (const Disk& disk : snapshot->disks->all) all.push_back(disk.image);
  }
  return all;
}

}  // namespace

Snapshots::Snapshots(unsigned workers, std::vector<std::uint16_t> physical_ports)
    : access_(workers, std::move(physical_ports)) {
  const std::size_t bytes = rte_rcu_qsbr_get_memsize(workers);
  void* const memory =
      std::aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE));
  if (memory == nullptr) throw std::bad_alloc();
  counters_.reset(static_cast<rte_rcu_qsbr*>(memory));
  rte_rcu_qsbr_init(counters_.get(), workers);
  add_pollers(counters_.get());
}

Snapshots::~Snapshots() {
  forget_pollers(counters_.get());
  publish(nullptr);
  for (const auto& image : retiring_) access_.dismiss(*image);
}

void Snapshots::join(unsigned worker) {
  rte_rcu_qsbr_thread_register(counters_.get(), worker);
  rte_rcu_qsbr_thread_online(counters_.get(), worker);
}

void Snapshots::leave(unsigned worker) {
  rte_rcu_qsbr_thread_offline(counters_.get(), worker);
  rte_rcu_qsbr_thread_unregister(counters_.get(), worker);
}

void Snapshots::wait_for_workers() {
  const std::uint64_t token = rte_rcu_qsbr_start(counters_.get());
  while (rte_rcu_qsbr_check(counters_.get(), token, false) == 0) sched_yield();
}

void Snapshots::publish(std::unique_ptr<const Snapshot> next) {
  std::unordered_set<const Image*> kept;
  for (const auto& image : images_of(next.get())) {
    access_.admit(*image);
    kept.insert(image.get());
  }
  // An image may come back: it is in a snapshot again.
  std::erase_if(retiring_, [&kept](const auto& image) { return kept.contains(image.get()); });

  current_.store(next.get(), std::memory_order_release);
  const std::unique_ptr<const Snapshot> before = std::exchange(owned_, std::move(next));
  if (before == nullptr) return;
  wait_for_workers();
  for (const auto& image : images_of(before.get())) {
    if (!kept.contains(image.get())) retiring_.push_back(image);
  }
}

std::size_t Snapshots::retire() {
  if (retiring_.empty()) return 0;
  // In this order: no transfer will put further frames into a worker's replies; the replies that
  // were there have gone to the ports; the ports have freed them.
  std::vector<std::shared_ptr<const Image>> idle;
  std::erase_if(retiring_, [this, &idle](const auto& image) {
    if (access_.in_transfer(*image)) return false;
    idle.push_back(image);
    return true;
  });
  if (!idle.empty()) wait_for_workers();
  for (auto& image : idle) {
    if (access_.in_flight(*image)) {
      retiring_.push_back(std::move(image));
    } else {
      access_.dismiss(*image);
    }
  }
  return retiring_.size();
}

}  // namespace reveille
