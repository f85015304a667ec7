// What a frame costs in the shipped poll loop, measured from its port: whole workers on net_null,
// whose empty buffers are filled with the frames of clients (worker/meter.h).
//
//   build/perf/worker-bench [--quick] [--json FILE] [acks|dhcp|disks|latency|workers ...]
//   build/perf/worker-bench --rates CPU,...     which the part `workers` starts
//
// Every figure is the median of rounds, with the least and the most of them: other work on the
// machine comes and goes within seconds, so all rows of a part are taken once, then all of them
// again (worker/rounds.h). There are five rounds (--quick: three), seven of two workers, and two
// (--quick: one) of the row of 1 000 000 leases, which takes seconds to set up.
//
// The buffers that a NIC would fill are in the cache of the core, and the frames that leave are
// freed at once: what descriptors and completions of a device cost comes on top.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sched.h>
#include <vector>

#include <rte_lcore.h>

#include "port/eal.h"
#include "port/pools.h"
#include "worker/parts.h"

namespace reveille::bench {
namespace {

struct Part {
  const char* name;
  void (*measure)(Run&);
};
constexpr Part kParts[] = {
    {"acks", acks}, {"dhcp", leases}, {"disks", disks}, {"latency", latency}, {"workers", workers}};

// What the command line asks for.
struct Asked {
  bool quick = false;
  const char* json = nullptr;
  std::vector<const Part*> parts;
};

// False when it cannot be understood.
bool read(int argc, char** argv, Asked& asked) {
  for (int i = 1; i < argc; ++i) {
    const auto* const part =
        std::find_if(std::begin(kParts), std::end(kParts),
                     [&](const Part& one) { return std::strcmp(argv[i], one.name) == 0; });
    if (part != std::end(kParts)) {
      asked.parts.push_back(part);
    } else if (std::strcmp(argv[i], "--quick") == 0) {
      asked.quick = true;
    } else if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      asked.json = argv[++i];
    } else {
      return false;
    }
  }
  if (asked.parts.empty()) {
    for (const Part& part : kParts) asked.parts.push_back(&part);
  }
  return true;
}

// Control keeps off the worker's CPU where there is another.
void leave_worker_alone(const std::vector<unsigned>& cpus) {
  const rte_cpuset_t taken = rte_lcore_cpuset(1);
  cpu_set_t left;
  CPU_ZERO(&left);
  for (const unsigned cpu : cpus) {
    if (!CPU_ISSET(cpu, &taken)) CPU_SET(cpu, &left);
  }
  if (CPU_COUNT(&left) > 0) (void)sched_setaffinity(0, sizeof left, &left);
}

int measure(const Asked& asked) {
  const std::vector<unsigned> cpus = allowed_cpus();
  auto eal = Eal::start({.workers = 1, .memory_bytes = pool_bytes(1, 1)});
  if (!eal) {
    std::cerr << "worker-bench: " << eal.error() << '\n';
    return 1;
  }
  leave_worker_alone(cpus);
  Run run{.eal = *eal, .cpus = cpus, .quick = asked.quick};
  (void)std::printf("whole workers on net_null, %s\n",
                    eal->hugepages() ? "hugepages" : "4 KiB pages");
  for (const Part* const part : asked.parts) part->measure(run);
  if (asked.json != nullptr) std::ofstream(asked.json) << run.figures.dump(1) << '\n';
  return 0;
}

}  // namespace
}  // namespace reveille::bench

int main(int argc, char** argv) {
  try {
    if (argc == 3 && std::strcmp(argv[1], "--rates") == 0) {
      return reveille::bench::serve_rates(argv[2]);
    }
    reveille::bench::Asked asked;
    if (reveille::bench::read(argc, argv, asked)) return reveille::bench::measure(asked);
  } catch (const std::exception& error) {
    std::cerr << "worker-bench: " << error.what() << '\n';
    return 1;
  }
  std::cerr
      << "usage: worker-bench [--quick] [--json FILE] [acks|dhcp|disks|latency|workers ...]\n";
  return 2;
}
