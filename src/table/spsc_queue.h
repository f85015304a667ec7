// A bounded queue between two threads: one puts, one takes. For code that knows no DPDK; workers
// among themselves use worker/spsc_ring.h.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace reveille {

// Never waits. All memory is taken at construction.
template <class T>
class SpscQueue {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Room for at least `capacity` elements.
  explicit SpscQueue(std::size_t capacity) : cells_(std::bit_ceil(capacity)) {}

  // False when full. Owner: the putting thread.
  bool put(const T& element) {
    const std::size_t end = end_.load(std::memory_order_relaxed);
    if (end - begin_.load(std::memory_order_acquire) == cells_.size()) return false;
    cells_[end & (cells_.size() - 1)] = element;
    end_.store(end + 1, std::memory_order_release);
    return true;
  }
  // False when empty. Owner: the taking thread.
  bool take(T& element) {
    const std::size_t begin = begin_.load(std::memory_order_relaxed);
    if (begin == end_.load(std::memory_order_acquire)) return false;
    element = cells_[begin & (cells_.size() - 1)];
    begin_.store(begin + 1, std::memory_order_release);
    return true;
  }

 private:
  std::vector<T> cells_;
  alignas(64) std::atomic<std::size_t> end_{0};    // written by the putting thread
  alignas(64) std::atomic<std::size_t> begin_{0};  // written by the taking thread
};

}  // namespace reveille
