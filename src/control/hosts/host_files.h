// Hosts files and folders of them, as [hosts] names them.
#pragma once

#include "control/config/config_file.h"

namespace reveille {

inline constexpr std::size_t kHostFileBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kHostFilesMax = 1000;  // in all folders together

// Reads parsed.host_files into parsed.config.hosts, after those of the configuration itself. Of a
// folder, every file but hidden ones and editors' backups, in the order of their names.
void read_host_files(ParsedConfig& parsed);

}  // namespace reveille
