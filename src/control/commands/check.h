// `reveille check`: all that is wrong with a configuration, or what it would serve.
#pragma once

#include "control/config/config_arguments.h"

namespace reveille {

// The exit code of the process.
[[nodiscard]] int check(const ConfigArguments& arguments);

}  // namespace reveille
