// A look at TOML text before it is parsed: is it too large, or nested too deep?
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "control/config/problem.h"

namespace reveille {

inline constexpr std::size_t kConfigBytesMax = std::size_t{16} << 20;
// Brackets, braces and dots of one key. The deepest that reveille has is 4.
inline constexpr unsigned kConfigDepthMax = 16;

struct ShapeProblem {
  Origin origin;
  std::string text;
};

// toml++ 3.3 follows dotted keys with one call a dot, in parsing and in freeing, so a line of
// dots would end the process for want of stack. Here they are counted first.
[[nodiscard]] std::optional<ShapeProblem> toml_shape_problem(std::string_view text);

}  // namespace reveille
