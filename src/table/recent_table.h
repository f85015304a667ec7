// A table of fixed capacity that remembers the keys named last.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "table/huge_vector.h"
#include "table/index_lists.h"
#include "table/index_table.h"
#include "table/mix.h"

namespace reveille {

// Remembers a value for each of `capacity` keys, at least one; the key not renewed for longest
// makes room for a new one. Owner: one thread. All memory is taken at construction; every call
// is constant in time.
template <class Value>
class RecentTable {
 public:
  // `seed` keeps strangers from choosing keys that collide.
  RecentTable(std::size_t capacity, std::uint64_t seed)
      : seed_(seed),
        entries_(std::max<std::size_t>(capacity, 1)),
        by_key_(entries_.size()),
        by_age_(entries_.size(), 1) {}

  [[nodiscard]] std::size_t capacity() const { return entries_.size(); }

  // Starts the memory access of a later find() or renew().
  void prefetch(std::uint64_t key) const { by_key_.prefetch(hash(key)); }

  // The second step, when the first has had time to arrive: the entry itself.
  void prefetch_entry(std::uint64_t key) const {
    const std::uint32_t place = by_key_.guess(hash(key));
    if (place != kNoIndex) prefetch_place(place);
  }

  // What is remembered of `key`, or nullptr. Valid until the next renew().
  [[nodiscard]] const Value* find(std::uint64_t key) const {
    const std::uint32_t place = place_of(key);
    return place == kNoIndex ? nullptr : &entries_[place].value;
  }

  // Remembers `value` of `key`, which is from now on the newest.
  void renew(std::uint64_t key, const Value& value) {
    std::uint32_t place = place_of(key);
    if (place != kNoIndex) {
      by_age_.unlink(place);
    } else {
      place = free_place();
      entries_[place].key = key;
      by_key_.insert(hash(key), place);
    }
    entries_[place].value = value;
    by_age_.push_back(kAges, place);
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    Value value{};
  };
  static constexpr std::size_t kAges = 0;  // the only list

  [[nodiscard]] std::uint64_t hash(std::uint64_t key) const { return mix(key ^ seed_); }
  [[nodiscard]] std::uint32_t place_of(std::uint64_t key) const {
    return by_key_.find(hash(key), [&](std::uint32_t index) { return entries_[index].key == key; });
  }
  [[nodiscard]] std::uint32_t free_place() {
    if (used_ < entries_.size()) return used_++;
    const std::uint32_t oldest = by_age_.front(kAges);
    by_age_.unlink(oldest);
    by_key_.erase(hash(entries_[oldest].key), oldest);
    // Where the next one to be forgotten stands is another random place. What that is, the one
    // after it is to say without a wait.
    const std::uint32_t next = by_age_.front(kAges);
    if (next == kNoIndex) return oldest;
    by_key_.prefetch(hash(entries_[next].key));
    if (const std::uint32_t later = by_age_.after(next); later != kNoIndex) prefetch_place(later);
    return oldest;
  }
  void prefetch_place(std::uint32_t place) const {
    const auto* const entry = reinterpret_cast<const char*>(&entries_[place]);
    constexpr std::size_t kLine = 64;
    for (std::size_t at = 0; at < sizeof(Entry); at += kLine) __builtin_prefetch(entry + at, 1);
    __builtin_prefetch(entry + sizeof(Entry) - 1, 1);
    by_age_.prefetch(place);
  }

  std::uint64_t seed_;
  HugeVector<Entry> entries_;
  std::uint32_t used_ = 0;  // of entries_, from the start
  IndexTable by_key_;
  IndexLists by_age_;  // one list, the one not renewed for longest first
};

}  // namespace reveille
