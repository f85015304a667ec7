// What is served where, in the words of an operator.
#pragma once

#include <string>

#include <reveille/config.h>

#include "image/library.h"
#include "worker/workers.h"

namespace reveille {

// "serving DHCP and TFTP on eth1 as 10.77.0.1/16: 65 279 addresses; 12 images, 35.2 MiB"
[[nodiscard]] std::string status_text(const Config& config, const ImageStock& stock);

// The part that follows from the configuration alone.
[[nodiscard]] std::string service_text(const Config& config);

// "port eth1: net_af_packet, 52:54:00:12:34:56, MTU 1500, 1 queue, image bytes are copied"
[[nodiscard]] std::string port_text(const PortReport& port);

}  // namespace reveille
