// The name of a Unix socket, as the kernel takes it.
#pragma once

#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>

namespace reveille {

// The longest path that fits.
inline constexpr std::size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;

[[nodiscard]] inline std::optional<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() > kSocketPathMax) return std::nullopt;
  path.copy(address.sun_path, kSocketPathMax);
  return address;
}

}  // namespace reveille
