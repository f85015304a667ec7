// The memory that frames live in: taken at start, sized so that the ordinary limits (rings,
// descriptors, slots) are reached before the pools run dry.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <rte_mempool.h>
#include <tl/expected.hpp>

#include <reveille/config.h>
#include <reveille/instant.h>

#include "packet/request.h"

namespace reveille {

// Octets of a frame that fit a buffer: a whole packet of the longest MTU in use, with tags, and
// more. Two sizes, because memory and af_packet's rings are cut to them.
inline constexpr std::size_t kFrameRoom = 2048;
inline constexpr std::size_t kJumboRoom = 9216;
static_assert(kJumboRoom > kMtuMax + 22);
[[nodiscard]] constexpr std::size_t frame_room(std::uint16_t mtu) {
  return mtu <= kMtuDefault ? kFrameRoom : kJumboRoom;
}
// The most frames taken from a queue or ring at once.
inline constexpr unsigned kBurst = 32;
// Replies that can be under way at once in one worker, before a flush.
inline constexpr std::size_t kReplySlots = 256;
inline constexpr unsigned kDescriptors = 1024;  // asked of each queue; a port may want fewer
// What AF_XDP's driver takes for each of its rings, whatever it is asked for: one that the kernel
// fills with frames, one of frames that the kernel has sent.
inline constexpr unsigned kUmemRing = 2048;
// Replies of one worker that may wait for the disk, and changes of leases on their way there.
inline constexpr unsigned kHeldMax = 4095;
// Frames that may wait for one worker in all the rings that lead to it.
inline constexpr unsigned kSteeredMax = 2048;

// What travels with a frame to the worker that owns its client: in the private area of the mbuf.
struct FrameNote {
  Request request;
  Instant at{};
};

struct PoolDeleter {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using Pool = std::unique_ptr<rte_mempool, PoolDeleter>;

// How many buffers each pool has.
struct PoolSizes {
  unsigned receive = 0;  // one pool for all workers, FrameNote in front of each frame
  // A pool for each worker: whole replies, or what precedes a payload. 0: they come from the first
  // pool, where a driver sends without a copy what lies there.
  unsigned heads = 0;
  unsigned payloads = 0;          // a pool for each worker: segments that point into an image
  std::size_t room = kFrameRoom;  // of a buffer of the first two, in octets
};
// `mtu`: the longest of all ports. `umem_queues`: of all ports, see PortPlan.
[[nodiscard]] PoolSizes pool_sizes(unsigned workers, std::size_t ports, bool durable_leases = false,
                                   std::uint16_t mtu = kMtuDefault, unsigned umem_queues = 0);

// What pools, rings and ports of this many workers and ports need of DPDK's memory.
[[nodiscard]] std::size_t pool_bytes(unsigned workers, std::size_t ports,
                                     bool durable_leases = false, std::uint16_t mtu = kMtuDefault,
                                     unsigned umem_queues = 0);

[[nodiscard]] std::uint16_t longest_mtu(const std::vector<InterfaceConfig>& interfaces);

struct Pools {
  Pool receive;
  std::vector<Pool> heads;     // by worker; none where receive has them
  std::vector<Pool> payloads;  // by worker

  [[nodiscard]] rte_mempool* heads_of(unsigned worker) const {
    return heads.empty() ? receive.get() : heads[worker].get();
  }

  static tl::expected<Pools, std::string> create(unsigned workers, const PoolSizes& sizes);
};

}  // namespace reveille
