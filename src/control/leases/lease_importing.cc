#include "control/leases/lease_importing.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <unordered_map>

#include "control/config/value_text.h"
#include "control/console.h"
#include "control/leases/lease_keeping.h"
#include "dhcp/client_key.h"
#include "store/import/lease_import.h"
#include "store/lease_store.h"

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

ClientKey key_of(const ImportedLease& lease, Identity identity, std::uint64_t seed) {
  const bool has_id = !lease.client_id.empty();
  if (has_id && (identity == Identity::client_id || lease.mac.is_zero())) {
    return client_id_key_of(lease.client_id, seed);
  }
  return lease.mac.is_zero() ? ClientKey{} : ethernet_key_of(lease.mac);
}

LeaseChange::Kind kind_of(RowState state) {
  switch (state) {
    case RowState::bound:
      return LeaseChange::Kind::bound;
    case RowState::declined:
      return LeaseChange::Kind::declined;
    case RowState::expired:
      return LeaseChange::Kind::expired;
    default:
      return LeaseChange::Kind::released;
  }
}

// What a file says, seen beside what the database has.
class Merge {
 public:
  Merge(const StoredLeases& stored, Identity identity, std::int64_t wall_seconds)
      : stored_(stored), identity_(identity), wall_seconds_(wall_seconds) {
    for (const LeaseChange& lease : stored.leases) here_.emplace(lease.address.value, &lease);
  }

  void add(const ImportedLease& lease, ImportedLeases& said) {
    const auto found = here_.find(lease.address.value);
    const LeaseChange* const here = found == here_.end() ? nullptr : found->second;
    LeaseChange change{.kind = kind_of(lease.state),
                       .address = lease.address,
                       .client = key_of(lease, identity_, stored_.key_seed),
                       .until = until_of(lease),
                       .mac = lease.mac};
    const bool is_over = change.until <= Instant{};
    if (change.kind == LeaseChange::Kind::bound && is_over) {
      change.kind = LeaseChange::Kind::expired;
    }
    if (change.kind == LeaseChange::Kind::declined) change.client = {};
    const bool is_bound = change.kind == LeaseChange::Kind::bound;
    if (is_bound && change.client.is_nobody()) {
      return said.skip(lease.line, "the lease of " + lease.address.text() + " names no client");
    }
    if (here != nullptr && !gives_way(*here, change)) {
      return said.skip(lease.line, lease.address.text() + " is in this database already");
    }
    change.version = static_cast<std::uint16_t>(here == nullptr ? 1 : unsigned{here->version} + 1U);
    bound += is_bound ? 1 : 0;
    changes.push_back(change);
  }

  std::vector<LeaseChange> changes;
  std::size_t bound = 0;

 private:
  [[nodiscard]] Instant until_of(const ImportedLease& lease) const {
    if (!lease.until) return Instant::max();
    // Further away than anybody lives; the sum stays inside the clock.
    constexpr std::int64_t kLongest = std::int64_t{1} << 32;
    const std::int64_t left = std::clamp(*lease.until - wall_seconds_, -kLongest, kLongest);
    return Instant{} + std::chrono::seconds{left};
  }
  // What is known here is newer than what another server left, unless it is over.
  static bool gives_way(const LeaseChange& here, const LeaseChange& imported) {
    const bool is_over =
        here.kind == LeaseChange::Kind::released || here.kind == LeaseChange::Kind::expired;
    return is_over && imported.kind != LeaseChange::Kind::released &&
           imported.kind != LeaseChange::Kind::expired;
  }

  const StoredLeases& stored_;
  Identity identity_;
  std::int64_t wall_seconds_;
  std::unordered_map<std::uint32_t, const LeaseChange*> here_;
};

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

int import_lease_file(const std::string& file, const std::string& database, Identity identity) {
  const auto text = contents_of(file);
  if (!text) return failed(text.error());
  auto imported = import_leases(*text);
  if (!imported) return failed(file + ": " + imported.error());
  make_folder_for(database);
  const StoreClock clock = machine_clock([] { return Instant{}; });
  auto store = LeaseStore::open(database, clock);
  if (!store) return failed(store.error());
  const auto stored = store->load();
  if (!stored) return failed(stored.error());
  Merge merge(*stored, identity, clock.read().wall_seconds);
  for (const ImportedLease& lease : imported->leases) merge.add(lease, *imported);
  if (auto written = store->write(merge.changes); !written) return failed(written.error());
  tell_problems(file, *imported);
  std::cout << count_text(merge.changes.size())
            << (merge.changes.size() == 1 ? " lease of " : " leases of ") << name(imported->kind)
            << " taken over, " << count_text(merge.bound) << " of them bound; "
            << count_text(imported->skipped) << " left out\n";
  return merge.changes.empty() && imported->skipped > 0 ? 1 : 0;
}

}  // namespace reveille
