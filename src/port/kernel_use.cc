#include "port/kernel_use.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "port/af_xdp.h"
#include "port/interface_request.h"

namespace reveille {
namespace {

void add_address(const sockaddr& address, KernelUse& use) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof ipv4);
    inet_ntop(AF_INET, &ipv4.sin_addr, text, sizeof text);
    use.ipv4_addresses.emplace_back(text);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof ipv6);
    if (IN6_IS_ADDR_LINKLOCAL(&ipv6.sin6_addr)) return;  // each interface has one
    inet_ntop(AF_INET6, &ipv6.sin6_addr, text, sizeof text);
    use.ipv6_addresses.emplace_back(text);
  }
}

// False where the kernel does not tell. Addresses may have a label of their own: "eth1:backup".
bool add_addresses(const std::string& name, KernelUse& use) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return false;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    const std::string_view label = each->ifa_name;
    if (each->ifa_addr != nullptr && label.substr(0, label.find(':')) == name) {
      add_address(*each->ifa_addr, use);
    }
  }
  freeifaddrs(all);
  return true;
}

// The links of sysfs tell it, unless what is mounted there is that of another namespace.
bool is_stacked(const std::string& name, unsigned index) {
  const std::filesystem::path folder = "/sys/class/net/" + name;
  unsigned shown = 0;
  std::ifstream(folder / "ifindex") >> shown;
  if (shown != index) return true;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string link = entry.path().filename();
    if (link == "master" || link.starts_with("upper_")) return true;
  }
  return static_cast<bool>(error);
}

// The one that libxdp loads for AF_XDP may be left from a reveille that was killed, and is used
// again.
bool is_ours(const xdp_program* program) {
  const char* const name = program == nullptr ? nullptr : xdp_program__name(program);
  return name != nullptr && std::string_view(name) == "xsk_def_prog";
}

bool has_foreign_program(unsigned index) {
  silence_af_xdp();
  std::uint32_t id = 0;
  if (bpf_xdp_query_id(static_cast<int>(index), 0, &id) != 0) return true;
  if (id == 0) return false;
  xdp_multiprog* const programs = xdp_multiprog__get_from_ifindex(static_cast<int>(index));
  if (libxdp_get_error(programs) != 0) return true;
  bool all_ours = true;
  if (xdp_multiprog__is_legacy(programs)) {
    all_ours = is_ours(xdp_multiprog__main_prog(programs));
  } else {
    for (const xdp_program* one = xdp_multiprog__next_prog(nullptr, programs); one != nullptr;
         one = xdp_multiprog__next_prog(one, programs)) {
      all_ours = all_ours && is_ours(one);
    }
  }
  xdp_multiprog__close(programs);
  return !all_ours;
}

template <typename Question>
bool ask_ethtool(int fd, const std::string& name, Question& question) {
  ifreq request = interface_request(name);
  request.ifr_data = reinterpret_cast<char*>(&question);
  return fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0;
}

}  // namespace

KernelUse kernel_use(const std::string& name, unsigned index) {
  KernelUse use;
  const bool told = add_addresses(name, use);
  use.stacked = !told || is_stacked(name, index);
  use.foreign_program = has_foreign_program(index);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (ask_ethtool(fd, name, info)) {
    const std::string_view driver(info.driver, sizeof info.driver);
    use.driver = driver.substr(0, driver.find('\0'));
  }
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ask_ethtool(fd, name, channels)) {
    use.receive_queues = std::max(1U, channels.rx_count + channels.combined_count);
    use.combined_queues = channels.combined_count;
  }
  if (fd >= 0) close(fd);
  return use;
}

}  // namespace reveille
