#include "store/schema.h"

namespace reveille {
namespace {

// `version` counts the changes of an address modulo 65536. `client_high` and `client_low` are the
// two halves of what names the client (a MAC address as it is, a client-id as a hash). Times are
// seconds of the epoch; `until` is NULL for a lease without an end.
constexpr const char* kCreate = R"(
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE lease (
  address INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  version INTEGER NOT NULL,
  client_high INTEGER NOT NULL,
  client_low INTEGER NOT NULL,
  mac INTEGER NOT NULL,
  bootp INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER
);
CREATE VIEW leases AS SELECT
  printf('%d.%d.%d.%d', address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255)
    AS address,
  CASE WHEN state = 1 AND until <= CAST(strftime('%s', 'now') AS INTEGER) THEN 'expired'
       ELSE (CASE state WHEN 1 THEN 'bound' WHEN 2 THEN 'released' WHEN 3 THEN 'expired'
             WHEN 4 THEN 'declined' WHEN 5 THEN 'conflict' WHEN 6 THEN 'reserved' END) END AS state,
  printf('%02x:%02x:%02x:%02x:%02x:%02x', mac >> 40 & 255, mac >> 32 & 255, mac >> 24 & 255,
         mac >> 16 & 255, mac >> 8 & 255, mac & 255) AS mac,
  datetime(since, 'unixepoch') AS since,
  coalesce(datetime(until, 'unixepoch'), 'for ever') AS until
FROM lease;
)";

struct Identity {
  std::int64_t application = 0;
  std::int64_t version = 0;
  std::int64_t objects = 0;
};

Stored<Identity> identify(Database& database) {
  Identity identity;
  for (const auto& [sql, to] :
       {std::pair{"PRAGMA application_id", &identity.application},
        std::pair{"PRAGMA user_version", &identity.version},
        std::pair{"SELECT count(*) FROM sqlite_master", &identity.objects}}) {
    const auto value = database.integer(sql);
    if (!value) return tl::unexpected(value.error());
    *to = *value;
  }
  return identity;
}

// Nothing was ever put into it: what a crash in the first moment leaves.
bool is_empty(const Identity& identity) {
  return identity.application == 0 && identity.version == 0 && identity.objects == 0;
}

Stored<void> check(const Identity& identity) {
  if (is_empty(identity)) return {};
  if (identity.application != kApplicationId) {
    return tl::unexpected(std::string("it is a database of another program"));
  }
  if (identity.version > kSchemaVersion) {
    return tl::unexpected("it is of a newer version of reveille (schema " +
                          std::to_string(identity.version) + ", this one knows " +
                          std::to_string(kSchemaVersion) + ")");
  }
  return {};
}

}  // namespace

Stored<void> bring_up_to_date(Database& database) {
  if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
  const auto identity = identify(database);
  if (!identity) return tl::unexpected(identity.error());
  if (is_empty(*identity)) {
    auto made = database.run(kCreate + std::string("PRAGMA application_id = ") +
                             std::to_string(kApplicationId) +
                             "; PRAGMA user_version = " + std::to_string(kSchemaVersion));
    if (!made) return made;
    return database.run("COMMIT");
  }
  if (auto known = check(*identity); !known) return known;
  // Version 1 is the first: there is none to come from.
  return database.run("COMMIT");
}

Stored<void> check_schema(Database& database) {
  const auto identity = identify(database);
  if (!identity) return tl::unexpected(identity.error());
  return check(*identity);
}

}  // namespace reveille
