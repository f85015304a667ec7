// `reveille serve`: from the first check to the closing table.
#pragma once

#include "control/config/config_arguments.h"

namespace reveille {

// The exit code of the process. Runs until SIGINT or SIGTERM; SIGHUP starts a new log file and
// reads the configuration again.
[[nodiscard]] int serve(const ConfigArguments& arguments);

}  // namespace reveille
