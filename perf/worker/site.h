// Workers as shipped, on a port without a wire: net_null, and a Source for each worker. All sites
// of a process have as many workers: images remember for which of them they are ready.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <rte_ethdev.h>

#include "packet/snapshot.h"
#include "worker/meter.h"
#include "worker/source.h"
#include "worker/workers.h"

namespace reveille::bench {

inline constexpr std::uint32_t kImages = 64;
inline constexpr std::uint32_t kBlocksMin = 2800;  // of each image, whatever the block size
inline constexpr std::uint64_t kDiskBytes = std::uint64_t{1} << 29;

// Between two looks of control at what the workers have to tell.
inline constexpr std::chrono::milliseconds kControlSleeps{1};

// What every site serves: before a first one that has no time for it.
void make_images();

class Site {
 public:
  // `leases`: addresses in the pool; none: no DHCP. `disk`: a shared one at e0.1, in memory.
  Site(Eal& eal, unsigned workers, std::uint32_t leases = 0, bool disk = false);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] const Station& station() const;
  // Lets the workers poll until every source is done, or for kPatience: false, and says so.
  bool run(const std::vector<Source*>& sources);

  // After run().
  [[nodiscard]] Meter& meter(unsigned worker) { return *meters_[worker]; }

 private:
  struct Hooks {
    const rte_eth_rxtx_callback* receive;
    const rte_eth_rxtx_callback* transmit;
  };
  [[nodiscard]] std::unique_ptr<const Snapshot> snapshot() const;

  std::shared_ptr<const Config> config_;
  std::vector<std::unique_ptr<Meter>> meters_;
  std::vector<Hooks> hooks_;  // by queue
  std::unique_ptr<Workers> workers_;
};

}  // namespace reveille::bench
