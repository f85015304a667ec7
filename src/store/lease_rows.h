// Rows of the table `lease` as they are on disk, and what of them makes sense.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <reveille/address.h>

#include "dhcp/lease.h"
#include "store/schema.h"
#include "store/store_clock.h"

namespace reveille {

struct LeaseRow {
  Ipv4Address address;
  RowState state{};
  std::uint16_t version = 0;
  ClientKey client;
  MacAddress mac;
  bool bootp = false;
  std::int64_t since = 0;             // seconds of the epoch: when it was written
  std::optional<std::int64_t> until;  // the same; nullopt: for ever

  [[nodiscard]] bool is_over(std::int64_t wall_seconds) const;
};

// The columns in this order, everywhere.
inline constexpr const char* kColumns =
    "address, state, version, client_high, client_low, mac, bootp, since, until";
inline constexpr int kColumnCount = 9;

// An error says which row no server wrote, and why.
[[nodiscard]] Stored<LeaseRow> row_of(const Statement& statement);
// To the parameters behind the first `before`.
void bind_row(Statement& statement, const LeaseRow& row, int before = 0);

[[nodiscard]] LeaseRow row_of(const LeaseChange& change, const StoreTime& time);
// What the row means for a server that starts now.
[[nodiscard]] LeaseChange change_of(const LeaseRow& row, const StoreTime& time);

[[nodiscard]] std::string_view name(RowState state);

}  // namespace reveille
