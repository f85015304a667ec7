// All leases of a database as rows, for people: while a server writes it, or with none.
#pragma once

#include <string>
#include <vector>

#include "store/lease_rows.h"

namespace reveille {

// By address. Changes nothing. One sentence, with the path, when it cannot be read.
[[nodiscard]] Stored<std::vector<LeaseRow>> read_leases(const std::string& path);

}  // namespace reveille
