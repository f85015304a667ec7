// Workers as shipped, on a port without a wire: net_null, and a Source for each worker.
#pragma once

#include <memory>
#include <vector>

#include <rte_ethdev.h>

#include "disk/disk_library.h"
#include "packet/snapshot.h"
#include "worker/meter.h"
#include "worker/source.h"
#include "worker/workers.h"

namespace reveille::bench {

inline constexpr std::uint32_t kImages = 64;
inline constexpr std::uint32_t kBlocksMin = 2800;  // of each image, whatever the block size

class Site {
 public:
  // `leases`: addresses in the pool; none: no DHCP. `disk_bytes`: of a shared disk at e0.1, in
  // memory; none: no disk.
  Site(Eal& eal, unsigned workers, std::uint32_t leases = 0, std::uint64_t disk_bytes = 0);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] const Station& station() const;
  // Lets the workers poll until every source is done, or for kPatience: false, and says so.
  bool run(const std::vector<Source*>& sources);

  // After run().
  [[nodiscard]] Meter& meter(unsigned worker) { return *meters_[worker]; }
  // Between two looks of a worker at its port, the opening of transfers included.
  [[nodiscard]] Nanoseconds longest_gap() const;

 private:
  struct Hooks {
    const rte_eth_rxtx_callback* receive;
    const rte_eth_rxtx_callback* transmit;
  };
  [[nodiscard]] std::unique_ptr<const Snapshot> snapshot() const;

  void load_disk(std::uint64_t bytes);

  std::shared_ptr<const Config> config_;
  std::unique_ptr<DiskLibrary> disks_;
  std::vector<std::unique_ptr<Meter>> meters_;
  std::vector<Hooks> hooks_;  // by queue
  std::unique_ptr<Workers> workers_;
};

}  // namespace reveille::bench
