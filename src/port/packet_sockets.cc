#include "port/packet_sockets.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <linux/if_xdp.h>
#include <string>
#include <sys/socket.h>
#include <system_error>

namespace reveille {

std::vector<int> packet_sockets() {
  std::vector<int> found;
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename();
    int number = -1;
    int family = 0;
    socklen_t length = sizeof family;
    if (std::from_chars(name.data(), name.data() + name.size(), number).ec != std::errc{}) continue;
    // No socket has no family.
    if (getsockopt(number, SOL_SOCKET, SO_DOMAIN, &family, &length) != 0) continue;
    if (family == AF_PACKET || family == AF_XDP) found.push_back(number);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<std::uint64_t> frames_lost_at(int socket) {
  xdp_statistics statistics{};
  socklen_t length = sizeof statistics;
  if (getsockopt(socket, SOL_XDP, XDP_STATISTICS, &statistics, &length) != 0) return std::nullopt;
  return statistics.rx_dropped + statistics.rx_ring_full;
}

}  // namespace reveille
