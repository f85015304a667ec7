// A lease of another server as this one would have it, and as words of the control socket.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

#include <reveille/config.h>

#include "dhcp/lease.h"
#include "store/import/lease_import.h"

namespace reveille {

// What names a client here, and what time it is.
struct ForeignTerms {
  Identity identity{};
  std::uint64_t key_seed = 0;  // of StoredLeases
  Instant now{};               // by the clock of the changes
  std::int64_t wall_seconds = 0;
};

// Bound, declined, released or expired, the first as its first change. The error is a sentence
// about the lease: it cannot be had.
[[nodiscard]] tl::expected<LeaseChange, std::string> change_of(const ImportedLease& lease,
                                                               const ForeignTerms& terms);

// ["10.77.1.5","bound","52:54:00:12:34:56",1790000000,"01:52:54:00:12:34:56"]: the address, its
// state, the MAC address or "", the end in seconds of the epoch or null, the client-id or "".
[[nodiscard]] nlohmann::json words_of(const ImportedLease& lease);
// The error says what was expected instead.
[[nodiscard]] tl::expected<ImportedLease, std::string> foreign_lease_of(
    const nlohmann::json& words);

}  // namespace reveille
