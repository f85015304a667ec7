// DPDK's environment for the swarm: no hugepages needed, nothing but virtual ports touched.
#include <algorithm>
#include <fstream>
#include <sched.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "storm/port.h"

namespace reveille::storm {
namespace {

constexpr unsigned kMebibytes = 512;

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::uint64_t free_hugepages() {
  std::uint64_t pages = 0;
  std::ifstream("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") >> pages;
  return pages;
}

}  // namespace

tl::expected<void, std::string> start_dpdk(unsigned threads) {
  const std::vector<int> cpus = allowed_cpus();
  std::string cores = "--lcores=";
  for (unsigned thread = 0; thread < threads; ++thread) {
    cores += (thread == 0 ? "" : ",") + std::to_string(thread) + "@" +
             std::to_string(cpus[std::min<std::size_t>(thread, cpus.size() - 1)]);
  }
  std::vector<std::string> arguments{"reveille-storm",
                                     std::move(cores),
                                     "--no-pci",
                                     "--iova-mode=va",
                                     "--no-telemetry",
                                     "--log-level=critical",
                                     "--file-prefix=reveille-storm-" + std::to_string(getpid())};
  if (free_hugepages() * 2 >= kMebibytes) {
    arguments.emplace_back("--in-memory");
  } else {
    arguments.insert(arguments.end(),
                     {"--no-huge", "--no-shconf", "-m", std::to_string(kMebibytes)});
  }
  std::vector<char*> pointers;
  pointers.reserve(arguments.size());
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0) {
    return tl::unexpected(std::string("DPDK cannot be started: ") + rte_strerror(rte_errno));
  }
  return {};
}

}  // namespace reveille::storm
