// `reveille leases`: what is on record, and an operator's word about one address.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/command_line.h"
#include "store/lease_rows.h"

namespace reveille {

// Lists them, releases or reserves one, or takes over another server's. Returns the exit code.
int leases(const CommandLine& line);

// As a table for people, as CSV or as JSON. `wall_seconds`: now; tells what is over.
[[nodiscard]] std::string leases_text(const std::vector<LeaseRow>& rows, LeasesFormat format,
                                      std::int64_t wall_seconds);

}  // namespace reveille
