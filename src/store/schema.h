// The tables of the lease database, and how an older one becomes the present one.
//
// Table `lease` has a row for each address that was ever leased; its columns are numbers. Whoever
// reads by hand takes the view `leases`: address, state, mac and times as text.
#pragma once

#include "store/database.h"

namespace reveille {

// "rvll": tells our databases from others (PRAGMA application_id).
inline constexpr std::int64_t kApplicationId = 0x72766c6c;
// PRAGMA user_version.
inline constexpr std::int64_t kSchemaVersion = 1;

// The column `state`. Never renumber: they are on disks.
enum class RowState : std::int64_t {
  bound = 1,
  released = 2,
  expired = 3,
  declined = 4,
  conflict = 5,  // somebody who has no lease answers there
  reserved = 6,  // by an operator: given to nobody
};
inline constexpr std::int64_t kRowStateMax = 6;

// Makes the tables in an empty database, migrates an older one, leaves one of today alone and
// refuses one of a newer version or of another program. All in one transaction.
[[nodiscard]] Stored<void> bring_up_to_date(Database& database);

// Refuses what bring_up_to_date() would refuse, without a change.
[[nodiscard]] Stored<void> check_schema(Database& database);

}  // namespace reveille
