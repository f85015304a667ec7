#include "control/leases/lease_keeping.h"

#include <algorithm>
#include <filesystem>

#include "control/config/value_text.h"
#include "port/eal.h"
#include "store/store_clock.h"

namespace reveille {
namespace {

// A disk may take its time; a watchdog's restart would only make it wait again.
constexpr Nanoseconds kCommitPatience = 5s;

std::vector<Committer::Line> lines_of(Workers& workers) {
  std::vector<Committer::Line> lines;
  for (unsigned worker = 0; worker < workers.count(); ++worker) {
    lines.push_back(
        {[&workers, worker](std::span<LeaseChange> room) {
           return workers.take_lease_changes(worker, room);
         },
         [&workers, worker](std::uint64_t count) { workers.leases_reached_disk(worker, count); },
         [&workers, worker] { return workers.sheds(worker); }});
  }
  return lines;
}

std::string status_of(const LeaseStore& store, const StoredLeases& stored) {
  if (store.is_new()) return "leases in " + store.path() + ": a new database, nothing is known";
  const auto bound = static_cast<std::uint64_t>(std::count_if(
      stored.leases.begin(), stored.leases.end(),
      [](const LeaseChange& change) { return change.kind == LeaseChange::Kind::bound; }));
  return "leases in " + store.path() + ": " + count_text(stored.leases.size()) + " known, " +
         count_text(bound) + " of them bound";
}

}  // namespace

void make_folder_for(const std::string& database) {
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::path(database).parent_path();
  if (!folder.empty()) std::filesystem::create_directory(folder, ignored);
}

bool keeps_leases(const Config& config) {
  return config.dhcp.mode == DhcpMode::server && !config.leases.in_memory();
}

LeaseKeeping::LeaseKeeping(LeaseStore store, StoredLeases stored, Workers& workers)
    : status_(status_of(store, stored)),
      path_(store.path()),
      stored_(std::move(stored)),
      committer_(std::move(store), lines_of(workers),
                 Committer::pace_on(allowed_cpus().size(), workers.count()),
                 &workers.lease_changes_doorbell()) {}

tl::expected<std::unique_ptr<LeaseKeeping>, std::string> LeaseKeeping::open(const Config& config,
                                                                            Workers& workers) {
  if (!keeps_leases(config)) return nullptr;
  make_folder_for(config.leases.database);
  auto store =
      LeaseStore::open(config.leases.database, machine_clock([&workers] { return workers.now(); }));
  if (!store) return tl::unexpected(store.error());
  auto stored = store->load();
  if (!stored) return tl::unexpected(stored.error());
  return std::unique_ptr<LeaseKeeping>(
      new LeaseKeeping(std::move(*store), std::move(*stored), workers));
}

void LeaseKeeping::start() {
  stored_.leases = {};
  committer_.start();
}

void LeaseKeeping::stop() {
  committer_.stop();
}

bool LeaseKeeping::alive() const {
  return committer_.alive(kCommitPatience);
}

}  // namespace reveille
