// The other end of the control socket: one question to a running reveille.
#pragma once

#include <chrono>
#include <string>

#include "control/socket/commands.h"

namespace reveille {

struct AskError {
  std::string text;           // a sentence
  bool was_answered = false;  // by a reveille that refuses; else nobody listens, or answers
};

// Waits for the answer, at most `patience` between two signs of life.
[[nodiscard]] tl::expected<Json, AskError> ask(
    const std::string& path, std::string_view command, const Json& arguments,
    std::chrono::milliseconds patience = std::chrono::seconds{10});

}  // namespace reveille
