// The parts of worker-bench: each measures, prints a table, and leaves its figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "port/eal.h"

namespace reveille::bench {

// What all parts of one run share. The EAL has one worker.
struct Run {
  Eal& eal;
  std::vector<unsigned> cpus;  // that the program may run on
  bool quick = false;
  nlohmann::json figures = nlohmann::json::object();

  [[nodiscard]] unsigned rounds() const { return quick ? 3 : 5; }
};

// ACKs of one round: so many of each transfer that its first ones, which find their memory in no
// cache, do not count, and no more than the images have blocks.
[[nodiscard]] std::uint64_t acks_for(std::uint32_t transfers, std::uint64_t wanted);

void acks(Run& run);
void leases(Run& run);
void disks(Run& run);
void latency(Run& run);
void workers(Run& run);

// The other side of workers(): a process with a worker on each of these CPUs, which measures when
// it is told to on its standard input. The program's status.
int serve_rates(const std::string& cpus);

}  // namespace reveille::bench
