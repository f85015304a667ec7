#include "control/leases/leases.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iostream>

#include <nlohmann/json.hpp>

#include "control/commands/status.h"
#include "control/config/config_file.h"
#include "control/config/value_text.h"
#include "control/console.h"
#include "control/leases/lease_importing.h"
#include "control/socket/ask.h"
#include "store/lease_list.h"
#include "store/lease_store.h"
#include "store/store_lock.h"

namespace reveille {
namespace {

std::string time_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  char text[32] = {};
  if (gmtime_r(&time, &parts) == nullptr) return std::to_string(seconds);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// Bound rows end by themselves; the server says so when it next looks.
std::string_view state_text(const LeaseRow& row, std::int64_t wall_seconds) {
  const bool is_over = row.state == RowState::bound && row.is_over(wall_seconds);
  return name(is_over ? RowState::expired : row.state);
}

std::string until_text(const LeaseRow& row) {
  return row.until ? time_text(*row.until) : "for ever";
}

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.resize(std::max(width, cell.size()), ' ');
  return cell + "  ";
}

std::string table_text(const std::vector<LeaseRow>& rows, std::int64_t wall_seconds) {
  std::string text = padded("address", 15) + padded("state", 8) + padded("MAC", 17) +
                     padded("since", 20) + "until\n";
  for (const LeaseRow& row : rows) {
    text += padded(row.address.text(), 15) + padded(state_text(row, wall_seconds), 8) +
            padded(row.mac.is_zero() ? "-" : row.mac.text(), 17) +
            padded(time_text(row.since), 20) + until_text(row) + "\n";
  }
  return text + count_text(rows.size()) + (rows.size() == 1 ? " address\n" : " addresses\n");
}

std::string csv_text(const std::vector<LeaseRow>& rows, std::int64_t wall_seconds) {
  std::string text = "address,state,mac,since,until,bootp\n";
  for (const LeaseRow& row : rows) {
    text += row.address.text() + "," + std::string(state_text(row, wall_seconds)) + "," +
            (row.mac.is_zero() ? "" : row.mac.text()) + "," + std::to_string(row.since) + "," +
            (row.until ? std::to_string(*row.until) : "") + "," + (row.bootp ? "1" : "0") + "\n";
  }
  return text;
}

std::string json_text(const std::vector<LeaseRow>& rows, std::int64_t wall_seconds) {
  nlohmann::json all = nlohmann::json::array();
  for (const LeaseRow& row : rows) {
    nlohmann::json one{{"address", row.address.text()},
                       {"state", state_text(row, wall_seconds)},
                       {"since", row.since},
                       {"bootp", row.bootp}};
    if (!row.mac.is_zero()) one["mac"] = row.mac.text();
    if (row.until) one["until"] = *row.until;
    all.push_back(std::move(one));
  }
  return all.dump(1) + "\n";
}

// The running server does it, and says when it is on disk. `besides`: why it is asked, for when it
// cannot be.
int change_running(const Ipv4Address address, const CommandLine& line, const std::string& besides) {
  const auto socket = control_path(line.config);
  if (!socket) return 1;
  const bool is_release = line.leases_verb == LeasesVerb::release;
  const auto done =
      ask(*socket, is_release ? "release" : "reserve", Json{{"address", address.text()}});
  if (!done) return failed((done.error().was_answered ? "" : besides) + done.error().text);
  std::cout << address.text() << (is_release ? ": released\n" : ": reserved\n");
  return 0;
}

// With no server there is only the database.
int change_stored(const std::string& path, const Ipv4Address address, const CommandLine& line) {
  auto store = LeaseStore::open(path, machine_clock([] { return Instant{}; }));
  if (!store) return failed(store.error());
  const auto stored = store->load();
  if (!stored) return failed(stored.error());
  const auto found =
      std::find_if(stored->leases.begin(), stored->leases.end(),
                   [&](const LeaseChange& lease) { return lease.address == address; });
  const bool is_known = found != stored->leases.end();
  if (!is_known && line.leases_verb == LeasesVerb::release) {
    return failed("there is no lease of " + address.text());
  }
  LeaseChange next = is_known ? *found : LeaseChange{};
  next.address = address;
  ++next.version;
  next.until = Instant::max();
  if (line.leases_verb == LeasesVerb::release) {
    next.kind = LeaseChange::Kind::released;
  } else {
    next.kind = LeaseChange::Kind::reserved;
    next.client = {};
  }
  const auto written = store->write({&next, 1});
  if (!written) return failed(written.error());
  std::cout << address.text()
            << (next.kind == LeaseChange::Kind::released ? ": released in " : ": reserved in ")
            << path << ", which no reveille has open\n";
  return 0;
}

int change(const LeasesConfig& config, const CommandLine& line) {
  const auto address = Ipv4Address::parse(line.lease_address);
  if (!address) return failed(in_quotes(line.lease_address) + " is not an address");
  std::error_code ignored;
  if (config.in_memory() || names_socket_alone(line.config)) {
    return change_running(*address, line, "");
  }
  if (!std::filesystem::exists(config.database, ignored)) {
    return change_running(*address, line,
                          "there is no lease database " + config.database + ", and ");
  }
  // Whoever holds the lock writes the database, and nobody else may.
  if (const auto lock = StoreLock::take(config.database); !lock) {
    return change_running(*address, line, config.database + ": " + lock.error() + ", and ");
  }
  return change_stored(config.database, *address, line);
}

}  // namespace

std::string leases_text(const std::vector<LeaseRow>& rows, LeasesFormat format,
                        std::int64_t wall_seconds) {
  switch (format) {
    case LeasesFormat::table:
      return table_text(rows, wall_seconds);
    case LeasesFormat::csv:
      return csv_text(rows, wall_seconds);
    case LeasesFormat::json:
      return json_text(rows, wall_seconds);
  }
  return {};
}

int leases(const CommandLine& line) {
  ParsedConfig parsed = begin_config(line.config);
  if (!usable(parsed.problems)) return 1;
  if (line.config.leases) parsed.config.leases.database = *line.config.leases;
  const LeasesConfig& config = parsed.config.leases;
  const bool is_list = line.leases_verb == LeasesVerb::list;
  if (is_list && names_socket_alone(line.config)) {
    return failed("leases are listed from their database: name it by --leases, or by --config");
  }
  const bool is_change =
      line.leases_verb == LeasesVerb::release || line.leases_verb == LeasesVerb::reserve;
  if (is_change) return change(config, line);
  if (config.in_memory()) return failed("this configuration keeps leases in memory only");
  const std::string& path = config.database;
  if (line.leases_verb == LeasesVerb::import) {
    return import_lease_file(line.lease_file, parsed.config, line.config);
  }
  const auto rows = read_leases(path);
  if (!rows) return failed(rows.error());
  std::cout << leases_text(*rows, line.leases_format, std::time(nullptr));
  return 0;
}

}  // namespace reveille
