// What one worker takes for a frame: ACKs, DHCP, disks.
#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <iostream>
#include <tuple>
#include <vector>

#include "worker/disk_readers.h"
#include "worker/leasers.h"
#include "worker/parts.h"
#include "worker/readers.h"
#include "worker/rounds.h"
#include "worker/site.h"

namespace reveille::bench {
namespace {

struct Measured {
  unsigned rounds = 1;
  Rounds cycles;
  Rounds per_second;

  void add(const Meter& meter) {
    cycles.add(meter.cycles_per_frame());
    per_second.add(meter.frames_per_second());
  }
  void tell(nlohmann::json& figures) const {
    cycles.tell(figures, "cycles");
    per_second.tell(figures, "per_s");
  }
};

}  // namespace

std::uint64_t acks_for(std::uint32_t transfers, std::uint64_t wanted) {
  constexpr std::uint64_t kOfEach = 25;
  return std::clamp(wanted, transfers * kOfEach, std::uint64_t{transfers} * (kBlocksMin - 100));
}

void acks(Run& run) {
  struct Case : Measured {
    std::uint16_t block_size;
    std::uint32_t transfers;
  };
  std::vector<Case> cases;
  for (const std::uint16_t block_size : std::initializer_list<std::uint16_t>{512, 1456}) {
    for (const std::uint32_t transfers : {100U, 1000U, 10'000U, 60'000U}) {
      cases.push_back({{.rounds = run.rounds()}, block_size, transfers});
    }
  }
  in_turn(cases, [&run](Case& one) {
    Site site(run.eal, 1);
    Readers readers({.transfers = one.transfers,
                     .block_size = one.block_size,
                     .images = kImages,
                     .acks = acks_for(one.transfers, run.quick ? 100'000 : 300'000)},
                    site.station());
    if (!site.run({&readers})) return;
    one.add(site.meter(0));
  });
  std::printf("\nACK to DATA in a whole worker, cycles\n%10s %10s %10s %14s %14s\n", "block",
              "transfers", "cycles", "range", "ACKs a second");
  for (const Case& one : cases) {
    if (one.cycles.empty()) continue;
    std::printf("%10u %10u %10.0f %14s %14.0f\n", one.block_size, one.transfers,
                one.cycles.median(), one.cycles.range().c_str(), one.per_second.median());
    nlohmann::json row{{"block", one.block_size}, {"transfers", one.transfers}};
    one.tell(row);
    run.figures["ack"].push_back(row);
  }
}

void leases(Run& run) {
  struct Case {
    unsigned rounds;
    std::uint32_t machines;
    Rounds offer;
    Rounds ack;
    Rounds dora_per_second;
  };
  std::vector<Case> cases{{run.rounds(), 10'000, {}, {}, {}},
                          {run.rounds(), 100'000, {}, {}, {}},
                          {run.quick ? 1U : 2U, 1'000'000, {}, {}, {}}};
  const double hz = static_cast<double>(rte_get_tsc_hz());
  in_turn(cases, [&](Case& one) {
    Site site(run.eal, 1, one.machines);
    Leasers leasers(one.machines, site.station());
    if (!site.run({&leasers})) return;
    if (!leasers.all_answered()) {
      std::cerr << "worker-bench: " << leasers.offers() << " of " << one.machines
                << " machines got an offer, " << leasers.acks() << " a lease\n";
      return;
    }
    const double offer = site.meter(0).cycles_per_frame(0);
    const double ack = site.meter(0).cycles_per_frame(1);
    one.offer.add(offer);
    one.ack.add(ack);
    one.dora_per_second.add(hz / (offer + ack));
  });
  std::printf("\nDHCP in a whole worker, cycles\n%10s %10s %14s %10s %14s %14s\n", "leases",
              "DISCOVER", "range", "REQUEST", "range", "DORA a second");
  for (const Case& one : cases) {
    if (one.offer.empty()) continue;
    std::printf("%10u %10.0f %14s %10.0f %14s %14.0f\n", one.machines, one.offer.median(),
                one.offer.range().c_str(), one.ack.median(), one.ack.range().c_str(),
                one.dora_per_second.median());
    nlohmann::json row{{"leases", one.machines}};
    one.offer.tell(row, "discover");
    one.ack.tell(row, "request");
    one.dora_per_second.tell(row, "dora_per_s");
    run.figures["dhcp"].push_back(row);
  }
}

// Of two sectors each. Random reads touch memory that no cache holds; the same few grains again
// and again are what a client writes most.
void disks(Run& run) {
  constexpr std::uint32_t kRequestsOfEach = 150;  // the first ones take memory for what is written
  struct Case : Measured {
    const char* name;
    bool random;
    bool write;
    std::uint32_t machines;
  };
  std::vector<Case> cases;
  for (const auto& [name, random, write] :
       {std::tuple{"sequential", false, false}, {"random", true, false}, {"writes", true, true}}) {
    for (const std::uint32_t machines : {1U, 100U, 1000U, 10'000U}) {
      cases.push_back({{.rounds = run.rounds()}, name, random, write, machines});
    }
  }
  in_turn(cases, [&run](Case& one) {
    Site site(run.eal, 1, 0, true);
    DiskReaders readers(
        {.machines = one.machines,
         .disk_sectors = kDiskBytes / 512,
         .requests = std::max(run.quick ? 100'000U : 300'000U, kRequestsOfEach * one.machines),
         .random = one.random,
         .write = one.write},
        site.station());
    if (!site.run({&readers})) return;
    one.add(site.meter(0));
  });
  std::printf("\nAoE in a whole worker, 1 KiB, cycles\n%12s %10s %10s %14s %14s\n", "requests",
              "machines", "cycles", "range", "a second");
  for (const Case& one : cases) {
    if (one.cycles.empty()) continue;
    std::printf("%12s %10u %10.0f %14s %14.0f\n", one.name, one.machines, one.cycles.median(),
                one.cycles.range().c_str(), one.per_second.median());
    nlohmann::json row{{"requests", one.name}, {"machines", one.machines}};
    one.tell(row);
    run.figures["disk"].push_back(row);
  }
}

}  // namespace reveille::bench
