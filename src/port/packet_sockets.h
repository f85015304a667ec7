// The kernel's sockets behind the ports: an idle worker waits at them instead of sleeping.
#pragma once

#include <vector>

namespace reveille {

// Those of this process through which a driver reads whole frames (AF_PACKET, AF_XDP), in
// ascending order. None where /proc is not to be read. Any thread; the sockets of other threads
// may be closed by then.
[[nodiscard]] std::vector<int> packet_sockets();

}  // namespace reveille
