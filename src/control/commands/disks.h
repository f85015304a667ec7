// `reveille disks`: which disks the running reveille serves, and who uses them.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "control/command_line.h"

namespace reveille {

// The exit code of the process.
[[nodiscard]] int disks(const CommandLine& line);

// The report of the "disks" command in lines for people.
[[nodiscard]] std::string disks_page(const nlohmann::json& report);

}  // namespace reveille
