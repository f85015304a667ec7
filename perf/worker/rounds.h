// What the rounds of one measurement gave. Other work on a machine comes and goes within seconds:
// cases are taken in turn, all of them once, then all of them again, and the median counts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace reveille::bench {

class Rounds {
 public:
  void add(double value) {
    values_.insert(std::upper_bound(values_.begin(), values_.end(), value), value);
  }
  [[nodiscard]] std::size_t count() const { return values_.size(); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  // Of one round or more.
  [[nodiscard]] double median() const {
    const std::size_t half = values_.size() / 2;
    return values_.size() % 2 == 1 ? values_[half] : (values_[half - 1] + values_[half]) / 2;
  }
  [[nodiscard]] double least() const { return values_.front(); }
  [[nodiscard]] double most() const { return values_.back(); }

  // "179 (170 to 201)"
  [[nodiscard]] std::string text(int decimals = 0, double unit = 1) const {
    return fmt::format("{:.{}f} {}", median() / unit, decimals, range(decimals, unit));
  }
  [[nodiscard]] std::string range(int decimals = 0, double unit = 1) const {
    return fmt::format("({:.{}f} to {:.{}f})", least() / unit, decimals, most() / unit, decimals);
  }
  // The median under `name`, least and most under `name`_range.
  void tell(nlohmann::json& figures, const std::string& name) const {
    figures[name] = median();
    figures[name + "_range"] = {least(), most()};
  }

 private:
  std::vector<double> values_;  // sorted
};

// measure(case) for each case that has rounds left, then for each again. A case says in `rounds`
// how often.
template <class Cases, class Measure>
void in_turn(Cases& cases, Measure&& measure) {
  bool any = true;
  for (unsigned round = 0; any; ++round) {
    any = false;
    for (auto& one : cases) {
      if (round >= one.rounds) continue;
      measure(one);
      any = true;
    }
  }
}

}  // namespace reveille::bench
