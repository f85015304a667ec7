// An rte_ring between two threads: one puts, one takes, whole elements by value.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include <rte_ring_elem.h>

namespace reveille {

// Bounded; never waits. Memory is taken at construction. Made and destroyed by control.
template <class T>
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T> &&
                sizeof(T) % 4 == 0);  // NOLINT(bugprone-sizeof-expression)

 public:
  // Room for at least `capacity` elements.
  explicit SpscRing(unsigned capacity) {
    const unsigned cells = std::bit_ceil(capacity + 1);  // one stays empty
    const auto bytes = static_cast<std::size_t>(rte_ring_get_memsize_elem(kSize, cells));
    void* const memory =
        std::aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE));
    if (memory == nullptr) throw std::bad_alloc();
    ring_.reset(static_cast<rte_ring*>(memory));
    rte_ring_init(ring_.get(), "", cells, RING_F_SP_ENQ | RING_F_SC_DEQ);
  }

  // How many were taken over, from the front; the rest did not fit. Owner: the putting thread.
  unsigned put(std::span<const T> elements) {
    return rte_ring_sp_enqueue_burst_elem(ring_.get(), elements.data(), kSize,
                                          static_cast<unsigned>(elements.size()), nullptr);
  }
  // How many put() would take over now. Owner: the putting thread.
  [[nodiscard]] unsigned room() const {
    // rte_ring_free_count() reads the other thread's tail as if nobody wrote it.
    const std::uint32_t taken = __atomic_load_n(&ring_->cons.tail, __ATOMIC_ACQUIRE);
    return ring_->capacity + taken - ring_->prod.tail;
  }
  // How many were moved into `room`. Owner: the taking thread.
  unsigned take(std::span<T> room) {
    return rte_ring_sc_dequeue_burst_elem(ring_.get(), room.data(), kSize,
                                          static_cast<unsigned>(room.size()), nullptr);
  }

 private:
  // Elements may be pointers.
  static constexpr unsigned kSize = sizeof(T);  // NOLINT(bugprone-sizeof-expression)

  struct Free {
    void operator()(rte_ring* ring) const { std::free(ring); }
  };
  std::unique_ptr<rte_ring, Free> ring_;
};

}  // namespace reveille
