// Leases of a running server between its workers and their database.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "dhcp/lease.h"
#include "store/committer.h"
#include "store/lease_store.h"
#include "store/log_length.h"
#include "worker/workers.h"

namespace reveille {

// Whether this configuration has leases that outlive the process.
[[nodiscard]] bool keeps_leases(const Config& config);

// The state folder of a server that no service manager starts.
void make_folder_for(const std::string& database);

// Control thread. Destroy before the workers.
class LeaseKeeping {
 public:
  // Opens the database and reads all leases. nullptr when the configuration keeps none.
  static tl::expected<std::unique_ptr<LeaseKeeping>, std::string> open(const Config& config,
                                                                       Workers& workers);

  // What Workers::start() wants. Its leases are let go of by start(), its seed stays.
  [[nodiscard]] const StoredLeases& stored() const { return stored_; }
  // "leases in /var/lib/reveille/leases.db: 1 200 known, 40 of them bound"
  [[nodiscard]] const std::string& status() const { return status_; }

  // From now on changes are written. Call when the workers run.
  void start();
  // Writes what is left. Call when the workers have stopped.
  void stop();

  // Adds leases of addresses that no worker has; see Committer.
  void add(Committer::Addition& addition) { committer_.add(addition); }
  [[nodiscard]] bool added() const { return committer_.added(); }

  [[nodiscard]] std::optional<std::string> failure() const { return committer_.failure(); }
  // What an operator should know, once. To be asked each second or so.
  [[nodiscard]] std::optional<std::string> warning() {
    return log_length_.look(path_, committer_.counts().log_bytes);
  }
  [[nodiscard]] bool alive() const;
  [[nodiscard]] Committer::Counts counts() const { return committer_.counts(); }

 private:
  LeaseKeeping(LeaseStore store, StoredLeases stored, Workers& workers);

  std::string status_;
  std::string path_;
  LogLength log_length_;
  StoredLeases stored_;
  Committer committer_;
};

}  // namespace reveille
