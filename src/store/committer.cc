#include "store/committer.h"

#include <algorithm>

#include "idle/nap.h"

namespace reveille {
namespace {

using Steady = std::chrono::steady_clock;

// Without a change: what follows is no part of a rush that goes on.
constexpr Nanoseconds kQuiet = 100ms;

// So often a pause is interrupted by a look at whether it is to stop.
constexpr Nanoseconds kLook = 1ms;

std::int64_t steady_now() {
  return Steady::now().time_since_epoch().count();
}

}  // namespace

Committer::Committer(LeaseStore store, std::vector<Line> lines, Pace pace, Doorbell* doorbell)
    : store_(std::move(store)),
      lines_(std::move(lines)),
      pace_(pace),
      sleeper_(doorbell),
      taken_(lines_.size()),
      changes_(lines_.size() * kBatchMax),
      looked_at_(steady_now()) {}

Committer::~Committer() {
  stop();
}

void Committer::start() {
  thread_ = std::thread([this] { run(); });
}

void Committer::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_relaxed);
  thread_.join();
  while (commit() > 0) {
  }
}

void Committer::run() {
  Steady::time_point last_work = Steady::now();
  Steady::time_point not_before{};
  std::size_t changes_before = 0;
  while (!stopping_.load(std::memory_order_relaxed) && !failure()) {
    looked_at_.store(steady_now(), std::memory_order_relaxed);
    const Steady::time_point begin = Steady::now();
    if (begin < not_before) {
      std::this_thread::sleep_for(std::min<Steady::duration>(not_before - begin, kLook));
      continue;
    }
    const std::size_t changes = commit();
    if (changes > 0) {
      not_before = begin + apart(changes, changes_before);
      changes_before = changes;
    }
    const bool worked = changes + add_leases() > 0;
    const Steady::time_point now = Steady::now();
    if (worked) last_work = now;
    const bool is_quiet = now - last_work >= kQuiet;
    if (worked || (is_quiet && lengthen_log())) continue;
    const Nanoseconds nap = nap_after(now - last_work);
    if (sleeper_.may_sleep(nap)) sleeper_.sleep(nap);
  }
}

Nanoseconds Committer::apart(std::size_t changes, std::size_t changes_before) const {
  const bool sheds =
      std::any_of(lines_.begin(), lines_.end(), [](const Line& line) { return line.sheds(); });
  if (sheds) return pace_.while_shedding;
  // What gathered in the rest of a pause may be little.
  return std::max(changes, changes_before) > kRush ? pace_.in_rush : Nanoseconds{};
}

std::size_t Committer::commit() {
  if (failure()) return 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const std::size_t taken = lines_[i].take(std::span(changes_).subspan(count, kBatchMax));
    taken_[i] += taken;
    count += taken;
  }
  if (count == 0) return 0;
  const Steady::time_point begin = Steady::now();
  const auto written = store_.write(std::span(changes_).first(count));
  const Nanoseconds elapsed = Steady::now() - begin;
  const std::lock_guard lock(mutex_);
  if (!written) {
    failure_ = written.error();
    return 0;
  }
  for (std::size_t i = 0; i < lines_.size(); ++i) lines_[i].reached_disk(taken_[i]);
  counts_.changes += count;
  ++counts_.commits;
  counts_.longest_commit = std::max(counts_.longest_commit, elapsed);
  counts_.log_bytes = store_.log_bytes();
  return count;
}

std::size_t Committer::add_leases() {
  Addition* const addition = addition_.load(std::memory_order_acquire);
  if (addition == nullptr || failure()) return 0;
  auto added = store_.add(addition->leases);
  const std::lock_guard lock(mutex_);
  if (!added) {
    failure_ = added.error();
    return 0;
  }
  const std::size_t count = addition->leases.size();
  addition->added = std::move(*added);
  addition_.store(nullptr, std::memory_order_release);
  return count;
}

// What nobody waits for is done while nobody waits. True: again, and soon.
bool Committer::lengthen_log() {
  if (log_is_whole_ || failure()) return false;
  const auto more = store_.lengthen_log();
  log_is_whole_ = !more || !*more;
  if (more) return *more;
  const std::lock_guard lock(mutex_);
  failure_ = more.error();
  return false;
}

std::optional<std::string> Committer::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

Committer::Counts Committer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool Committer::alive(Nanoseconds patience) const {
  return steady_now() - looked_at_.load(std::memory_order_relaxed) < patience.count();
}

}  // namespace reveille
