// `reveille reload`: the running reveille reads its configuration again.
#pragma once

#include "control/command_line.h"

namespace reveille {

// The exit code of the process: 1, with every problem, when nothing has changed.
[[nodiscard]] int reload(const CommandLine& line);

}  // namespace reveille
