#include "port/pools.h"

#include <algorithm>

#include <rte_errno.h>
#include <rte_mbuf.h>

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

tl::expected<Pool, std::string> create_pool(const char* what, unsigned buffers,
                                            std::size_t note_size, std::size_t room) {
  // A small pool (in tests) must not vanish into its caches.
  const unsigned cache = buffers >= 4 * kCache ? kCache : 0;
  forget_eal_log();
  Pool pool{rte_pktmbuf_pool_create(pool_name(what).c_str(), buffers, cache,
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
  const PoolSizes sizes = pool_sizes(workers, ports, durable_leases, mtu, umem_queues);
  const std::size_t room = RTE_PKTMBUF_HEADROOM + sizes.room;
  const std::size_t buffers =
      sizes.receive * (room + kNoteSize + kOverhead) +
      workers * (sizes.heads * (room + kOverhead) + sizes.payloads * kOverhead);
  // Event rings, rings between workers, ethdev state, memzone rounding.
  constexpr std::size_t kForEachWorker = std::size_t{4} << 20;
  constexpr std::size_t kForAll = std::size_t{32} << 20;
  return buffers + buffers / 8 + workers * kForEachWorker + kForAll;
}

tl::expected<Pools, std::string> Pools::create(unsigned workers, const PoolSizes& sizes) {
  Pools pools;
  const std::size_t room = RTE_PKTMBUF_HEADROOM + sizes.room;
  auto receive = create_pool("receive", sizes.receive, kNoteSize, room);
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
