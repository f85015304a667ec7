#include "store/lease_list.h"

namespace reveille {

Stored<std::vector<LeaseRow>> read_leases(const std::string& path) {
  const auto refuse = [&path](const std::string& why) {
    return tl::unexpected("lease database " + path + ": " + why);
  };
  auto database = Database::open(path, Database::Access::read);
  if (!database) return refuse(database.error());
  database->wait_for_locks(1000);
  if (auto known = check_schema(*database); !known) return refuse(known.error());
  auto rows = database->prepare(std::string("SELECT ") + kColumns + " FROM lease ORDER BY address");
  if (!rows) return refuse(rows.error());
  std::vector<LeaseRow> leases;
  while (true) {
    const auto row = rows->step();
    if (!row) return refuse(row.error());
    if (!*row) return leases;
    auto lease = row_of(*rows);
    if (!lease) return refuse(lease.error());
    leases.push_back(*lease);
  }
}

}  // namespace reveille
