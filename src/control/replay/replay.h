// `reveille replay`: a capture through the same workers, without any network.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/command_line.h"
#include "control/replay/capture_server.h"
#include "packet/stations.h"

namespace reveille {

// The exit code of the process. Prints one line for each event, then the table of outcomes.
[[nodiscard]] int replay(const CommandLine& line);

// The configuration of a replay, checked: `capture_device` is the port; where neither file nor
// command line give an address it is that of the capture's server, else 10.77.0.1/16; where they
// give no pool it is the larger part of the network beside our own address.
[[nodiscard]] ParsedConfig configure_replay(const ConfigArguments& arguments,
                                            const std::optional<CaptureServer>& server,
                                            const std::string& capture_device);

// Makes us the capture's server: frames to it have its MAC address, and with another one they were
// not for us.
void take_place_of(const std::optional<CaptureServer>& server, std::vector<Station>& stations);

// Every choice that is left to chance comes from it.
inline constexpr std::uint64_t kReplaySeed = 1;

}  // namespace reveille
