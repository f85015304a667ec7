// What is said on the terminal before there is a log, or instead of one.
#pragma once

#include <string>

#include "control/config/problem.h"

namespace reveille {

// "reveille: error: WHY" to standard error; returns the exit code 1.
int failed(const std::string& why);

// All problems to standard error. True when the configuration can be used.
[[nodiscard]] bool usable(const Problems& problems);

}  // namespace reveille
