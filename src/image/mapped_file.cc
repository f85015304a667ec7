#include "image/mapped_file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image/memory.h"
#include "image/reason.h"

namespace reveille {

namespace {

// A mapping that may lose its pages. begin == 0: free. Read by the signal handler.
struct GuardedRange {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> torn{false};
};
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);
static_assert(std::atomic<bool>::is_always_lock_free);

std::array<GuardedRange, MappedFile::kFilesMax> guarded_ranges;
std::mutex guard_mutex;  // taken to claim a range, never by the handler
struct sigaction action_before;

GuardedRange* range_of(std::uintptr_t address) {
  for (GuardedRange& range : guarded_ranges) {
    const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
    if (begin != 0 && address >= begin && address < range.end.load()) return &range;
  }
  return nullptr;
}

// Runs on whatever thread read the lost page; that thread owns the mapping for as long as it
// reads, so the range cannot be unmapped meanwhile. Everything from that page on is replaced at
// once: a mapping for each page would run into the limit on their number. The kernel exchanges
// the pages in one step for every thread. It is asked directly, because ThreadSanitizer takes
// libc's mmap() for a write to all of the range, and so for a race with the other readers.
void put_zeros_where_pages_are_lost(int, siginfo_t* info, void*) {
  const int errno_before = errno;
  const auto lost = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const std::uintptr_t page = lost & ~(kPageSize - 1);
  auto* const page_begin = static_cast<std::uint8_t*>(info->si_addr) - (lost - page);
  GuardedRange* const range = info->si_code == BUS_ADRERR ? range_of(page) : nullptr;
  if (range != nullptr) {
    const std::uintptr_t length = range->end.load() - page;
    range->torn.store(true);
    const long at = syscall(SYS_mmap, page_begin, length, PROT_READ,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at != -1) {
      errno = errno_before;
      return;
    }
  }
  // Not ours: the access is tried again and ends as it would have without us.
  sigaction(SIGBUS, &action_before, nullptr);
  errno = errno_before;
}

bool install_handler() {
  struct sigaction action {};
  action.sa_sigaction = put_zeros_where_pages_are_lost;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, &action_before) == 0;
}

std::optional<std::size_t> guard(std::uintptr_t begin, std::uintptr_t end) {
  const std::lock_guard lock{guard_mutex};
  static const bool installed = install_handler();
  if (!installed) return std::nullopt;
  for (std::size_t i = 0; i < guarded_ranges.size(); ++i) {
    GuardedRange& range = guarded_ranges[i];
    if (range.begin.load() != 0) continue;
    range.torn.store(false);
    range.end.store(end);
    range.begin.store(begin, std::memory_order_release);
    return i;
  }
  return std::nullopt;
}

}  // namespace

tl::expected<std::unique_ptr<MappedFile>, std::string> MappedFile::map(int descriptor,
                                                                       std::uint64_t size) {
  void* const at = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (at == MAP_FAILED) {
    return tl::unexpected("cannot be mapped: " + reason(errno));
  }
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  const std::uintptr_t end = begin + (size + kPageSize - 1) / kPageSize * kPageSize;
  const auto index = guard(begin, end);
  if (!index) {
    munmap(at, size);
    return tl::unexpected("does not fit the memory budget, and no more than " +
                          std::to_string(kFilesMax) + " files are mapped");
  }
  const Bytes bytes{static_cast<const std::uint8_t*>(at), size};
  return std::unique_ptr<MappedFile>{new MappedFile{bytes, *index}};
}

MappedFile::~MappedFile() {
  guarded_ranges[guard_].begin.store(0, std::memory_order_release);
  munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

bool MappedFile::intact() const {
  return !guarded_ranges[guard_].torn.load();
}

}  // namespace reveille
