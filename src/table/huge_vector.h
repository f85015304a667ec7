// Memory for tables of many megabytes: in huge pages where the system gives them.
//
// A table that is looked into at random costs a walk through the page tables for nearly each look,
// once it is larger than what the TLB covers: 12 MiB of 4 KiB pages, gigabytes of 2 MiB ones.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace reveille {

inline constexpr std::size_t kHugePageBytes = std::size_t{1} << 21;

// An allocator in the sense of the standard. Less than a huge page comes from operator new as
// ever; more begins at a huge page, and the system is asked for huge pages as far as whole ones
// go, so that none is taken for a rest. A wish: without them all works the same.
template <class T>
struct HugePageAllocator {
  using value_type = T;

  HugePageAllocator() = default;
  template <class Other>
  HugePageAllocator(const HugePageAllocator<Other>& /*other*/) noexcept {}  // NOLINT: converts

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
      throw std::bad_array_new_length();
    }
    const std::size_t bytes = count * sizeof(T);
    if (!is_large(bytes)) return small(bytes);
    void* const at = ::operator new(bytes, kHuge);
    madvise(at, bytes / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
    return static_cast<T*>(at);
  }
  void deallocate(T* at, std::size_t count) noexcept {
    if (is_large(count * sizeof(T))) {
      ::operator delete(at, kHuge);
    } else if constexpr (kIsUsual) {
      ::operator delete(at);
    } else {
      ::operator delete (at, std::align_val_t{alignof(T)});
    }
  }

  template <class Other>
  bool operator==(const HugePageAllocator<Other>& /*other*/) const noexcept {
    return true;
  }

 private:
  static constexpr std::align_val_t kHuge{kHugePageBytes};
  static constexpr bool kIsUsual = alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__;

  static T* small(std::size_t bytes) {
    if constexpr (kIsUsual) return static_cast<T*>(::operator new(bytes));
    return static_cast<T*>(::operator new (bytes, std::align_val_t{alignof(T)}));
  }
  static constexpr bool is_large(std::size_t bytes) { return bytes >= kHugePageBytes; }
};

template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace reveille
