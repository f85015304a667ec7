// `reveille replay`: a capture through the same workers, without any network.
#pragma once

#include <optional>

#include "control/capture_server.h"
#include "control/command_line.h"

namespace reveille {

// The exit code of the process. Prints one line for each event, then the table of outcomes.
[[nodiscard]] int replay(const CommandLine& line);

// The configuration of a replay, checked: `capture_device` is the port; where neither file nor
// command line give an address it is that of the capture's server, else 10.77.0.1/16; where they
// give no pool it is the larger part of the network beside our own address.
[[nodiscard]] ParsedConfig configure_replay(const ConfigArguments& arguments,
                                            const std::optional<CaptureServer>& server,
                                            const std::string& capture_device);

}  // namespace reveille
