// What a frame costs in the shipped poll loop, measured from its port: whole workers on net_null,
// whose empty buffers are filled with the frames of clients (worker/meter.h).
//
//   build/perf/worker-bench [--quick] [--json FILE] [acks|dhcp|disks|latency|workers ...]
//
// The buffers that a NIC would fill are in the cache of the core, and the frames that leave are
// freed at once: what descriptors and completions of a device cost comes on top.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "worker/disk_readers.h"
#include "worker/leasers.h"
#include "worker/readers.h"
#include "worker/site.h"

namespace reveille::bench {
namespace {

using Json = nlohmann::json;

// What all cases of one run share.
struct Run {
  Eal& eal;
  bool quick = false;
  Json figures = Json::object();
};

// 100 transfers have to go round the images more often than 60 000.
std::uint64_t acks_for(std::uint32_t transfers, bool quick) {
  const std::uint64_t most = quick ? 300'000 : 1'500'000;
  return std::min<std::uint64_t>(most, std::uint64_t{transfers} * (kBlocksMin - 100));
}

void acks(Run& run) {
  std::printf("\nACK to DATA in a whole worker, cycles\n%10s %10s %10s %14s\n", "block",
              "transfers", "cycles", "ACKs a second");
  for (const std::uint16_t block_size : std::initializer_list<std::uint16_t>{512, 1456}) {
    for (const std::uint32_t transfers : {100U, 1000U, 10'000U, 60'000U}) {
      Site site(run.eal, 1);
      const Readers::Shape shape{.transfers = transfers,
                                 .block_size = block_size,
                                 .images = kImages,
                                 .acks = acks_for(transfers, run.quick)};
      Readers readers(shape, site.station());
      if (!site.run({&readers})) continue;
      Meter& meter = site.meter(0);
      std::printf("%10u %10u %10.0f %14.0f\n", block_size, transfers, meter.cycles_per_frame(),
                  meter.frames_per_second());
      run.figures["ack"].push_back({{"block", block_size},
                                    {"transfers", transfers},
                                    {"cycles", meter.cycles_per_frame()},
                                    {"per_s", meter.frames_per_second()}});
    }
  }
}

void leases(Run& run) {
  std::printf("\nDHCP in a whole worker, cycles\n%10s %10s %10s %14s\n", "leases", "DISCOVER",
              "REQUEST", "DORA a second");
  const double hz = static_cast<double>(rte_get_tsc_hz());
  for (const std::uint32_t machines : {10'000U, 100'000U, 1'000'000U}) {
    Site site(run.eal, 1, machines);
    Leasers leasers(machines, site.station());
    if (!site.run({&leasers})) continue;
    if (!leasers.all_answered()) {
      std::cerr << "worker-bench: " << leasers.offers() << " of " << machines
                << " machines got an offer, " << leasers.acks() << " a lease\n";
      continue;
    }
    Meter& meter = site.meter(0);
    const double offer = meter.cycles_per_frame(0);
    const double ack = meter.cycles_per_frame(1);
    std::printf("%10u %10.0f %10.0f %14.0f\n", machines, offer, ack, hz / (offer + ack));
    run.figures["dhcp"].push_back({{"leases", machines},
                                   {"discover", offer},
                                   {"request", ack},
                                   {"dora_per_s", hz / (offer + ack)}});
  }
}

// Of two sectors each. Random reads touch memory that no cache holds; the same few grains again
// and again are what a client writes most.
void disks(Run& run) {
  constexpr std::uint64_t kDiskBytes = std::uint64_t{1} << 29;
  std::printf("\nAoE in a whole worker, 1 KiB, cycles\n%12s %10s %10s %14s\n", "requests",
              "machines", "cycles", "a second");
  struct Case {
    const char* name;
    bool random;
    bool write;
  };
  for (const Case& one : {Case{"sequential", false, false}, Case{"random", true, false},
                          Case{"writes", true, true}}) {
    for (const std::uint32_t machines : {1U, 100U, 1000U, 10'000U}) {
      Site site(run.eal, 1, 0, kDiskBytes);
      DiskReaders readers({.machines = machines,
                           .disk_sectors = kDiskBytes / 512,
                           .requests = run.quick ? 300'000U : 1'500'000U,
                           .random = one.random,
                           .write = one.write},
                          site.station());
      if (!site.run({&readers})) continue;
      Meter& meter = site.meter(0);
      std::printf("%12s %10u %10.0f %14.0f\n", one.name, machines, meter.cycles_per_frame(),
                  meter.frames_per_second());
      run.figures["disk"].push_back({{"requests", one.name},
                                     {"machines", machines},
                                     {"cycles", meter.cycles_per_frame()},
                                     {"per_s", meter.frames_per_second()}});
    }
  }
}

// Target 5: at 80 % of what worker and bench do together on one core.
void latency(Run& run) {
  const Readers::Shape all{.transfers = 1000, .images = kImages, .acks = acks_for(1000, run.quick)};
  double most = 0;
  {
    Site site(run.eal, 1);
    Readers readers(all, site.station());
    if (!site.run({&readers})) return;
    most = site.meter(0).frames_per_second();
  }
  Site site(run.eal, 1);
  Readers::Shape paced = all;
  paced.acks_per_second = 0.8 * most;
  Readers readers(paced, site.station());
  if (!site.run({&readers})) return;
  const double microsecond = static_cast<double>(rte_get_tsc_hz()) / 1e6;
  Latencies& seen = readers.latencies();
  std::printf(
      "\nACK due until DATA handed to the port, at 80 %% of %.2f million a second, us\n"
      "%10s %10s %10s %10s\n%10.1f %10.1f %10.1f %10.1f\n",
      most / 1e6, "p50", "p99", "p99.9", "most", seen.at(0.5) / microsecond,
      seen.at(0.99) / microsecond, seen.at(0.999) / microsecond, seen.at(1) / microsecond);
  const auto gap = std::chrono::duration<double, std::micro>(site.longest_gap()).count();
  std::printf("longest gap between two polls: %.1f us\n", gap);
  run.figures["latency"] = {
      {"per_s", paced.acks_per_second},        {"p50_us", seen.at(0.5) / microsecond},
      {"p99_us", seen.at(0.99) / microsecond}, {"p999_us", seen.at(0.999) / microsecond},
      {"most_us", seen.at(1) / microsecond},   {"gap_us", gap}};
}

// Target 6: each worker on a core, the clients of each on that core as well.
void two_workers(Run& run) {
  const auto rate = [&run](unsigned workers) {
    Site site(run.eal, workers);
    std::vector<std::unique_ptr<Readers>> readers;
    std::vector<Source*> sources;
    for (unsigned worker = 0; worker < workers; ++worker) {
      readers.push_back(std::make_unique<Readers>(Readers::Shape{.transfers = 1000,
                                                                 .images = kImages,
                                                                 .acks = acks_for(1000, run.quick),
                                                                 .share = {worker, workers}},
                                                  site.station()));
      sources.push_back(readers.back().get());
    }
    if (!site.run(sources)) return 0.0;
    double sum = 0;
    for (unsigned worker = 0; worker < workers; ++worker) {
      sum += site.meter(worker).frames_per_second();
    }
    return sum;
  };
  const double one = rate(1);
  const double two = rate(2);
  if (one == 0 || two == 0) return;
  std::printf("\nACKs answered a second, in millions: one worker %.2f, two %.2f: %.2f times\n",
              one / 1e6, two / 1e6, two / one);
  run.figures["workers"] = {{"one_per_s", one}, {"two_per_s", two}, {"ratio", two / one}};
}

struct Part {
  const char* name;
  void (*measure)(Run&);
};
constexpr Part kParts[] = {{"acks", acks},
                           {"dhcp", leases},
                           {"disks", disks},
                           {"latency", latency},
                           {"workers", two_workers}};

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

int measure(const Asked& asked) {
  auto eal = Eal::start({.workers = 2, .memory_bytes = pool_bytes(2, 1)});
  if (!eal) {
    std::cerr << "worker-bench: " << eal.error() << '\n';
    return 1;
  }
  Run run{.eal = *eal, .quick = asked.quick};
  std::printf("whole workers on net_null, %s\n", eal->hugepages() ? "hugepages" : "4 KiB pages");
  for (const Part* const part : asked.parts) part->measure(run);
  if (asked.json != nullptr) std::ofstream(asked.json) << run.figures.dump(1) << '\n';
  return 0;
}

}  // namespace
}  // namespace reveille::bench

int main(int argc, char** argv) {
  try {
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
