#include "port/pools.h"

#include <algorithm>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#include "port/eal_log.h"

namespace reveille {
namespace {

constexpr unsigned kCache = 256;                   // buffers a worker keeps at hand
constexpr unsigned kCached = kCache + kCache / 2;  // it may hold this many before it gives back
constexpr std::size_t kNoteSize = RTE_ALIGN_CEIL(sizeof(FrameNote), RTE_MBUF_PRIV_ALIGN);

// Pools are told apart by a number: a process may have several sets one after the other.
std::string pool_name(const char* what) {
  static unsigned count = 0;
  return std::string("reveille_") + what + std::to_string(count++);
}

// A small pool (in tests) must not vanish into its caches.
unsigned cache_of(unsigned buffers) {
  return buffers >= 4 * kCache ? kCache : 0;
}

// Buffers side by side in one piece of memory, as AF_XDP's driver takes for granted; without IO
// addresses, so that none begins a page of its own. nullptr: not to be had.
Pool packed_pool(const std::string& name, unsigned buffers, std::size_t note_size,
                 std::size_t room) {
  const auto element = static_cast<unsigned>(sizeof(rte_mbuf) + note_size + room);
  Pool pool{rte_mempool_create_empty(name.c_str(), buffers, element, cache_of(buffers),
                                     sizeof(rte_pktmbuf_pool_private), SOCKET_ID_ANY,
                                     RTE_MEMPOOL_F_NO_IOVA_CONTIG)};
  if (!pool) return pool;
  rte_pktmbuf_pool_private told{};
  told.mbuf_data_room_size = static_cast<std::uint16_t>(room);
  told.mbuf_priv_size = static_cast<std::uint16_t>(note_size);
  const int error = rte_mempool_set_ops_byname(pool.get(), rte_mbuf_best_mempool_ops(), nullptr);
  if (error != 0) return nullptr;
  rte_pktmbuf_pool_init(pool.get(), &told);
  if (rte_mempool_populate_default(pool.get()) < 0 || pool->nb_mem_chunks != 1) return nullptr;
  rte_mempool_obj_iter(pool.get(), rte_pktmbuf_init, nullptr);
  return pool;
}

tl::expected<Pool, std::string> create_pool(const char* what, unsigned buffers,
                                            std::size_t note_size, std::size_t room,
                                            bool packed = false) {
  forget_eal_log();
  const std::string name = pool_name(what);
  Pool pool = packed
                  ? packed_pool(name, buffers, note_size, room)
                  : Pool{rte_pktmbuf_pool_create(name.c_str(), buffers, cache_of(buffers),
                                                 static_cast<std::uint16_t>(note_size),
                                                 static_cast<std::uint16_t>(room), SOCKET_ID_ANY)};
  if (pool) return pool;
  return tl::unexpected(with_eal_words("not enough memory for " + std::to_string(buffers) +
                                           " frame buffers (free hugepages, or fewer workers)",
                                       rte_errno));
}

}  // namespace

std::uint16_t longest_mtu(const std::vector<InterfaceConfig>& interfaces) {
  std::uint16_t longest = kMtuDefault;
  for (const InterfaceConfig& one : interfaces) longest = std::max(longest, one.mtu);
  return longest;
}

PoolSizes pool_sizes(unsigned workers, std::size_t ports, bool durable_leases, std::uint16_t mtu,
                     unsigned umem_queues) {
  // Held elsewhere: by the descriptors of the ports, in rings to other workers, in caches.
  const unsigned away =
      static_cast<unsigned>(ports) * kDescriptors + (workers > 1 ? kSteeredMax : 0) + kCached;
  PoolSizes sizes{
      .receive = workers * (away + 2 * kBurst),
      .heads = away + 2 * static_cast<unsigned>(kReplySlots) + (durable_leases ? kHeldMax : 0),
      .payloads = away + 2 * static_cast<unsigned>(kReplySlots),
      .room = frame_room(mtu),
  };
  if (umem_queues > 0) {
    sizes.receive += umem_queues * 2 * kUmemRing + workers * sizes.heads;
    sizes.heads = 0;
  }
  return sizes;
}

std::size_t pool_bytes(unsigned workers, std::size_t ports, bool durable_leases, std::uint16_t mtu,
                       unsigned umem_queues) {
  // A buffer's own header, its mempool header and padding to cache lines.
  constexpr std::size_t kOverhead = sizeof(rte_mbuf) + 128;
  // One of a pool of its own does not cross a page, and ordinary pages hold one.
  constexpr std::size_t kPage = 4096;
  const PoolSizes sizes = pool_sizes(workers, ports, durable_leases, mtu, umem_queues);
  const std::size_t room = RTE_PKTMBUF_HEADROOM + sizes.room;
  const std::size_t buffers = sizes.receive * RTE_ALIGN_CEIL(room + kNoteSize + kOverhead, kPage) +
                              workers * (sizes.heads * RTE_ALIGN_CEIL(room + kOverhead, kPage) +
                                         sizes.payloads * kOverhead);
  // Event rings, rings between workers, ethdev state, memzone rounding.
  constexpr std::size_t kForEachWorker = std::size_t{4} << 20;
  constexpr std::size_t kForAll = std::size_t{32} << 20;
  return buffers + buffers / 8 + workers * kForEachWorker + kForAll;
}

tl::expected<Pools, std::string> Pools::create(unsigned workers, const PoolSizes& sizes) {
  Pools pools;
  const std::size_t room = RTE_PKTMBUF_HEADROOM + sizes.room;
  auto receive = create_pool("receive", sizes.receive, kNoteSize, room, sizes.heads == 0);
  if (!receive) return tl::unexpected(receive.error());
  pools.receive = std::move(*receive);
  for (unsigned k = 0; k < workers; ++k) {
    if (sizes.heads > 0) {
      auto heads = create_pool("heads", sizes.heads, 0, room);
      if (!heads) return tl::unexpected(heads.error());
      pools.heads.push_back(std::move(*heads));
    }
    auto payloads = create_pool("payloads", sizes.payloads, 0, 0);
    if (!payloads) return tl::unexpected(payloads.error());
    pools.payloads.push_back(std::move(*payloads));
  }
  return pools;
}

}  // namespace reveille
