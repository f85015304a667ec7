// The words after `reveille`.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/config_arguments.h"

namespace reveille {

enum class Verb : std::uint8_t { serve, check, replay, status, reload, version };

struct CommandLine {
  Verb verb = Verb::serve;
  ConfigArguments config;
  std::string capture;  // replay: the frames to answer
  std::string answers;  // replay: where the answers go; empty: nowhere
  bool json = false;    // status: JSON instead of tables
};

// Why there is nothing to do: help was asked for (0, to standard output), or the words make no
// sense (1, to standard error).
struct CommandLineEnd {
  int exit_code = 0;
  std::string text;
};

// `words` without the program's name.
[[nodiscard]] tl::expected<CommandLine, CommandLineEnd> parse_command_line(
    std::vector<std::string> words);

}  // namespace reveille
