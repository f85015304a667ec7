#include "control/leases/lease_importing.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include "control/commands/status.h"
#include "control/config/problem.h"
#include "control/config/value_text.h"
#include "control/console.h"
#include "control/leases/foreign_lease.h"
#include "control/leases/lease_keeping.h"
#include "control/socket/ask.h"
#include "dhcp/lease_import.h"
#include "store/import/lease_import.h"
#include "store/lease_store.h"
#include "store/store_lock.h"

namespace reveille {
namespace {

tl::expected<std::string, std::string> contents_of(const std::string& path) {
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(path, error);
  if (error) return tl::unexpected(path + ": " + error.message());
  if (!is_file) return tl::unexpected(path + ": it is no file");
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > ImportedLeases::kBytesMax) {
    return tl::unexpected(path + ": it is longer than a GiB");
  }
  std::string text(size, '\0');
  std::ifstream stream(path, std::ios::binary);
  if (!stream.read(text.data(), static_cast<std::streamsize>(size))) {
    return tl::unexpected(path + ": " + std::strerror(errno));
  }
  return text;
}

// What has come of it so far.
struct TakenOver {
  std::size_t leases = 0;
  std::size_t bound = 0;
};

// ---- with no server there is only the database

// What a file says, seen beside what the database has.
class Merge {
 public:
  Merge(const StoredLeases& stored, const ForeignTerms& terms) : terms_(terms) {
    for (const LeaseChange& lease : stored.leases) here_.emplace(lease.address.value, &lease);
  }

  void add(const ImportedLease& lease, ImportedLeases& said) {
    const auto found = here_.find(lease.address.value);
    const LeaseChange* const here = found == here_.end() ? nullptr : found->second;
    auto change = change_of(lease, terms_);
    if (!change) return said.skip(lease.line, change.error());
    if (here != nullptr && !gives_way(*here, *change)) {
      return said.skip(lease.line, lease.address.text() + " is in this database already");
    }
    if (here != nullptr) change->version = static_cast<std::uint16_t>(here->version + 1U);
    ++taken.leases;
    taken.bound += change->kind == LeaseChange::Kind::bound ? 1 : 0;
    changes.push_back(*change);
  }

  std::vector<LeaseChange> changes;
  TakenOver taken;

 private:
  static bool is_over(const LeaseChange& change) {
    return change.kind == LeaseChange::Kind::released || change.kind == LeaseChange::Kind::expired;
  }
  // What is known here is newer than what another server left, unless it is over.
  static bool gives_way(const LeaseChange& here, const LeaseChange& imported) {
    return is_over(here) && !is_over(imported);
  }

  ForeignTerms terms_;
  std::unordered_map<std::uint32_t, const LeaseChange*> here_;
};

tl::expected<TakenOver, std::string> add_to_database(ImportedLeases& imported,
                                                     const Config& config) {
  make_folder_for(config.leases.database);
  const StoreClock clock = machine_clock([] { return Instant{}; });
  auto store = LeaseStore::open(config.leases.database, clock);
  if (!store) return tl::unexpected(store.error());
  const auto stored = store->load();
  if (!stored) return tl::unexpected(stored.error());
  Merge merge(*stored, {.identity = config.dhcp.identity,
                        .key_seed = stored->key_seed,
                        .wall_seconds = clock.read().wall_seconds});
  for (const ImportedLease& lease : imported.leases) merge.add(lease, imported);
  if (auto written = store->write(merge.changes); !written) return tl::unexpected(written.error());
  return merge.taken;
}

// ---- a server that runs takes them piece by piece

// What is over first, the oldest first: free addresses are used again in that order. Then those
// that are not, the last to end first: of two leases of one client that is the one to keep.
void order_for_server(std::vector<ImportedLease>& leases) {
  const auto is_over = [](const ImportedLease& lease) {
    return lease.state == RowState::released || lease.state == RowState::expired;
  };
  const auto end_of = [](const ImportedLease& lease) {
    return lease.until.value_or(std::numeric_limits<std::int64_t>::max());
  };
  std::ranges::stable_sort(leases, [&](const ImportedLease& a, const ImportedLease& b) {
    if (is_over(a) != is_over(b)) return is_over(a);
    return is_over(a) ? end_of(a) < end_of(b) : end_of(a) > end_of(b);
  });
}

// See run_import().
bool is_report(const Json& answer, std::size_t leases) {
  const auto is_count = [&answer](const char* key) {
    return answer.contains(key) && answer[key].is_number_unsigned();
  };
  const auto is_left_out = [leases](const Json& one) {
    return one.is_array() && one.size() == 2 && one[0].is_number_unsigned() &&
           one[0].get<std::size_t>() < leases && one[1].is_string();
  };
  return answer.is_object() && is_count("taken") && is_count("bound") &&
         answer.contains("left_out") && answer["left_out"].is_array() &&
         std::ranges::all_of(answer["left_out"], is_left_out);
}

// As many as one request holds.
class Piece {
 public:
  // Of a line of the control socket, which holds 64 KiB.
  static constexpr std::size_t kBytesMax = 60'000;

