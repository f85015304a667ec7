#include "control/log/outcome_table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

namespace reveille {

namespace {

constexpr std::array kVerdicts{Verdict::answered, Verdict::noted, Verdict::passed, Verdict::refused,
                               Verdict::shed};

// 1234567 as "1 234 567"
std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ' ');
  }
  return text;
}

struct Row {
  std::string_view name;
  std::string_view verdict;
  std::uint64_t frames = 0;
  std::vector<std::uint64_t> by_worker;
  std::string_view meaning;

  void add(const Row& other) {
    frames += other.frames;
    by_worker.resize(std::max(by_worker.size(), other.by_worker.size()));
    for (std::size_t i = 0; i < other.by_worker.size(); ++i) by_worker[i] += other.by_worker[i];
  }
};

std::vector<Row> rows_of(std::span<const OutcomeCounts> workers) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    Row row{.name = info(outcome).name,
            .verdict = text(info(outcome).verdict),
            .meaning = info(outcome).text};
    for (const OutcomeCounts& worker : workers) {
      row.by_worker.push_back(worker[outcome]);
      row.frames += worker[outcome];
    }
    if (row.frames != 0) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> sums_of(const std::vector<Row>& rows) {
  std::vector<Row> sums;
  for (const Verdict verdict : kVerdicts) {
    Row sum{.verdict = text(verdict)};
    for (const Row& row : rows) {
      if (row.verdict == sum.verdict) sum.add(row);
    }
    if (sum.frames != 0) sums.push_back(std::move(sum));
  }
  Row total{.verdict = "frames"};
  for (const Row& row : rows) total.add(row);
  sums.push_back(std::move(total));
  return sums;
}

class Table {
 public:
  Table(std::vector<Row> rows, std::size_t workers)
      : rows_(std::move(rows)), sums_(sums_of(rows_)), workers_(workers) {
    for (const Row& row : rows_) name_width_ = std::max(name_width_, row.name.size());
    // The total is the widest number of each column.
    frames_width_ = std::max<std::size_t>(6, grouped(sums_.back().frames).size());
  }

  std::string text() {
    begin("outcome", "verdict", "frames");
    for (std::size_t i = 0; workers_ > 1 && i < workers_; ++i) cell(fmt::format("worker {}", i));
    text_ += "  meaning\n";
    for (const Row& row : rows_) add(row);
    for (const Row& sum : sums_) add(sum);
    return std::move(text_);
  }

 private:
  void begin(std::string_view name, std::string_view verdict, std::string_view frames) {
    text_ +=
        fmt::format("{:<{}}  {:<10}  {:>{}}", name, name_width_, verdict, frames, frames_width_);
  }
  void cell(std::string_view number) {
    text_ += fmt::format("  {:>{}}", number, std::max<std::size_t>(frames_width_, 9));
  }
  void add(const Row& row) {
    begin(row.name, row.verdict, grouped(row.frames));
    for (std::size_t i = 0; workers_ > 1 && i < workers_; ++i) cell(grouped(row.by_worker[i]));
    if (!row.meaning.empty()) text_ += fmt::format("  {}", row.meaning);
    text_ += '\n';
  }

  std::vector<Row> rows_;
  std::vector<Row> sums_;
  std::size_t workers_;
  std::size_t name_width_ = 7;
  std::size_t frames_width_;
  std::string text_;
};

}  // namespace

std::string outcome_table(std::span<const OutcomeCounts> workers) {
  std::vector<Row> rows = rows_of(workers);
  if (rows.empty()) return "no frame was received\n";
  return Table{std::move(rows), workers.size()}.text();
}

std::string outcome_table(const OutcomeCounts& counts) {
  return outcome_table({&counts, 1});
}

std::string outcome_json(std::span<const OutcomeCounts> workers) {
  const std::vector<Row> rows = rows_of(workers);
  nlohmann::ordered_json object;
  object["event"] = "outcomes";
  object["frames"] = sums_of(rows).back().frames;
  auto& verdicts = object["verdicts"] = nlohmann::ordered_json::object();
  auto& outcomes = object["outcomes"] = nlohmann::ordered_json::object();
  for (const Row& row : rows) {
    verdicts[std::string{row.verdict}] =
        verdicts.value(std::string{row.verdict}, std::uint64_t{0}) + row.frames;
    auto& outcome = outcomes[std::string{row.name}];
    outcome["verdict"] = row.verdict;
    outcome["frames"] = row.frames;
    outcome["workers"] = row.by_worker;
  }
  return object.dump();
}

}  // namespace reveille
