// What is known of a machine that asks to boot.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <reveille/address.h>
#include <reveille/event.h>
#include <reveille/wire/dhcp.h>

namespace reveille {

// IANA "Processor Architecture Types" (RFC 5970 registry); 0xffff = the client did not say.
inline constexpr std::uint16_t kArchitectureUnknown = 0xffff;

// Views borrow from the message.
struct Facts {
  MacAddress mac;
  std::optional<Uuid> uuid;                          // option 97, type 0
  std::uint16_t architecture = kArchitectureUnknown;  // option 93, else from option 60's text
  Firmware firmware = Firmware::unknown;
  bool pxe = false;    // option 60 starts with PXEClient
  bool http = false;   // option 60 starts with HTTPClient
  bool ipxe = false;   // option 77 says iPXE, or option 175 is there
  std::string_view vendor_class;
  std::string_view user_class;
  Bytes client_id;
  std::string_view host_name;
  std::uint16_t station = 0;
  Ipv4Address relay;   // giaddr
};

[[nodiscard]] Facts facts_of(const wire::DhcpView& request, std::uint16_t station);

}  // namespace reveille
