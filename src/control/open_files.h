// How many files the process may have open, against what its disks may need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <reveille/config.h>

namespace reveille {

// Raises the soft limit (RLIMIT_NOFILE) to the hard one, for this process and its threads; nothing
// here uses select(), for which more than 1024 would be too many. Returns what the limit is now.
std::uint64_t raise_open_files();

// A sentence, when machines that all write to overlays in files may come to need more descriptors
// than `limit`; what then happens to them is said in disk/overlay_file.h.
[[nodiscard]] std::optional<std::string> open_files_warning(const Config& config,
                                                            std::uint64_t limit);

}  // namespace reveille
