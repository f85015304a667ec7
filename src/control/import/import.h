// `reveille import`: the configuration of another server, in reveille's terms.
#pragma once

#include "control/command_line.h"

namespace reveille {

// The exit code of the process: 1 also when the result needs a hand before it can be used.
[[nodiscard]] int import_config(const CommandLine& line);

}  // namespace reveille
