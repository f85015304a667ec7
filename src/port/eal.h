// DPDK's environment: started once, from the configuration alone. No EAL argument is the user's.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

namespace reveille {

// What the EAL is asked for, worked out of a Config. Tests fill it by hand.
struct EalNeeds {
  unsigned workers = 1;              // 1 to kWorkersMax
  std::size_t memory_bytes = 0;      // pools and rings of all workers and ports
  std::vector<std::string> devices;  // PCI addresses to probe; nothing else is ever touched
  bool hugepages = true;             // take them when enough are free
};
[[nodiscard]] EalNeeds eal_needs(const Config& config);

// The running EAL. One per process, ever: DPDK cannot be started a second time.
//
// Thread: start and destroy on the main thread, which becomes DPDK's main lcore and keeps the
// CPU affinity it had. Destroy after everything that uses DPDK (Workers).
class Eal {
 public:
  // On failure one sentence, with DPDK's own last words where they help.
  static tl::expected<Eal, std::string> start(const EalNeeds& needs);

  Eal(Eal&& other) noexcept;
  Eal& operator=(Eal&&) = delete;
  ~Eal();

  [[nodiscard]] unsigned workers() const { return workers_; }
  [[nodiscard]] bool hugepages() const { return hugepages_; }

 private:
  Eal(unsigned workers, bool hugepages, std::string runtime_directory);

  unsigned workers_;
  bool hugepages_;
  std::string runtime_directory_;  // removed at the end
};

// CPUs that this process may run on, in their order; never none.
[[nodiscard]] std::vector<unsigned> allowed_cpus();

// The EAL's command line for these needs. `cpus`: those this process may run on. Worker k is
// lcore k + 1, pinned to a CPU of its own when there are enough, else free to float.
[[nodiscard]] std::vector<std::string> eal_arguments(const EalNeeds& needs, bool hugepages,
                                                     const std::vector<unsigned>& cpus,
                                                     const std::string& file_prefix);

}  // namespace reveille
