// Events as workers write them, for tests of the log.
#pragma once

#include <string_view>

#include <reveille/event.h>

namespace reveille::test {

inline constexpr MacAddress kClient{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
inline constexpr Ipv4Address kAddress = Ipv4Address::of(10, 77, 1, 5);

inline Instant at(Nanoseconds time) {
  return Instant{time};
}

inline Event event(EventKind kind, Nanoseconds time = 0s) {
  Event event;
  event.kind = kind;
  event.at = at(time);
  event.client = kClient;
  event.firmware = Firmware::uefi_pxe;
  event.architecture = 7;
  return event;
}

inline Event dhcp(EventKind kind, Nanoseconds time = 0s, std::string_view file = "snponly.efi") {
  Event dhcp = event(kind, time);
  dhcp.address = kAddress;
  dhcp.set_text(file);
  return dhcp;
}

// As a transfer through a router is seen: neither MAC address nor firmware.
inline Event tftp(EventKind kind, Nanoseconds time = 0s, std::string_view text = "snponly.efi",
                  std::uint64_t bytes = 0) {
  Event tftp;
  tftp.kind = kind;
  tftp.at = at(time);
  tftp.address = kAddress;
  tftp.set_text(text);
  tftp.bytes = bytes;
  return tftp;
}

}  // namespace reveille::test
