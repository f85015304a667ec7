// What the swarm knows of one machine: all machines lie in one array, made at the start.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <reveille/address.h>
#include <reveille/instant.h>

namespace reveille::storm {

enum class Stage : std::uint8_t {
  off,
  discovering,         // a DISCOVER is out; offers are collected
  requesting,          // a REQUEST is out
  asking_boot_server,  // a REQUEST to port 4011 is out
  resolving,           // an ARP request for the TFTP server is out
  probing,             // a read request only to learn the size of the file
  opening,             // a read request is out, nothing has come yet
  reading,
  booted,
  failed,
};

// Why a machine did not boot. The texts are for people; the names are those of the JSON.
enum class Failure : std::uint8_t {
#define FAILURE(name, text) name,
#include "storm/failures.def"
#undef FAILURE
};
inline constexpr std::size_t kFailureCount = 0
#define FAILURE(name, text) +1  // NOLINT(bugprone-macro-parentheses)
#include "storm/failures.def"
#undef FAILURE
    ;
struct FailureInfo {
  std::string_view name;
  std::string_view text;
};
inline constexpr std::array<FailureInfo, kFailureCount> kFailures{{
#define FAILURE(name, text) {#name, text},
#include "storm/failures.def"
#undef FAILURE
}};

inline constexpr std::uint32_t kNobody = 0xffffffff;
inline constexpr std::uint16_t kNoFile = 0xffff;

struct Machine {
  // Set once at power-on and once at the end.
  Instant started{};
  Instant finished{};
  // The timer of the request that is out, and when that request left first and last.
  Instant deadline{};
  Instant first_sent{};
  Instant last_sent{};
  // TimerWheel's own.
  std::uint32_t timer_next = kNobody;
  std::uint32_t timer_previous = kNobody;
  std::int64_t timer_tick = -1;  // -1: in no slot

  std::uint32_t xid = 0;
  Ipv4Address address;       // ours: offered, then leased
  Ipv4Address dhcp_server;   // option 54 of the chosen offer
  Ipv4Address proxy_server;  // of a ProxyDHCP offer
  Ipv4Address boot_server;   // whom to ask for files
  MacAddress boot_mac;       // of boot_server, when `resolved`

  std::uint32_t next_block = 0;        // the block that is missing next; the first is 1
  std::uint32_t window_left = 0;       // blocks until the next ACK
  std::uint64_t size_announced = 0;    // tsize of the OACK; 0: none
  std::uint16_t boot_file = kNoFile;   // named by DHCP
  std::uint16_t proxy_file = kNoFile;  // named by a ProxyDHCP offer
  std::uint16_t file = kNoFile;        // being read
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;  // 0: not known yet
  std::uint16_t block_size = 512;
  std::uint16_t window_size = 1;
  std::uint16_t timeout_ms = 0;  // of the transfer, where the firmware measures it

  std::uint8_t profile = 0;
  Stage stage = Stage::off;
  Failure failure = Failure::none;
  std::uint8_t tries = 0;  // of the request that is out, the first one included
  std::uint8_t files_read = 0;
  // DHCP: requests sent in a finished exchange, and replies to it of the server that lends. More
  // replies than requests: copies of one request were answered twice.
  std::uint8_t discovers = 0;
  std::uint8_t offers = 0;
  std::uint8_t requests = 0;
  std::uint8_t acks = 0;
  bool resolved : 1 = false;
  bool asks_boot_server : 1 = false;
  bool boot_complete : 1 = false;  // an offer named PXEClient and a boot file: no need to wait
  bool proxy_complete : 1 = false;
  bool proxy_seen : 1 = false;
  bool size_known : 1 = false;  // option 13: EDK2 then skips its probe
};
// A million of them shall fit into an ordinary machine.
static_assert(sizeof(Machine) <= 256);

// The swarm's machines have consecutive locally administered addresses, 02:5e and the number.
[[nodiscard]] constexpr MacAddress mac_of(std::uint32_t number) {
  return {{0x02, 0x5e, static_cast<std::uint8_t>(number >> 24),
           static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
           static_cast<std::uint8_t>(number)}};
}
// kNobody when the address is none of the swarm's.
[[nodiscard]] constexpr std::uint32_t number_of(const MacAddress& mac) {
  if (mac.octets[0] != 0x02 || mac.octets[1] != 0x5e) return kNobody;
  return static_cast<std::uint32_t>(mac.number());
}

}  // namespace reveille::storm
