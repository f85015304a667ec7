// How long a cache line takes from one CPU to another and back, in nanoseconds: the least of ten
// rounds. Some 50 where both share a cache, several hundred where they do not, and on a virtual
// machine one or the other, as its host has just placed its CPUs.
//
//   build/perf/cpu-distance CPU CPU
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <sched.h>
#include <string_view>
#include <thread>

namespace {

constexpr int kRounds = 10;
constexpr std::uint32_t kTurns = 2000;  // of a round

// Even: it is the first CPU's turn.
alignas(128) std::atomic<std::uint32_t> line{0};

bool run_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

void wait_for(std::uint32_t turn) {
  while (line.load(std::memory_order_acquire) != turn) {
  }
}

void answer(int cpu) {
  run_on(cpu);
  for (std::uint32_t turn = 0; turn < kRounds * kTurns; ++turn) {
    wait_for(2 * turn + 1);
    line.store(2 * turn + 2, std::memory_order_release);
  }
}

int cpu_of(std::string_view text) {
  int cpu = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cpu);
  return error == std::errc{} && end == text.data() + text.size() && cpu < CPU_SETSIZE ? cpu : -1;
}

}  // namespace

int main(int argc, char** argv) {
  const int first = argc == 3 ? cpu_of(argv[1]) : -1;
  const int second = argc == 3 ? cpu_of(argv[2]) : -1;
  if (first < 0 || second < 0 || first == second) {
    (void)std::fputs("usage: cpu-distance CPU CPU\n", stderr);
    return 2;
  }
  if (!run_on(second) || !run_on(first)) {
    (void)std::fputs("cpu-distance: no such CPU for this process\n", stderr);
    return 1;
  }
  std::thread other(answer, second);
  auto least = std::chrono::duration<double, std::nano>::max();
  for (std::uint32_t turn = 0; turn < kRounds * kTurns;) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t i = 0; i < kTurns; ++i, ++turn) {
      line.store(2 * turn + 1, std::memory_order_release);
      wait_for(2 * turn + 2);
    }
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    least = std::min(least, taken / kTurns);
  }
  other.join();
  (void)std::printf("%.0f\n", least.count());
  return 0;
}
