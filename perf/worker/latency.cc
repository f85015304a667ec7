// Target 5: how long an ACK waits for its DATA at 80 % of what worker and bench do together on one
// core, and how long the worker is away from its port meanwhile.
//
// The machine does not carry the same from one second to the next. So each round measures the peak
// before its paced run and after it, and counts only if what was offered was about 80 % of both:
// more is an overload, in which a queue grows for as long as the run lasts. And it measures what
// the machine takes for itself: a loop on the same core that does nothing but read the clock.
#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <pthread.h>
#include <thread>

#include <rte_lcore.h>

#include "worker/gaps.h"
#include "worker/parts.h"
#include "worker/readers.h"
#include "worker/rounds.h"
#include "worker/site.h"

namespace reveille::bench {
namespace {

constexpr unsigned kTransfers = 1000;
constexpr unsigned kWorkerLcore = 1;
constexpr double kLoad = 0.8;
constexpr double kLoadMin = 0.7;  // of the peak after the run: else the round does not count
constexpr double kLoadMax = 0.9;
constexpr unsigned kTriesForEach = 4;  // rounds that do not count are repeated

// What loops on one core were away, over all rounds.
struct Away {
  Rounds longest_us;
  double seconds = 0;
  std::array<std::uint64_t, Gaps::kLimits.size()> longer{};

  void add(const Gaps& gaps) {
    longest_us.add(gaps.longest_us());
    seconds += gaps.seconds();
    for (std::size_t i = 0; i < longer.size(); ++i) longer[i] += gaps.longer(i);
  }
  [[nodiscard]] double a_second(std::size_t limit) const { return double(longer[limit]) / seconds; }
  void print(const char* whose) const {
    std::printf("%-26s %10.1f %16s", whose, longest_us.median(), longest_us.range(1).c_str());
    for (std::size_t i = 0; i < longer.size(); ++i) std::printf(" %10.1f", a_second(i));
    std::printf("\n");
  }
  [[nodiscard]] nlohmann::json figures() const {
    nlohmann::json told;
    longest_us.tell(told, "longest_us");
    for (std::size_t i = 0; i < longer.size(); ++i) {
      told["over_" + std::to_string(Gaps::kLimits[i]) + "_us_per_s"] = a_second(i);
    }
    return told;
  }
};

// Nothing but the clock, on the worker's core, while control does what it does beside a worker.
Gaps bare_loop(double seconds) {
  Gaps gaps;
  std::atomic<bool> done{false};
  std::thread loop([&gaps, &done, seconds] {
    const rte_cpuset_t cpus = rte_lcore_cpuset(kWorkerLcore);
    pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
    std::uint64_t now = rte_rdtsc_precise();
    const std::uint64_t end =
        now + static_cast<std::uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
    for (; now < end; now = rte_rdtsc_precise()) gaps.look(now);
    done.store(true);
  });
  while (!done.load()) std::this_thread::sleep_for(kControlSleeps);
  loop.join();
  return gaps;
}

// 0: it did not end.
double peak(Run& run) {
  Site site(run.eal, 1);
  Readers readers({.transfers = kTransfers,
                   .images = kImages,
                   .acks = acks_for(kTransfers, run.quick ? 500'000 : 1'000'000)},
                  site.station());
  return site.run({&readers}) ? site.meter(0).frames_per_second() : 0;
}

struct Latency {
  Rounds offered, p50, p99, p999, most;  // ACKs a second; us
  Away worker, machine;
  unsigned too_much = 0;    // rounds left out
  unsigned too_little = 0;  // the same

  // False: the round does not count.
  bool measure_round(Run& run, bool machine_first) {
    const std::uint64_t count = acks_for(kTransfers, run.quick ? 1'000'000 : 2'500'000);
    const double before = peak(run);
    if (before == 0) return false;
    const double per_second = kLoad * before;
    const double seconds = double(count) / per_second;
    if (machine_first) machine.add(bare_loop(seconds));
    auto site = std::make_unique<Site>(run.eal, 1);
    Readers readers(
        {.transfers = kTransfers, .images = kImages, .acks = count, .acks_per_second = per_second},
        site->station());
    const bool ended = site->run({&readers});
    const Gaps gaps = site->meter(0).gaps();
    site.reset();
    const double after = peak(run);
    if (!machine_first) machine.add(bare_loop(seconds));
    if (!ended || after == 0) return false;
    too_much += per_second > kLoadMax * after ? 1 : 0;
    too_little += per_second < kLoadMin * after ? 1 : 0;
    if (per_second > kLoadMax * after || per_second < kLoadMin * after) return false;
    const double microsecond = static_cast<double>(rte_get_tsc_hz()) / 1e6;
    Latencies& seen = readers.latencies();
    offered.add(per_second);
    p50.add(seen.at(0.5) / microsecond);
    p99.add(seen.at(0.99) / microsecond);
    p999.add(seen.at(0.999) / microsecond);
    most.add(seen.at(1) / microsecond);
    worker.add(gaps);
    return true;
  }
};

}  // namespace

void latency(Run& run) {
  Latency found;
  const unsigned wanted = run.rounds();
  for (unsigned tries = 0; found.p99.count() < wanted && tries < kTriesForEach * wanted; ++tries) {
    found.measure_round(run, tries % 2 == 0);
  }
  const unsigned left_out = found.too_much + found.too_little;
  std::printf("\nACK due until DATA handed to the port, at 80 %% of the peak, us\n");
  if (found.p99.empty()) {
    std::printf("not measured: of %u rounds none had 80 %% of a peak that stayed\n", left_out);
    run.figures["latency"] = {{"rounds", 0}, {"left_out", left_out}};
    return;
  }
  std::printf("%-26s %10s %16s\n", "", "median", "range");
  const auto print = [](const char* name, const Rounds& rounds) {
    std::printf("%-26s %10.1f %16s\n", name, rounds.median(), rounds.range(1).c_str());
  };
  print("p50", found.p50);
  print("p99", found.p99);
  print("p99.9", found.p999);
  print("most", found.most);
  std::printf("%zu rounds with %s million ACKs a second", found.p99.count(),
              found.offered.text(2, 1e6).c_str());
  if (left_out > 0) {
    std::printf(
        "; left out, since the peak changed meanwhile: %u with more than 90 %% of the peak after "
        "them, %u with less than 70 %%",
        found.too_much, found.too_little);
  }
  std::printf("\n\n%-26s %10s %16s", "gaps between two looks, us", "longest", "range");
  for (const unsigned limit : Gaps::kLimits) std::printf(" %7s%3u", "over ", limit);
  std::printf("  (a second)\n");
  found.worker.print("worker, at the port");
  found.machine.print("a loop that does nothing");
  nlohmann::json figures{{"rounds", found.p99.count()},
                         {"left_out", left_out},
                         {"worker", found.worker.figures()},
                         {"bare_loop", found.machine.figures()}};
  found.offered.tell(figures, "per_s");
  found.p50.tell(figures, "p50_us");
  found.p99.tell(figures, "p99_us");
  found.p999.tell(figures, "p999_us");
  found.most.tell(figures, "most_us");
  run.figures["latency"] = figures;
}

}  // namespace reveille::bench
