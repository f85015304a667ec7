// The kernel's sockets behind the ports: an idle worker waits at them instead of sleeping.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace reveille {

// Those of this process through which a driver reads whole frames (AF_PACKET, AF_XDP), in
// ascending order. None where /proc is not to be read. Any thread; the sockets of other threads
// may be closed by then.
[[nodiscard]] std::vector<int> packet_sockets();

// Frames that an AF_XDP socket of ours found no room for in its rings, since it was opened. Nothing
// for any other socket: one of AF_PACKET starts anew when it is asked, and its driver asks. Any
// thread; one system call.
[[nodiscard]] std::optional<std::uint64_t> frames_lost_at(int socket);

}  // namespace reveille
