// Target 6: what two workers do together, beside one. Cores share caches, memory and perhaps more
// than a guest can see, so two programs that share nothing are measured beside them: what those
// lose as well is not lost between the workers.
//
// Each kind of run has a process of its own, with an EAL and images of its own, which lasts for all
// rounds. All that run at the same time begin and end together: they are told the cycles.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <initializer_list>
#include <iostream>
#include <memory>
#include <optional>
#include <sched.h>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "port/pools.h"
#include "worker/parts.h"
#include "worker/readers.h"
#include "worker/rounds.h"
#include "worker/site.h"

namespace reveille::bench {
namespace {

constexpr unsigned kTransfers = 1000;
constexpr double kSetUpSeconds = 0.4;  // from the order until the first ACK
constexpr double kRunSeconds = 0.15;   // less than it takes to read all files at a usual rate

struct Window {
  std::uint64_t from = 0;
  std::uint64_t until = 0;
};

Window next_window() {
  const auto hz = static_cast<double>(rte_get_tsc_hz());
  const std::uint64_t from = rte_rdtsc() + static_cast<std::uint64_t>(kSetUpSeconds * hz);
  return {from, from + static_cast<std::uint64_t>(kRunSeconds * hz)};
}

struct Rate {
  double per_second = 0;  // ACKs of all workers together; 0: they were not ready in time
  double cycles = 0;      // an ACK, of the median turn: those in which nobody else had the core
};

Rate rate(Eal& eal, const Window& window) {
  Site site(eal, eal.workers());
  std::vector<std::unique_ptr<Readers>> readers;
  std::vector<Source*> sources;
  for (unsigned worker = 0; worker < eal.workers(); ++worker) {
    readers.push_back(std::make_unique<Readers>(
        Readers::Shape{.transfers = kTransfers,
                       .images = kImages,
                       .acks = acks_for(kTransfers, std::uint64_t{1} << 32),
                       .share = {worker, eal.workers()},
                       .from = window.from,
                       .until = window.until},
        site.station()));
    sources.push_back(readers.back().get());
  }
  if (!site.run(sources)) return {};
  Rate sum;
  for (unsigned worker = 0; worker < eal.workers(); ++worker) {
    if (!readers[worker]->began_in_time()) return {};
    sum.per_second += site.meter(worker).frames_per_second();
    sum.cycles += site.meter(worker).cycles_per_frame() / eal.workers();
  }
  return sum;
}

// A process with workers on some CPUs.
class Process {
 public:
  explicit Process(const std::string& cpus) {
    int orders[2];
    int answers[2];
    if (pipe2(orders, O_CLOEXEC) != 0) return;
    if (pipe2(answers, O_CLOEXEC) != 0) {
      close(orders[0]);
      close(orders[1]);
      return;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, orders[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, answers[1], STDOUT_FILENO);
    std::string name = "worker-bench";
    std::string option = "--rates";
    std::string value = cpus;
    char* const argv[] = {name.data(), option.data(), value.data(), nullptr};
    if (posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv, environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(orders[0]);
    close(answers[1]);
    orders_ = fdopen(orders[1], "w");
    answers_ = fdopen(answers[0], "r");
    pages_ = answer().value_or("");
  }
  ~Process() {
    if (orders_ != nullptr) (void)std::fclose(orders_);  // which ends it
    if (answers_ != nullptr) (void)std::fclose(answers_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // What its memory consists of; empty: it did not start.
  [[nodiscard]] const std::string& pages() const { return pages_; }
  void order(const Window& window) {
    (void)std::fprintf(orders_, "%lu %lu\n", window.from, window.until);
    (void)std::fflush(orders_);
  }
  [[nodiscard]] Rate result() {
    Rate told;
    std::istringstream(answer().value_or("0 0")) >> told.per_second >> told.cycles;
    return told;
  }

 private:
  [[nodiscard]] std::optional<std::string> answer() {
    char line[64];
    if (answers_ == nullptr || std::fgets(line, sizeof line, answers_) == nullptr) return {};
    std::string text = line;
    text.pop_back();
    return text;
  }

  pid_t pid_ = -1;
  std::FILE* orders_ = nullptr;
  std::FILE* answers_ = nullptr;
  std::string pages_;
};

std::vector<int> numbers_in(const std::string& text) {
  std::vector<int> numbers;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    int number = -1;
    std::from_chars(part.data(), part.data() + part.size(), number);
    if (number < 0 || number >= CPU_SETSIZE) return {};
    numbers.push_back(number);
  }
  return numbers;
}

// What these do at the same time; nothing when one of them was late.
Rate together(std::initializer_list<Process*> processes) {
  const Window window = next_window();
  for (Process* const process : processes) process->order(window);
  Rate sum;
  bool all = true;
  for (Process* const process : processes) {
    const Rate own = process->result();
    all &= own.per_second > 0;
    sum.per_second += own.per_second;
    sum.cycles += own.cycles / double(processes.size());
  }
  return all ? sum : Rate{};
}

}  // namespace

int serve_rates(const std::string& cpus) {
  const std::vector<int> numbers = numbers_in(cpus);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : numbers) CPU_SET(cpu, &set);
  if (numbers.empty() || sched_setaffinity(0, sizeof set, &set) != 0) {
    std::cerr << "worker-bench: --rates " << cpus << ": no such CPUs\n";
    return 2;
  }
  const auto count = static_cast<unsigned>(numbers.size());
  auto eal = Eal::start({.workers = count, .memory_bytes = pool_bytes(count, 1)});
  if (!eal) {
    std::cerr << "worker-bench: " << eal.error() << '\n';
    return 1;
  }
  make_images();
  std::cout << (eal->hugepages() ? "hugepages" : "4 KiB pages") << std::endl;
  for (Window window; std::cin >> window.from >> window.until;) {
    const Rate found = rate(*eal, window);
    std::cout << found.per_second << ' ' << found.cycles << std::endl;
  }
  return 0;
}

void workers(Run& run) {
  if (run.cpus.size() < 2) {
    std::printf("\nTwo workers: not measured, there is one CPU\n");
    return;
  }
  (void)std::signal(SIGPIPE, SIG_IGN);  // of a process that is gone: its answer says so
  const std::string first = std::to_string(run.cpus[run.cpus.size() - 2]);
  const std::string second = std::to_string(run.cpus.back());
  Process left(first);
  Process right(second);
  Process both(first + "," + second);
  if (left.pages().empty() || right.pages() != left.pages() || both.pages() != left.pages()) {
    std::printf("\nTwo workers: not measured, no memory of one kind for three processes\n");
    return;
  }
  struct Kind {
    Rounds per_second, cycles, times;
    void add(const Rate& own, double alone) {
      per_second.add(own.per_second);
      cycles.add(own.cycles);
      times.add(own.per_second / alone);
    }
    void print(const char* name) const {
      std::printf("%-38s %24s %10.0f %24s\n", name, per_second.text(2, 1e6).c_str(),
                  cycles.median(), times.text(2).c_str());
    }
  } alone, two, apart;
  const unsigned wanted = run.quick ? 3 : 7;
  for (unsigned tries = 0; two.times.count() < wanted && tries < 2 * wanted; ++tries) {
    const Rate on_left = together({&left});
    const Rate of_two = together({&both});
    const Rate of_apart = together({&left, &right});
    const Rate on_right = together({&right});
    const auto missing = [](const Rate& rate) { return rate.per_second == 0; };
    if (missing(on_left) || missing(on_right) || missing(of_two) || missing(of_apart)) continue;
    const Rate one{(on_left.per_second + on_right.per_second) / 2,
                   (on_left.cycles + on_right.cycles) / 2};
    alone.add(one, one.per_second);
    two.add(of_two, one.per_second);
    apart.add(of_apart, one.per_second);
  }
  if (two.times.empty()) {
    std::printf("\nTwo workers: not measured, no run was ready in time\n");
    return;
  }
  std::printf("\nACKs answered a second, in millions, %zu rounds, %s\n%-38s %24s %10s %24s\n",
              two.times.count(), left.pages().c_str(), "", "together", "cycles", "times");
  alone.print("one worker, mean of both cores");
  two.print("two workers of one program");
  apart.print("two programs that share nothing");
  nlohmann::json figures;
  alone.per_second.tell(figures, "one_per_s");
  two.per_second.tell(figures, "two_per_s");
  apart.per_second.tell(figures, "apart_per_s");
  two.times.tell(figures, "ratio");
  apart.times.tell(figures, "apart_ratio");
  run.figures["workers"] = figures;
}

}  // namespace reveille::bench
