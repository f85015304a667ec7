#include "idle/doorbell.h"

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace reveille {

Doorbell::Doorbell() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Doorbell::~Doorbell() {
  if (descriptor_ >= 0) close(descriptor_);
}

void Doorbell::listen() {
  listens_.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // before the look that follows
}

// Once a nap, however many ring.
void Doorbell::wake() {
  if (!listens_.exchange(false)) return;
  const std::uint64_t once = 1;
  [[maybe_unused]] const ssize_t written = write(descriptor_, &once, sizeof once);
}

void Doorbell::take_ring() {
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t got = read(descriptor_, &rings, sizeof rings);
}

}  // namespace reveille
