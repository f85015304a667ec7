#include "image/memory.h"

#include <algorithm>
#include <atomic>
#include <sys/mman.h>

namespace reveille {

namespace {

constexpr std::uint64_t kCacheLineSize = 64;
// Larger images waste less than half of a hugepage's worth by having a region of their own.
constexpr std::uint64_t kSharedSizeMax = ImageMemory::kRegionSize / 2;

// Images that a device may be told of, one by one, share no page: whole pages are what it is told.
constexpr std::uint64_t kOwnPagesSizeMin = 4 * kPageSize;

constexpr std::uint64_t unit_of(std::uint64_t image_size) {
  return image_size >= kOwnPagesSizeMin ? kPageSize : kCacheLineSize;
}

constexpr std::uint64_t round_up(std::uint64_t size, std::uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}

void* map_pages(std::uint64_t size, int flags) {
  void* const at =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

}  // namespace

// Outlives the ImageMemory: regions give back to it.
struct ImageMemory::Account {
  std::array<std::atomic<std::uint64_t>, 3> bytes{};

  std::atomic<std::uint64_t>& of(MemoryKind kind) { return bytes[static_cast<std::size_t>(kind)]; }
};

ImageMemory::Region::Region(MutableBytes bytes, MemoryKind kind, std::shared_ptr<Account> account)
    : bytes_(bytes), kind_(kind), account_(std::move(account)) {
  account_->of(kind_) += bytes_.size();
}

ImageMemory::Region::~Region() {
  account_->of(kind_) -= bytes_.size();
  munmap(bytes_.data(), bytes_.size());
}

std::shared_ptr<ImageMemory::Region> ImageMemory::Region::map(std::uint64_t size,
                                                              std::shared_ptr<Account> account) {
  const auto region = [&](void* at, std::uint64_t rounded, MemoryKind kind) {
    return std::shared_ptr<Region>{
        new Region{{static_cast<std::uint8_t*>(at), rounded}, kind, std::move(account)}};
  };
  // Reserved hugepages are taken from the system's pool here and now: mmap fails when there are
  // too few, and no later access can.
  const std::uint64_t huge_size = round_up(size, kRegionSize);
  if (void* const at = map_pages(huge_size, MAP_HUGETLB | (21 << MAP_HUGE_SHIFT))) {
    return region(at, huge_size, MemoryKind::huge);
  }
  const std::uint64_t page_size = round_up(size, kPageSize);
  void* const at = map_pages(page_size, 0);
  if (at == nullptr) return nullptr;
  madvise(at, page_size, MADV_HUGEPAGE);  // a wish; without it all works the same
  const bool locked = mlock(at, page_size) == 0;
  return region(at, page_size, locked ? MemoryKind::locked : MemoryKind::plain);
}

ImageMemory::ImageMemory(std::uint64_t bytes_max)
    : bytes_max_(bytes_max), account_(std::make_shared<Account>()) {}

std::shared_ptr<ImageMemory::Region> ImageMemory::map_within_limit(std::uint64_t size) {
  const std::uint64_t used = use().total();
  if (used > bytes_max_ || size > bytes_max_ - used) return nullptr;
  return Region::map(size, account_);
}

std::optional<ImageMemory::Room> ImageMemory::take(std::uint64_t size) {
  if (size == 0) return Room{};
  const std::lock_guard lock{mutex_};
  if (size > kSharedSizeMax) {
    auto region = map_within_limit(size);
    if (!region) return std::nullopt;
    const MutableBytes bytes = region->bytes().first(size);
    return Room{std::move(region), bytes};
  }
  auto region = shared_.lock();
  const std::uint64_t unit = unit_of(size);
  if (!region || round_up(shared_taken_, unit) + size > region->bytes().size()) {
    region = map_within_limit(std::min<std::uint64_t>(kRegionSize, bytes_max_));
    if (!region) region = map_within_limit(size);
    if (!region) return std::nullopt;
    shared_ = region;
    shared_taken_ = 0;
  }
  const std::uint64_t start = round_up(shared_taken_, unit);
  const MutableBytes bytes = region->bytes().subspan(start, size);
  shared_taken_ = round_up(start + size, unit);
  return Room{std::move(region), bytes};
}

MemoryUse ImageMemory::use() const {
  return {{account_->of(MemoryKind::huge), account_->of(MemoryKind::locked),
           account_->of(MemoryKind::plain)}};
}

}  // namespace reveille
