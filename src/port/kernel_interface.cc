#include "port/kernel_interface.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "port/interface_request.h"

namespace reveille {
namespace {

using Failure = tl::unexpected<std::string>;

Failure failure(const std::string& name, const std::string& what) {
  return Failure("interface " + name + ": " + what);
}

std::string names_of_interfaces() {
  std::string names;
  struct if_nameindex* const all = if_nameindex();
  if (all == nullptr) return names;
  for (auto* each = all; each->if_index != 0; ++each) {
    names += (names.empty() ? "" : ", ") + std::string(each->if_name);
  }
  if_freenameindex(all);
  return names;
}

// An abstract socket name: private to the network namespace, gone with the process.
int bind_claim(const std::string& name) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "reveille-interface-" + name;
  path.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + path.size());
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

// Solicitations of neighbours and routers go to 33:33:..., which an interface filters by default.
// Protocol 0: this socket receives nothing itself.
int join_all_multicast(unsigned index) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(index);
  membership.mr_type = PACKET_MR_ALLMULTI;
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace

tl::expected<KernelInterface, std::string> KernelInterface::claim(const std::string& name) {
  KernelInterface interface;
  interface.index_ = if_nametoindex(name.c_str());
  if (name.size() >= IFNAMSIZ || interface.index_ == 0) {
    return failure(name, "there is no such interface; there are " + names_of_interfaces());
  }
  // DPDK separates a device's arguments by commas and knows no escape for them.
  if (name.find_first_of(",=") != std::string::npos) {
    return failure(name, "names with ',' or '=' cannot be served; rename it (ip link set NAME)");
  }
  interface.claim_socket_ = bind_claim(name);
  if (interface.claim_socket_ < 0) {
    return failure(name, errno == EADDRINUSE ? "taken: another reveille serves it already"
                                             : std::strerror(errno));
  }
  interface.multicast_socket_ = join_all_multicast(interface.index_);
  if (interface.multicast_socket_ < 0) {
    return failure(
        name, errno == EPERM ? "packet sockets need root or CAP_NET_RAW" : std::strerror(errno));
  }

  const int fd = interface.multicast_socket_;
  ifreq request = interface_request(name);
  if (ioctl(fd, SIOCGIFHWADDR, &request) != 0) return failure(name, std::strerror(errno));
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
    return failure(name, "is no Ethernet interface");
  }
  if (ioctl(fd, SIOCGIFMTU, &request) != 0) return failure(name, std::strerror(errno));
  interface.mtu_ = static_cast<std::uint16_t>(std::clamp(request.ifr_mtu, 0, 65535));
  if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) return failure(name, std::strerror(errno));
  if ((request.ifr_flags & IFF_UP) == 0) {
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
      return failure(name,
                     std::string("is down and cannot be brought up: ") + std::strerror(errno));
    }
  }
  interface.use_ = kernel_use(name, interface.index_);
  return interface;
}

KernelInterface::KernelInterface(KernelInterface&& other) noexcept {
  *this = std::move(other);
}

KernelInterface& KernelInterface::operator=(KernelInterface&& other) noexcept {
  std::swap(index_, other.index_);
  std::swap(mtu_, other.mtu_);
  std::swap(use_, other.use_);
  std::swap(claim_socket_, other.claim_socket_);
  std::swap(multicast_socket_, other.multicast_socket_);
  return *this;
}

KernelInterface::~KernelInterface() {
  if (multicast_socket_ >= 0) close(multicast_socket_);
  if (claim_socket_ >= 0) close(claim_socket_);
}

}  // namespace reveille
