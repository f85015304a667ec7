// What is known of a machine that asks to boot.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <reveille/address.h>
#include <reveille/event.h>
#include <reveille/wire/dhcp.h>

#include "packet/stations.h"

namespace reveille {

// IANA "Processor Architecture Types" (RFC 5970 registry); 0xffff = the client did not say.
inline constexpr std::uint16_t kArchitectureUnknown = 0xffff;

// Views borrow from the message. Texts are as the client sent them: any byte, up to 1024 of them.
struct Facts {
  MacAddress mac;
  std::optional<Uuid> uuid;  // option 97, type 0; not the all-zero or all-one UUID of boards
                             // that were never given one (SMBIOS 7.2.1)
  // The first code of option 93; else from option 60's text; else BIOS for boot firmware.
  std::uint16_t architecture = kArchitectureUnknown;
  Firmware firmware = Firmware::unknown;
  bool pxe = false;           // option 60 starts with PXEClient
  bool http = false;          // option 60 starts with HTTPClient
  bool ipxe = false;          // option 77 says iPXE or gPXE, or option 175 is there
  bool raspberry_pi = false;  // the boot ROM of one; it claims to be a PC BIOS
  std::string_view vendor_class;
  std::string_view user_class;
  Bytes client_id;
  std::string_view host_name;
  Bytes
      circuit_id;   // option 82, sub-option 1: which port of the relay; what it is, the relay knows
  Bytes remote_id;  // option 82, sub-option 2: often the relay's own MAC address
  std::uint16_t station = 0;
  std::uint16_t vlan = 0;  // of the station; 0 = untagged
  Ipv4Address relay;       // giaddr
  // An address of the client's link: what the relay says of it (RFC 3527), giaddr, or our own
  // address there. Who knows the stations and subnets sets it; facts_of() knows only relays.
  Ipv4Address link;
  bool known = false;  // a [[host]] is for it. See BootPolicy::completed()
  // Where everything else is, option by option; nullptr when there is no message.
  const wire::DhcpView* message = nullptr;

  // Boot firmware of some kind, rather than an operating system that wants an address.
  [[nodiscard]] bool boots() const { return pxe || http || ipxe; }
};

// Puts the client on the station's VLAN and, unless a relay has said where it is, on the
// station's link; one that is elsewhere, behind a router that relays nothing, is where its own
// address says. `ciaddr` is zero while it has none.
void locate(Facts& facts, const Station& station, Ipv4Address ciaddr);

[[nodiscard]] Facts facts_of(const wire::DhcpView& request, std::uint16_t station);

// Both: a client as it stands on its station.
[[nodiscard]] Facts facts_at(const wire::DhcpView& request, std::uint16_t station_index,
                             const Station& station);

}  // namespace reveille
