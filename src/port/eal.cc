#include "port/eal.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "packet/share.h"
#include "port/eal_log.h"
#include "port/pools.h"
#include "port/port_plan.h"

namespace reveille {

std::vector<unsigned> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

namespace {

// Bytes in hugepages of any size that nobody has taken.
std::size_t free_hugepage_bytes() {
  std::size_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", ignored)) {
    constexpr std::string_view prefix = "hugepages-";  // hugepages-2048kB
    const std::string name = entry.path().filename();
    std::size_t size_kb = 0;
    std::size_t pages = 0;
    if (!name.starts_with(prefix)) continue;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), size_kb);
    std::ifstream(entry.path() / "free_hugepages") >> pages;
    bytes += size_kb * 1024 * pages;
  }
  return bytes;
}

// DPDK's way to write a set of CPUs: (0,1,5).
std::string set_of(const std::vector<unsigned>& cpus) {
  std::string text;
  for (const unsigned cpu : cpus) {
    text.append(text.empty() ? "(" : ",").append(std::to_string(cpu));
  }
  return text.append(")");
}

// Lcore 0 is the control thread and floats over all CPUs; it sleeps most of the time.
std::string lcore_map(unsigned workers, const std::vector<unsigned>& cpus) {
  const std::string anywhere = set_of(cpus);
  std::string map = "--lcores=0@";
  map.append(anywhere);
  // With a CPU to spare, the first one (where interrupts usually land) is left to control.
  const std::size_t skip = cpus.size() > workers ? 1 : 0;
  for (unsigned k = 0; k < workers; ++k) {
    map.append(",").append(std::to_string(k + 1)).append("@");
    map.append(workers <= cpus.size() ? std::to_string(cpus[k + skip]) : anywhere);
  }
  return map;
}

}  // namespace

EalNeeds eal_needs(const Config& config) {
  EalNeeds needs;
  needs.workers = config.workers.count;
  unsigned umem_queues = 0;
  for (const InterfaceConfig& interface : config.interfaces) {
    umem_queues += umem_queues_max(interface, needs.workers);
  }
  needs.memory_bytes =
      pool_bytes(config.workers.count, config.interfaces.size(),
                 config.dhcp.mode == DhcpMode::server && !config.leases.in_memory(),
                 longest_mtu(config.interfaces), umem_queues);
  for (const InterfaceConfig& interface : config.interfaces) {
    if (!interface.device.empty()) needs.devices.push_back(interface.device);
  }
  return needs;
}

std::vector<std::string> eal_arguments(const EalNeeds& needs, bool hugepages,
                                       const std::vector<unsigned>& cpus,
                                       const std::string& file_prefix) {
  std::vector<std::string> arguments{"reveille",       lcore_map(needs.workers, cpus),
                                     "--main-lcore=0", "--file-prefix=" + file_prefix,
                                     "--no-telemetry", "--log-level=error"};
  if (hugepages) {
    arguments.emplace_back("--in-memory");  // no mount needed, nothing left behind
  } else {
    // Ordinary pages, in one fixed piece. (--in-memory is refused beside --no-huge.)
    const std::size_t mebibytes = (needs.memory_bytes >> 20) + 1;
    arguments.insert(arguments.end(),
                     {"--no-huge", "--no-shconf", "-m", std::to_string(mebibytes)});
  }
  if (needs.devices.empty()) {
    arguments.insert(arguments.end(), {"--no-pci", "--iova-mode=va"});
  }
  for (const std::string& device : needs.devices) {
    arguments.insert(arguments.end(), {"-a", device});
  }
  return arguments;
}

tl::expected<Eal, std::string> Eal::start(const EalNeeds& needs) {
  if (needs.workers == 0 || needs.workers > kWorkersMax) {
    return tl::unexpected("workers: " + std::to_string(needs.workers) + " is not in 1 to " +
                          std::to_string(kWorkersMax));
  }
  const bool hugepages = needs.hugepages && free_hugepage_bytes() >= needs.memory_bytes;
  const std::string prefix = "reveille-" + std::to_string(getpid());
  std::vector<std::string> arguments = eal_arguments(needs, hugepages, allowed_cpus(), prefix);
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (std::string& argument : arguments) argv.push_back(argument.data());

  capture_eal_log();
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    return tl::unexpected(with_eal_words("DPDK cannot be started", rte_errno));
  }
  std::string directory = rte_eal_get_runtime_dir();
  if (!directory.ends_with(prefix)) directory.clear();  // not ours alone: leave it
  return Eal(needs.workers, hugepages, std::move(directory));
}

Eal::Eal(unsigned workers, bool hugepages, std::string runtime_directory)
    : workers_(workers), hugepages_(hugepages), runtime_directory_(std::move(runtime_directory)) {}

Eal::Eal(Eal&& other) noexcept
    : workers_(std::exchange(other.workers_, 0)),
      hugepages_(other.hugepages_),
      runtime_directory_(std::move(other.runtime_directory_)) {}

Eal::~Eal() {
  if (workers_ == 0) return;  // moved from
  rte_eal_cleanup();
  std::error_code ignored;
  if (!runtime_directory_.empty()) std::filesystem::remove_all(runtime_directory_, ignored);
}

}  // namespace reveille
