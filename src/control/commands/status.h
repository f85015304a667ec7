// `reveille status`: what the running reveille serves, for people or as JSON.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "control/command_line.h"

namespace reveille {

// The exit code of the process.
[[nodiscard]] int status(const CommandLine& line);

// Where the reveille listens that `line` means: --control, else what --config says, else the
// usual place. nullopt, and said on the terminal, when the file cannot be used.
[[nodiscard]] std::optional<std::string> control_path(const ConfigArguments& arguments);

// Neither a database nor a configuration file was named: only who listens there is meant.
[[nodiscard]] inline bool names_socket_alone(const ConfigArguments& arguments) {
  return arguments.control && !arguments.leases && arguments.config_file.empty();
}

// The report of the "status" command in lines for people. Fields that are missing are shown as
// nothing: the reveille that answers may be an older one.
[[nodiscard]] std::string status_page(const nlohmann::json& report);

}  // namespace reveille
