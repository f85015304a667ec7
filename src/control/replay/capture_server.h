// Whom a capture shows as the boot server: replay takes its place.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include <reveille/address.h>
#include <reveille/bytes.h>

namespace reveille {

struct CaptureServer {
  MacAddress mac;
  Ipv4Prefix address;  // the length from a subnet mask that was handed out, else 24
};

// Looks at one frame after the other. A host that was asked for a file by TFTP is the boot server;
// failing that, the first that sent a BOOTREPLY to a client itself.
class CaptureServerFinder {
 public:
  void look_at(Bytes frame);
  [[nodiscard]] std::optional<CaptureServer> found() const;

 private:
  struct Host {
    MacAddress mac;
    Ipv4Address address;
  };
  void look_at_reply(const Host& sender, Bytes message);

  std::optional<Host> tftp_server_;
  std::optional<Host> dhcp_server_;
  std::uint8_t prefix_length_ = 24;
};

// Reads the capture to its end. The error says why it cannot be replayed: not there, no capture,
// not of Ethernet.
[[nodiscard]] tl::expected<std::optional<CaptureServer>, std::string> find_capture_server(
    const std::string& file);

}  // namespace reveille
