// The firmwares that the swarm plays: what they ask for, when they ask again, when they give up.
//
// Constants are from the sources of iPXE 0ab2277c, EDK2 c5aa7e7d, GRUB 5e9e7e44 and syslinux 6,
// the PXE 2.1 specification, and from captures of them (tests/vectors).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <reveille/instant.h>

namespace reveille::storm {

// A list of times to wait after the first, second ... try; after the last one the machine gives up.
using Waits = std::span<const Nanoseconds>;

enum class OfferRule : std::uint8_t {
  first,         // takes the first offer of an address
  proxy_or_2_s,  // iPXE: one that says PXEClient at once; others when 2 s have passed
  at_timer,      // EDK2: collects until the first DISCOVER timer ends, then chooses
  pxe_or_timer,  // PXE 2.1: one that says PXEClient at once; others at the second timer
};

enum class SecsRule : std::uint8_t { elapsed, ipxe, unix_time };

enum class LossRule : std::uint8_t {
  resend_ack,  // the ACK is sent again when the timer ends
  wait,        // GRUB: only polls; the server has to send again
};

struct TftpHabits {
  std::uint16_t block_size = 512;  // 512: the option is not sent
  std::uint16_t window_size = 1;   // 1: the option is not sent
  bool asks_size = false;          // tsize in the read request itself
  // Asks for the size in a read request of its own first, and aborts that with this error.
  std::optional<std::uint16_t> probe_error;
  Waits open_waits;
  Waits data_waits;
  bool measures_round_trip = false;  // iPXE: waits 4 round trips, doubling, 0.25 s at least
  LossRule loss = LossRule::resend_ack;
};

struct Profile {
  std::string_view name;
  Waits discover_waits;
  Waits request_waits;
  Waits boot_server_waits;
  OfferRule offers = OfferRule::first;
  SecsRule secs = SecsRule::elapsed;
  bool shares_xid = false;  // the time of day, new with every DISCOVER: GRUB
  bool broadcast_flag = false;
  std::uint16_t maximum_message_size = 1472;
  std::uint16_t architecture = 0;
  std::string_view vendor_class;  // empty: not a PXE client
  std::string_view user_class;
  std::span<const std::uint8_t> parameters;
  std::uint16_t boot_server_port = 68;  // source of the request to port 4011
  TftpHabits tftp;                      // of the file that DHCP names
  TftpHabits tftp_later;                // of the files after that: PXELINUX is loaded by the ROM
};

// ipxe, edk2, grub, pxe, pxe512, pxelinux, and plain: takes what it gets at once, for pure load.
[[nodiscard]] std::span<const Profile> profiles();
// Its index in profiles().
[[nodiscard]] std::optional<std::uint8_t> profile_named(std::string_view name);

}  // namespace reveille::storm
