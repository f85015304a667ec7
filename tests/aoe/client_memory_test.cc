// What one client of a disk costs in memory, beyond the image and what it writes.
#include <malloc.h>

#include "aoe/shared_disk.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#include <sanitizer/allocator_interface.h>
#define REVEILLE_SANITIZER_HEAP
#endif
#endif

namespace reveille::test {
namespace {

constexpr std::size_t kBytesMax = 4096;
constexpr std::uint32_t kFew = 100;
constexpr std::uint32_t kMany = 1100;
constexpr unsigned kMachines = 200;

// mallinfo2() tells of the first arena only; the thread that opens overlays is to have no other.
[[maybe_unused]] const int kOneArena = mallopt(M_ARENA_MAX, 1);

std::size_t heap_bytes() {
#ifdef REVEILLE_SANITIZER_HEAP
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
#endif
}

class ClientMemory : public InFile {
 protected:
  // Of the engine alone, with room for so many clients.
  std::size_t engine_bytes(std::uint32_t clients_max) {
    auto disks = std::make_shared<Disks>(*target->snapshot.disks);
    disks->limits.clients_max = clients_max;
    target->snapshot.disks = disks;
    const std::size_t before = heap_bytes();
    const AoeEngine engine(target->snapshot, Share{}, 7, target->booting);
    return heap_bytes() - before;
  }
  void forget_answers() {
    target->sent = {};
    target->events = {};
  }
};

TEST_F(ClientMemory, RoomForAClientIsTakenAtTheStart) {
  const std::size_t few = engine_bytes(kFew);
  const std::size_t each = (engine_bytes(kMany) - few) / (kMany - kFew);
  EXPECT_GE(each, sizeof(MacAddress)) << "nothing was measured";
  EXPECT_LE(each, kBytesMax / 4);
  RecordProperty("bytes", static_cast<int>(each));
}

// Those with a file of their own have the most: what is left of the limit is theirs.
TEST_F(ClientMemory, OneWithAnOverlayFileStaysBelowTheLimit) {
  config_.disk_limits.clients_max = 2 * kMachines;
  config_.disk_limits.overlay_file_max_bytes = std::uint64_t{kMachines} * 4096;
  restart();
  const auto use = [&](unsigned begin) {
    for (unsigned i = begin; i < begin + kMachines / 2; ++i) {
      Machine machine(*target, i);
      open(machine);
      machine.stores(0, pattern(512, i));
    }
    forget_answers();
  };
  use(0);  // from here on nothing is there for the first time
  const std::size_t before = heap_bytes();
  use(kMachines / 2);
  const std::size_t grown = heap_bytes() - before;
  EXPECT_GT(grown, 0U) << "nothing was measured";
  EXPECT_LE(grown / (kMachines / 2), kBytesMax * 3 / 4);
  RecordProperty("bytes", static_cast<int>(grown / (kMachines / 2)));
}

}  // namespace
}  // namespace reveille::test
