#include "aoe/grain_table.h"

#include <cassert>
#include <new>
#include <sys/mman.h>

namespace reveille {
namespace {

// Address space; the system gives a page when it is first touched.
void* map_pages(std::size_t size) {
  if (size == 0) return nullptr;
  void* const at = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  return at;
}

}  // namespace

GrainTable::GrainTable(std::size_t capacity, std::uint64_t seed, Holds holds)
    : capacity_(capacity), seed_(seed), table_(capacity) {
  entries_ = static_cast<Entry*>(map_pages(capacity * sizeof(Entry)));
  if (holds == Holds::bytes) memory_ = static_cast<std::uint8_t*>(map_pages(capacity * kGrainSize));
}

GrainTable::~GrainTable() {
  if (entries_ != nullptr) munmap(entries_, capacity_ * sizeof(Entry));
  if (memory_ != nullptr) munmap(memory_, capacity_ * kGrainSize);
}

void GrainTable::prefetch_bytes(std::uint32_t session, std::uint32_t grain, std::size_t offset,
                                std::size_t length, bool to_write) const {
  constexpr std::size_t kLine = 64;
  const std::uint32_t entry = table_.guess(hash(session, grain));
  if (entry == kNoIndex) return;
  __builtin_prefetch(&entries_[entry]);
  const std::uint8_t* const begin = memory_ + std::size_t{entry} * kGrainSize;
  const std::uint8_t* const end = begin + offset + length;
  for (const std::uint8_t* at = begin + offset / kLine * kLine; at < end; at += kLine) {
    if (to_write) {
      __builtin_prefetch(at, 1);
    } else {
      __builtin_prefetch(at, 0, 2);
    }
  }
}

std::uint32_t GrainTable::insert(std::uint32_t session, std::uint32_t grain, std::uint32_t place,
                                 std::uint32_t& chain) {
  assert(!full());
  const std::uint32_t entry = free_ != kNoIndex ? free_ : fresh_++;
  if (entry == free_) free_ = entries_[entry].next;
  entries_[entry] = {session, grain, place, chain};
  chain = entry;
  table_.insert(hash(session, grain), entry);
  ++used_;
  return entry;
}

std::size_t GrainTable::release(std::uint32_t& chain, std::size_t count) {
  std::size_t released = 0;
  for (; released < count && chain != kNoIndex; ++released) {
    const std::uint32_t entry = chain;
    chain = entries_[entry].next;
    table_.erase(hash(entries_[entry].session, entries_[entry].grain), entry);
    entries_[entry].next = free_;
    free_ = entry;
    --used_;
  }
  return released;
}

}  // namespace reveille
