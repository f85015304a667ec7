// `reveille-storm disk`: its part of the command line.
#pragma once

#include <functional>
#include <string>

#include "storm/disk_config.h"

namespace CLI {
class App;
}

namespace reveille::storm {

struct DiskOptions {
  DiskStormConfig storm;
  std::string image;
  std::string trace;  // file; empty: none
};

// Adds the options to `app`; the function that is returned, called when all is parsed, puts what
// was typed into `options`, or throws CLI::ValidationError. `options` outlives both.
[[nodiscard]] std::function<void()> add_disk_options(CLI::App& app, DiskOptions& options);

}  // namespace reveille::storm
