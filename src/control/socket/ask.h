// The other end of the control socket: one question to a running reveille.
#pragma once

#include <chrono>
#include <string>

#include "control/socket/commands.h"

namespace reveille {

// Waits for the answer, at most `patience` between two signs of life. The error is a sentence:
// nobody listens, no permission, no answer, or what reveille itself refused.
[[nodiscard]] CommandResult ask(const std::string& path, std::string_view command,
                                const Json& arguments,
                                std::chrono::milliseconds patience = std::chrono::seconds{10});

}  // namespace reveille
