// What a storm is to be, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <reveille/address.h>
#include <reveille/instant.h>

#include "storm/arrival.h"

namespace reveille::storm {

enum class Only : std::uint8_t { everything, dhcp, tftp };

struct ProfileShare {
  std::uint8_t profile = 0;  // index in profiles()
  std::uint32_t weight = 1;
};

struct StormConfig {
  std::uint32_t machines = 1;
  std::uint32_t first_machine = 0;  // number in its MAC address
  std::vector<ProfileShare> shares{{0, 1}};
  Arrival arrival;
  Only only = Only::everything;
  std::optional<Nanoseconds> duration;  // machines boot again and again until then
  Nanoseconds timeout = 120s;           // whoever has not booted by then has failed

  std::string file;               // asked for whatever DHCP says; needed without DHCP
  std::vector<std::string> then;  // and these after it
  Ipv4Address server;             // needed by relays and without DHCP
  Ipv4Address first_address;      // of the machines, without DHCP
  unsigned relays = 0;
  Ipv4Address first_relay;
  std::optional<std::uint16_t> block_size;  // instead of the firmware's
  std::optional<std::uint16_t> window_size;

  std::uint64_t seed = 1;
  std::uint32_t unix_time = 0;  // of the start: GRUB sends it as xid
};

}  // namespace reveille::storm
