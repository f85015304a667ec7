// Leases on disk: one SQLite database (WAL, synchronous=FULL) that one server writes.
//
// What is promised: when write() returns success, its records survive kill -9 and loss of power
// as far as the disk honours a sync. When anything fails the store is done with: the caller stops
// and never writes to it again, for after a failed sync nobody knows what is on the disk.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dhcp/lease.h"
#include "store/database.h"
#include "store/store_clock.h"

namespace reveille {

// One thread at a time. Other programs may read the database meanwhile.
class LeaseStore {
 public:
  struct Options {
    std::string vfs{};  // of SQLite; empty: its default
    // Of the log, 4096 octets each, until it is copied: a copy costs as much as a commit.
    int log_pages_max = 8192;
  };

  // Opens or makes the database at `path`, brings it up to date, and proves that it can be written
  // by writing. Refused, in one sentence that names the path: a file that is damaged, of another
  // program or of a newer version, that cannot be written, or that another server has open.
  static Stored<LeaseStore> open(const std::string& path, StoreClock clock, const Options& options);
  static Stored<LeaseStore> open(const std::string& path, StoreClock clock) {
    return open(path, std::move(clock), Options{});
  }
  LeaseStore(LeaseStore&&) noexcept;
  LeaseStore& operator=(LeaseStore&&) noexcept;
  ~LeaseStore();

  // The file was not there before.
  [[nodiscard]] bool is_new() const;
  [[nodiscard]] const std::string& path() const;

  // Everything that is known, in the order that LeaseTable wants. A row that no server wrote is a
  // damaged database.
  [[nodiscard]] Stored<StoredLeases> load();

  // All of them in one transaction, on disk when it returns. Of an address the change with the
  // latest version stands, in whichever order they come.
  // From time to time its log (the file beside it, -wal) is copied into the database: that can
  // fail, too.
  [[nodiscard]] Stored<void> write(std::span<const LeaseChange> changes);

  // The same for leases of another server, of addresses that no worker has: whatever is on record
  // of such an address stands, unless it is over. Says of each whether it was written.
  [[nodiscard]] Stored<std::vector<bool>> add(std::span<const LeaseChange> leases);

  // Writes a part of what the log will have in the end ahead of need, for commits that need not
  // lengthen it are faster; some milliseconds. False: it is whole, or the disk is rather full,
  // or somebody else writes.
  [[nodiscard]] Stored<bool> lengthen_log();

  // How long the log is. It is started anew when all of it has been copied, which a reader
  // prevents for as long as it looks at the database as it was: see LogLength.
  [[nodiscard]] std::uint64_t log_bytes() const;

 private:
  struct State;
  explicit LeaseStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reveille