  [[nodiscard]] bool is_full() const {
    return bytes_ >= kBytesMax - kLeaseBytesMax || words_.size() == LeaseImport::kLeasesMax;
  }
  void add(const ImportedLease& lease) {
    words_.push_back(words_of(lease));
    lines_.push_back(lease.line);
    bytes_ += words_.back().dump().size() + 1;
  }
  // Counts what was taken over and names what was not.
  tl::expected<void, std::string> send(const std::string& socket, TakenOver& taken,
                                       ImportedLeases& said) {
    const auto done = ask(socket, "import", Json{{"leases", std::move(words_)}});
    words_ = Json::array();
    bytes_ = 0;
    if (!done) return tl::unexpected(done.error().text);
    const std::vector<std::size_t> lines = std::exchange(lines_, {});
    if (!is_report(*done, lines.size())) {
      return tl::unexpected("what answers on " + in_quotes(socket) + " imports no leases");
    }
    taken.leases += (*done)["taken"].get<std::size_t>();
    taken.bound += (*done)["bound"].get<std::size_t>();
    for (const Json& one : (*done)["left_out"]) {
      said.skip(lines[one[0].get<std::size_t>()], one[1].get<std::string>());
    }
    return {};
  }

 private:
  static constexpr std::size_t kLeaseBytesMax = 1000;  // a client-id has 255 octets at most

  Json words_ = Json::array();
  std::vector<std::size_t> lines_;
  std::size_t bytes_ = 0;
};

tl::expected<TakenOver, std::string> give_to_server(ImportedLeases& imported,
                                                    const std::string& socket) {
  order_for_server(imported.leases);
  TakenOver taken;
  Piece piece;
  for (std::size_t i = 0; i < imported.leases.size(); ++i) {
    piece.add(imported.leases[i]);
    if (!piece.is_full() && i + 1 < imported.leases.size()) continue;
    if (const auto sent = piece.send(socket, taken, imported); !sent) {
      return tl::unexpected(sent.error() + " (" + count_text(taken.leases) +
                            " leases are taken over; to import all of them again does no harm)");
    }
  }
  return taken;
}

tl::expected<TakenOver, std::string> take_over(ImportedLeases& imported, const Config& config,
                                               const ConfigArguments& arguments) {
  std::error_code ignored;
  if (names_socket_alone(arguments)) return give_to_server(imported, *arguments.control);
  const std::string& database = config.leases.database;
  if (!std::filesystem::exists(database, ignored)) return add_to_database(imported, config);
  // Whoever holds the lock writes the database, and nobody else may.
  const auto in_use = [&database]() -> std::optional<std::string> {
    const auto lock = StoreLock::take(database);
    return lock ? std::nullopt : std::optional(lock.error());
  }();
  if (!in_use) return add_to_database(imported, config);
  const auto socket = control_path(arguments);
  if (!socket) return tl::unexpected(std::string());  // said already
  auto taken = give_to_server(imported, *socket);
  if (taken) return taken;
  return tl::unexpected(database + ": " + *in_use + ", and " + taken.error());
}

void tell_problems(const std::string& file, const ImportedLeases& imported) {
  for (const ImportProblem& problem : imported.problems) {
    std::cerr << file << ":" << problem.line << ": left out: " << problem.text << "\n";
  }
  if (imported.skipped > imported.problems.size()) {
    std::cerr << file << ": and " << count_text(imported.skipped - imported.problems.size())
              << " more\n";
  }
}

}  // namespace

int import_lease_file(const std::string& file, const Config& config,
                      const ConfigArguments& arguments) {
  const auto text = contents_of(file);
  if (!text) return failed(text.error());
  auto imported = import_leases(*text);
  if (!imported) return failed(file + ": " + imported.error());
  const auto taken = take_over(*imported, config, arguments);
  if (!taken) return taken.error().empty() ? 1 : failed(taken.error());
  tell_problems(file, *imported);
  std::cout << count_text(taken->leases) << (taken->leases == 1 ? " lease of " : " leases of ")
            << name(imported->kind) << " taken over, " << count_text(taken->bound)
            << " of them bound; " << count_text(imported->skipped) << " left out\n";
  return taken->leases == 0 && imported->skipped > 0 ? 1 : 0;
}

}  // namespace reveille
