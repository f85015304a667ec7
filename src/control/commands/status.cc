#include "control/commands/status.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include <nlohmann/json.hpp>

#include "control/commands/report_fields.h"
#include "control/config/value_text.h"
#include "control/console.h"
#include "control/log/outcome_table.h"
#include "control/socket/ask.h"

namespace reveille {
namespace {

// Rows of cells, the first row a heading; all columns but the first stand to the right.
using Rows = std::vector<std::vector<std::string>>;

std::string table(const Rows& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      text += i == 0 ? row[i] + (row.size() > 1 ? space : "") : "  " + space + row[i];
    }
    text += '\n';
  }
  return text;
}

std::string count(const Json& object, const char* key) {
  return count_text(number(object, key));
}
Json part(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_structured() ? *found : Json();
}

std::string uptime_text(std::uint64_t seconds) {
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172800) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

std::string percent(const Json& worker) {
  const auto found = worker.find("busy");
  const double busy = found != worker.end() && found->is_number() ? found->get<double>() : 0;
  return std::to_string(std::lround(std::clamp(busy, 0.0, 1.0) * 100)) + " %";
}

std::string workers_table(const Json& workers) {
  Rows rows{{"worker", "frames in", "frames out", "unsent", "busy", "transfers", "half open"}};
  for (const Json& worker : workers) {
    rows.push_back({std::to_string(rows.size() - 1), count(worker, "frames_received"),
                    count(worker, "frames_sent"), count(worker, "frames_unsent"), percent(worker),
                    count(worker, "transfers"), count(worker, "half_open")});
  }
  return table(rows);
}

std::string ports_table(const Json& ports) {
  Rows rows{{"port", "driver", "MAC", "link", "missed", "no buffer", "errors in", "errors out"}};
  for (const Json& port : ports) {
    rows.push_back({word(port, "name"), word(port, "driver"), word(port, "mac"), word(port, "link"),
                    count(port, "missed"), count(port, "no_buffer"), count(port, "receive_errors"),
                    count(port, "transmit_errors")});
  }
  return table(rows);
}

std::string addresses_table(const Json& subnets, const Json& pools) {
  if (subnets.empty()) return {};
  Rows rows{{"subnet", "addresses", "free", "offered", "bound", "declined"}};
  const auto add = [&rows](const std::string& name, const Json& from) {
    rows.push_back({name, count(from, "addresses"), count(from, "free"), count(from, "offered"),
                    count(from, "bound"), count(from, "declined")});
  };
  for (const Json& subnet : subnets) add(word(subnet, "prefix"), subnet);
  for (const Json& pool : pools) add(word(pool, "prefix") + ", pool " + word(pool, "name"), pool);
  return "\n" + table(rows);
}

std::vector<OutcomeCounts> outcomes_of(const Json& workers) {
  std::vector<OutcomeCounts> all;
  for (const Json& worker : workers) {
    OutcomeCounts& counts = all.emplace_back();
    const Json outcomes = part(worker, "outcomes");
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
      counts.add(static_cast<Outcome>(i), number(outcomes, std::string(kOutcomes[i].name).c_str()));
    }
  }
  return all;
}

}  // namespace

std::string status_page(const Json& report) {
  std::string page = "reveille " + word(report, "version") + ", process " +
                     std::to_string(number(report, "process")) + ", up " +
                     uptime_text(number(report, "uptime_seconds")) + "\n" +
                     word(report, "serving") + "\n";
  page += "\n" + ports_table(part(report, "ports"));
  page += "\n" + workers_table(part(report, "workers"));
  page += addresses_table(part(report, "subnets"), part(report, "pools"));
  return page + "\n" + outcome_table(outcomes_of(part(report, "workers")));
}

std::optional<std::string> control_path(const ConfigArguments& arguments) {
  if (arguments.control) return *arguments.control;
  const ParsedConfig parsed = begin_config(arguments);
  if (!usable(parsed.problems)) return std::nullopt;
  return parsed.config.control.socket;
}

int status(const CommandLine& line) {
  const auto path = control_path(line.config);
  if (!path) return 1;
  const auto report = ask(*path, "status", Json::object());
  if (!report) return failed(report.error().text);
  if (line.json) {
    std::cout << report->dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << status_page(*report);
  }
  return 0;
}

}  // namespace reveille
