// A network interface of the kernel, as far as it must be made ready for us.
#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include "port/kernel_use.h"

namespace reveille {

// Holds the interface for as long as it lives: another reveille in the same network namespace
// is refused it, and IPv6 multicast (neighbour discovery) reaches packet sockets on it.
class KernelInterface {
 public:
  // Brings the interface up if it is down. The error is a sentence.
  static tl::expected<KernelInterface, std::string> claim(const std::string& name);

  KernelInterface(KernelInterface&& other) noexcept;
  KernelInterface& operator=(KernelInterface&& other) noexcept;
  ~KernelInterface();

  [[nodiscard]] unsigned index() const { return index_; }
  [[nodiscard]] std::uint16_t mtu() const { return mtu_; }
  [[nodiscard]] const KernelUse& use() const { return use_; }

 private:
  KernelInterface() = default;

  unsigned index_ = 0;
  std::uint16_t mtu_ = 0;
  KernelUse use_;
  int claim_socket_ = -1;      // bound to an abstract name that only one process can have
  int multicast_socket_ = -1;  // its membership keeps the interface in all-multicast mode
};

}  // namespace reveille
