// How the storm goes, while it runs: a bar on a terminal, a line a second elsewhere.
#pragma once

#include <cstdio>

#include <reveille/instant.h>

#include "storm/statistics.h"

namespace reveille::storm {

class ProgressLine {
 public:
  ProgressLine(std::FILE* out, std::uint64_t machines, bool quiet);
  // Ten times a second.
  void show(Nanoseconds elapsed, const Counters& counters);
  // The table comes next.
  void end();

 private:
  void show_bar(const Counters& counters, double rate, double leases);

  std::FILE* out_;
  std::uint64_t machines_;
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  Nanoseconds last_{};
  std::uint64_t bytes_ = 0;  // at `last_`
  std::uint64_t leases_ = 0;
};

}  // namespace reveille::storm
