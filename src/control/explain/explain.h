// `reveille explain`: what a machine would be answered, and why.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "control/command_line.h"
#include "control/explain/explanation.h"
#include "control/replay/capture_server.h"

namespace reveille {

// The exit code of the process. Without a network and without the leases of a running server.
[[nodiscard]] int explain(const CommandLine& line);

// The configuration, checked; what is missing is as in configure_replay().
[[nodiscard]] ParsedConfig configure_explain(const CommandLine& line,
                                             const std::optional<CaptureServer>& server);

// Who we are, without a port: as in a replay of the capture whose server is `server`.
[[nodiscard]] std::vector<Station> stations_of(const Config& config,
                                               const std::optional<CaptureServer>& server);

// Explains each DHCP message of a capture; all of them are answered, in their order.
[[nodiscard]] tl::expected<void, std::string> explain_capture(
    Rehearsal& rehearsal, const std::string& file, const Origins& origins, std::size_t rules_max,
    const std::function<void(const Explanation&)>& tell);

}  // namespace reveille
