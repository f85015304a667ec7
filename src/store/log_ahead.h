// The log of a lease database, written ahead of need.
//
// Over octets that are there a sync has the octets to write and nothing else. With a file that
// grows it writes the new length as well, and waits for that: twice as long.
#pragma once

#include <cstdint>
#include <string>

#include "store/database.h"

namespace reveille {

// Writes a part of what the log of the database at `path` will have in the end, some milliseconds.
// False: it has room for so many pages already, the disk is rather full, or another program writes
// to the database. Thread: the database's, outside a transaction.
[[nodiscard]] Stored<bool> lengthen_log(Database& database, const std::string& path,
                                        std::int64_t page_bytes, int pages);

}  // namespace reveille
