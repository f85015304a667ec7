#include "store/lease_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <unistd.h>

#include "store/lease_rows.h"
#include "store/log_ahead.h"
#include "store/schema.h"
#include "store/store_lock.h"

namespace reveille {
namespace {

namespace fs = std::filesystem;

// Another program may hold the write lock for a moment (an operator's shell); ACKs wait.
constexpr int kLockPatienceMs = 10'000;
// Smaller differences are the wall clock's own gait and the rounding of two readings.
constexpr std::int64_t kStepMin = 2;

// The log is copied into the database by checkpoint(), where a failure is seen: SQLite's own
// copies after a commit keep theirs to themselves.
constexpr const char* kSettings =
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -65536;"
    "PRAGMA temp_store = MEMORY";

// Rows that one statement writes: what beginning and ending one takes is a third of a row's time.
constexpr std::size_t kRowsTogether = 32;

std::string write_rows(std::size_t count) {
  std::string sql = std::string("INSERT INTO lease (") + kColumns + ") VALUES ";
  for (std::size_t row = 0; row < count; ++row) {
    sql += row == 0 ? "(" : ", (";
    for (int column = 0; column < kColumnCount; ++column) sql += column == 0 ? "?" : ", ?";
    sql += ")";
  }
  return sql +
         " ON CONFLICT (address) DO UPDATE SET state = excluded.state, version = excluded.version,"
         " client_high = excluded.client_high, client_low = excluded.client_low,"
         " mac = excluded.mac, bootp = excluded.bootp, since = excluded.since,"
         " until = excluded.until"
         " WHERE ((excluded.version - version) & 65535) < 32768";
}

// For an address that no worker has. ?10: now.
constexpr const char* kAdd =
    "INSERT INTO lease (address, state, version, client_high, client_low, mac, bootp, since, until)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    " ON CONFLICT (address) DO UPDATE SET state = excluded.state, version = (version + 1) & 65535,"
    " client_high = excluded.client_high, client_low = excluded.client_low, mac = excluded.mac,"
    " bootp = excluded.bootp, since = excluded.since, until = excluded.until"
    " WHERE (state IN (2, 3) OR until <= ?10) AND excluded.state NOT IN (2, 3)";

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

Stored<void> sync_folder_of(const std::string& path) {
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (is_synced) return {};
  return tl::unexpected("its folder cannot be synced: " + std::string(std::strerror(error)));
}

// Whether there is nothing yet; an error where something is missing that was there.
Stored<bool> is_absent(const std::string& path) {
  std::error_code error;
  const bool has_file = fs::exists(path, error) && fs::file_size(path, error) > 0;
  if (has_file) return false;
  if (fs::exists(path + "-wal", error) && fs::file_size(path + "-wal", error) > 0) {
    return tl::unexpected("the file is gone or empty, but " + path +
                          "-wal is there: restore it, or remove the other as well");
  }
  return true;
}

}  // namespace

struct LeaseStore::State {
  State(StoreClock clock_to_read, StoreLock held, Database opened)
      : clock(std::move(clock_to_read)), lock(std::move(held)), database(std::move(opened)) {}
  ~State() {
    // Whatever failed: nothing more is written to this file.
    if (failed) {
      sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
  }

  Stored<void> set_up();
  Stored<void> remember();
  Stored<std::optional<std::int64_t>> meta_integer(std::string_view key);
  Stored<void> set_meta(const std::string& key, const std::string& value);
  Stored<void> follow_clock(const StoreTime& time);
  Stored<void> write(std::span<const LeaseChange> changes);
  Stored<std::vector<bool>> add(std::span<const LeaseChange> leases);
  static Stored<void> run(Statement& statement);
  Stored<StoreTime> begin();
  Stored<void> commit();
  // Nothing is written after the first failure.
  template <class Act>
  auto unless_failed(const Act& act) -> decltype(act());
  void watch_log();
  Stored<void> checkpoint();

  std::string path;
  bool is_new = false;
  bool failed = false;
  StoreClock clock;
  StoreLock lock;
  Database database;
  Statement begin_statement;
  Statement insert;
  Statement insert_together;  // kRowsTogether
  Statement commit_statement;
  std::uint64_t key_seed = 0;
  std::int64_t clock_offset = 0;  // wall - boot, as the rows have it
  std::int64_t page_bytes = 0;
  int log_pages = 0;  // after the last commit
  int log_pages_max = 0;
};

template <class Act>
auto LeaseStore::State::unless_failed(const Act& act) -> decltype(act()) {
  if (failed) return tl::unexpected("lease database " + path + ": an earlier write has failed");
  auto done = act();
  if (done) return done;
  failed = true;
  return tl::unexpected("lease database " + path + ": " + done.error());
}

LeaseStore::LeaseStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LeaseStore::LeaseStore(LeaseStore&&) noexcept = default;
LeaseStore& LeaseStore::operator=(LeaseStore&&) noexcept = default;
LeaseStore::~LeaseStore() = default;

bool LeaseStore::is_new() const {
  return state_->is_new;
}

const std::string& LeaseStore::path() const {
  return state_->path;
}

Stored<bool> LeaseStore::lengthen_log() {
  State& state = *state_;
  state.database.wait_for_locks(0);
  auto more = state.unless_failed([&state] {
    return reveille::lengthen_log(state.database, state.path, state.page_bytes,
                                  state.log_pages_max);
  });
  state.database.wait_for_locks(kLockPatienceMs);
  return more;
}

std::uint64_t LeaseStore::log_bytes() const {
  return static_cast<std::uint64_t>(state_->log_pages) *
         static_cast<std::uint64_t>(state_->page_bytes);
}

Stored<LeaseStore> LeaseStore::open(const std::string& path, StoreClock clock,
                                    const Options& options) {
  const auto refuse = [&path](const std::string& why) {
    return tl::unexpected("lease database " + path + ": " + why);
  };
  auto lock = StoreLock::take(path);
  if (!lock) return refuse(lock.error());
  const auto absent = is_absent(path);
  if (!absent) return refuse(absent.error());
  auto database = Database::open(path, Database::Access::create, options.vfs);
  if (!database) return refuse(database.error());
  auto state = std::make_unique<State>(std::move(clock), std::move(*lock), std::move(*database));
  state->path = path;
  state->is_new = *absent;
  state->log_pages_max = options.log_pages_max;
  if (auto ready = state->set_up(); !ready) {
    state->failed = true;
    return refuse(ready.error());
  }
  return LeaseStore(std::move(state));
}

Stored<void> LeaseStore::State::set_up() {
  database.wait_for_locks(kLockPatienceMs);
  // Another program's database must not be changed, not even its mode.
  if (!is_new) {
    if (auto known = check_schema(database); !known) return known;
  }
  // The mode is only changed when the statement has come to its end.
  if (auto changed = database.run("PRAGMA journal_mode = WAL"); !changed) return changed;
  auto mode = database.prepare("PRAGMA journal_mode");
  if (!mode) return tl::unexpected(mode.error());
  if (const auto row = mode->step(); !row) return tl::unexpected(row.error());
  if (mode->text(0) != "wal") {
    return tl::unexpected(std::string("no write-ahead log can be here (a network file system?)"));
  }
  mode->reset();
  if (auto set = database.run(kSettings); !set) return set;
  const auto page = database.integer("PRAGMA page_size");
  if (!page) return tl::unexpected(page.error());
  page_bytes = *page;
  watch_log();
  if (auto current = bring_up_to_date(database); !current) return current;
  if (auto remembered = remember(); !remembered) return remembered;
  for (const auto& [sql, to] :
       {std::pair<std::string, Statement*>{"BEGIN IMMEDIATE", &begin_statement},
        {write_rows(1), &insert},
        {write_rows(kRowsTogether), &insert_together},
        {"COMMIT", &commit_statement}}) {
    auto prepared = database.prepare(sql);
    if (!prepared) return tl::unexpected(prepared.error());
    *to = std::move(*prepared);
  }
  return is_new ? sync_folder_of(path) : Stored<void>{};
}

Stored<std::optional<std::int64_t>> LeaseStore::State::meta_integer(std::string_view key) {
  auto query = database.prepare("SELECT value FROM meta WHERE key = ?1");
  if (!query) return tl::unexpected(query.error());
  query->bind(1, key);
  const auto row = query->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::nullopt;
  return query->integer(0);
}

Stored<void> LeaseStore::State::set_meta(const std::string& key, const std::string& value) {
  return database.run("INSERT OR REPLACE INTO meta VALUES ('" + key + "', " + value + ")");
}

// The seed of client keys, and which clocks the rows were written by. Writes in any case: a disk
// that is full or read-only shows itself now.
Stored<void> LeaseStore::State::remember() {
  const StoreTime time = clock.read();
  if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
  const auto seed = meta_integer("key_seed");
  if (!seed) return tl::unexpected(seed.error());
  key_seed = *seed ? static_cast<std::uint64_t>(**seed) : random_number();
  const auto same_boot = database.integer(
      "SELECT count(*) FROM meta WHERE key = 'boot_id' AND value = '" + clock.boot_id + "'");
  if (!same_boot) return tl::unexpected(same_boot.error());
  const auto offset = meta_integer("clock_offset");
  if (!offset) return tl::unexpected(offset.error());
  clock_offset = time.wall_seconds - time.boot_seconds;
  if (*same_boot > 0 && *offset) {
    clock_offset = **offset;
    if (auto followed = follow_clock(time); !followed) return followed;
  }
  for (const auto& [key, value] :
       {std::pair<std::string, std::string>{"key_seed",
                                            std::to_string(static_cast<std::int64_t>(key_seed))},
        {"boot_id", "'" + clock.boot_id + "'"},
        {"clock_offset", std::to_string(clock_offset)},
        {"opened", std::to_string(time.wall_seconds)}}) {
    if (auto set = set_meta(key, value); !set) return set;
  }
  return database.run("COMMIT");
}

// When the wall clock is set, the rows go with it: a lease ends as many seconds from now as
// before. Only a clock that was set while the machine was down cannot be told from time that
// passed.
Stored<void> LeaseStore::State::follow_clock(const StoreTime& time) {
  const std::int64_t offset = time.wall_seconds - time.boot_seconds;
  const std::int64_t step = offset - clock_offset;
  if (step > -kStepMin && step < kStepMin) return {};
  const std::string by = std::to_string(step);
  auto moved =
      database.run("UPDATE lease SET since = since + (" + by + "), until = until + (" + by + ")");
  if (!moved) return moved;
  clock_offset = offset;
  return set_meta("clock_offset", std::to_string(offset));
}

Stored<StoredLeases> LeaseStore::load() {
  State& state = *state_;
  const auto refuse = [&](const std::string& why) {
    state.failed = true;
    return tl::unexpected("lease database " + state.path + ": " + why);
  };
  const auto count = state.database.integer("SELECT count(*) FROM lease");
  if (!count) return refuse(count.error());
  StoredLeases stored;
  stored.key_seed = state.key_seed;
  stored.leases.reserve(static_cast<std::size_t>(*count));
  auto rows = state.database.prepare(std::string("SELECT ") + kColumns + " FROM lease");
  if (!rows) return refuse(rows.error());
  const StoreTime time = state.clock.read();
  while (true) {
    const auto row = rows->step();
    if (!row) return refuse(row.error());
    if (!*row) break;
    const auto lease = row_of(*rows);
    if (!lease) return refuse(lease.error());
    stored.leases.push_back(change_of(*lease, time));
  }
  const auto is_over = [](const LeaseChange& change) {
    return change.kind == LeaseChange::Kind::released || change.kind == LeaseChange::Kind::expired;
  };
  std::sort(stored.leases.begin(), stored.leases.end(),
            [&](const LeaseChange& a, const LeaseChange& b) {
              if (is_over(a) != is_over(b)) return is_over(a);
              return a.until != b.until ? a.until < b.until : a.address < b.address;
            });
  return stored;
}

Stored<void> LeaseStore::State::run(Statement& statement) {
  const auto done = statement.step();
  statement.reset();
  return done ? Stored<void>{} : tl::unexpected(done.error());
}

Stored<StoreTime> LeaseStore::State::begin() {
  const StoreTime time = clock.read();
  if (auto begun = run(begin_statement); !begun) return tl::unexpected(begun.error());
  if (auto followed = follow_clock(time); !followed) return tl::unexpected(followed.error());
  return time;
}

Stored<void> LeaseStore::State::write(std::span<const LeaseChange> changes) {
  const auto time = begin();
  if (!time) return tl::unexpected(time.error());
  while (!changes.empty()) {
    const bool together = changes.size() >= kRowsTogether;
    Statement& statement = together ? insert_together : insert;
    const auto rows = changes.first(together ? kRowsTogether : 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      bind_row(statement, row_of(rows[i], *time), static_cast<int>(i) * kColumnCount);
    }
    if (auto written = run(statement); !written) return written;
    changes = changes.subspan(rows.size());
  }
  return commit();
}

Stored<std::vector<bool>> LeaseStore::State::add(std::span<const LeaseChange> leases) {
  const auto time = begin();
  if (!time) return tl::unexpected(time.error());
  auto statement = database.prepare(kAdd);
  if (!statement) return tl::unexpected(statement.error());
  std::vector<bool> added;
  for (const LeaseChange& lease : leases) {
    bind_row(*statement, row_of(lease, *time));
    statement->bind(10, time->wall_seconds);
    const auto done = statement->step();
    statement->reset();
    if (!done) return tl::unexpected(done.error());
    added.push_back(sqlite3_changes(database.get()) > 0);
  }
  *statement = Statement();
  if (auto committed = commit(); !committed) return tl::unexpected(committed.error());
  return added;
}

Stored<void> LeaseStore::State::commit() {
  if (auto committed = run(commit_statement); !committed) return committed;
  return log_pages < log_pages_max ? Stored<void>{} : checkpoint();
}

void LeaseStore::State::watch_log() {
  const auto note = [](void* pages, sqlite3*, const char*, int count) {
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database.get(), note, &log_pages);
}

// As much as no reader needs any more; the next commit starts the log anew when that is all.
Stored<void> LeaseStore::State::checkpoint() {
  const int result = sqlite3_wal_checkpoint_v2(database.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               nullptr, nullptr);
  // Busy: another program copies it right now.
  if (result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY) return {};
  return tl::unexpected("its log cannot be copied into it (checkpoint): " +
                        failure_of(database.get()));
}

Stored<void> LeaseStore::write(std::span<const LeaseChange> changes) {
  return state_->unless_failed([&] { return state_->write(changes); });
}

Stored<std::vector<bool>> LeaseStore::add(std::span<const LeaseChange> leases) {
  return state_->unless_failed([&] { return state_->add(leases); });
}

}  // namespace reveille
