#include "storm/progress.h"

#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace reveille::storm {
namespace {

constexpr std::size_t kBarWidth = 30;

}  // namespace

ProgressLine::ProgressLine(std::FILE* out, std::uint64_t machines, bool quiet)
    : out_(out), machines_(machines), quiet_(quiet), terminal_(isatty(fileno(out)) == 1) {}

void ProgressLine::show(Nanoseconds elapsed, const Counters& counters) {
  const Nanoseconds since = elapsed - last_;
  if (quiet_ || since < (terminal_ ? Nanoseconds{200ms} : Nanoseconds{1s})) return;
  const double seconds = std::chrono::duration<double>(since).count();
  const double rate = static_cast<double>(counters.bytes - bytes_) / seconds / 1e6;
  const double leases = static_cast<double>(counters.leases - leases_) / seconds;
  last_ = elapsed;
  bytes_ = counters.bytes;
  leases_ = counters.leases;
  if (terminal_) {
    show_bar(counters, rate, leases);
    return;
  }
  fmt::print(out_, "{:6.1f} s  {} of {} booted, {} failed, {:.0f} DORA/s, {:.1f} MB/s\n",
             std::chrono::duration<double>(elapsed).count(), counters.booted, machines_,
             counters.failed_all(), leases, rate);
  std::fflush(out_);
}

void ProgressLine::show_bar(const Counters& counters, double rate, double leases) {
  shown_ = true;
  const std::uint64_t all = std::max<std::uint64_t>(machines_, 1);
  const std::size_t done = std::min<std::uint64_t>(counters.booted, all) * kBarWidth / all;
  fmt::print(out_, "\r[{:<{}}] {} of {} booted, {} failed, {:.0f} DORA/s, {:.1f} MB/s\x1b[K",
             std::string(done, '='), kBarWidth, counters.booted, machines_, counters.failed_all(),
             leases, rate);
  std::fflush(out_);
}

void ProgressLine::end() {
  if (shown_) fmt::print(out_, "\r\x1b[K");
}

}  // namespace reveille::storm
