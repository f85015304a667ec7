// One file on its way to one client.
//
// The numbers of a transfer, hottest first. An ACK that is answered with DATA touches the two
// cache lines of Transfer and nothing else of ours; all that is needed once per transfer, or
// when something went wrong, stands in TransferDetail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/instant.h>

#include "packet/client_facts.h"
#include "packet/request.h"
#include "tftp/netascii.h"

namespace reveille {

class Image;

// Who may speak on a transfer: station, IPv4 address and UDP port in one number.
[[nodiscard]] constexpr std::uint64_t client_of(std::uint16_t station, Ipv4Address address,
                                                std::uint16_t port) {
  return (std::uint64_t{station} << 48) | (std::uint64_t{address.value} << 16) | port;
}
[[nodiscard]] inline std::uint64_t client_of(const Request& request) {
  return client_of(request.station, request.source, request.source_port);
}
// No station has this index: equals no client.
inline constexpr std::uint64_t kNobody = ~std::uint64_t{0};

// Blocks are counted from 1 without wrapping; what travels are the low 16 bits, so that block
// 65535 is followed by 0 (RFC 1350 is silent; it is what clients expect of large files).
struct alignas(128) Transfer {
  enum Flag : std::uint8_t {
    kClosed = 1,          // the slot is free; `client` may still name whom it served last
    kHalfOpen = 2,        // nothing has come back from the client yet
    kOackPending = 4,     // the OACK awaits its ACK of block 0 (RFC 2347)
    kNetascii = 8,        // payload is translated; block offsets are unknown beforehand
    kRetransmitted = 16,  // since the last new ACK: its round trip says nothing (Karn)
    kFixedInterval = 32,  // the client named the timeout (RFC 2349)
    kTemplate = 64,       // the image is a template: payload is written anew for each block
  };

  std::uint64_t client = kNobody;
  const Image* image = nullptr;  // held: see Image::Hold
  std::uint64_t acked = 0;       // all blocks up to this one have arrived
  std::uint64_t sent = 0;        // all blocks up to this one have been sent
  std::uint64_t blocks = 0;      // the number of the last block, the short one
  Instant deadline{};            // last sending plus `interval`; the timer wheel looks at it late
  std::uint32_t interval = 0;    // until retransmission, in units of kTimeUnit
  std::uint32_t round_trip = 0;  // smoothed, in units of kTimeUnit; 0 = not measured
  std::uint16_t block_size = 0;
  std::uint16_t window = 0;
  std::uint16_t header_sum = 0;  // pseudo-header and UDP header of a full block
  std::uint8_t head_length = 0;  // headers and the four octets before the data
  std::uint8_t flags = kClosed;

  // Ethernet to TFTP headers of a full block, ready but for block number and UDP checksum.
  static constexpr std::size_t kHeadRoom = 52;
  std::array<std::uint8_t, kHeadRoom> head{};
  std::uint16_t sum_before = 0;  // Image::sum_before() of block sent + 1
  std::uint8_t tries = 0;        // counted retransmissions since the last new ACK
  std::uint8_t tries_max = 0;
  // Sums of the image before each block where they lie side by side; see PrefixSums::strides.
  const std::uint16_t* sums_before = nullptr;

  [[nodiscard]] bool has(Flag flag) const { return (flags & flag) != 0; }
  // Payload is no stretch of the image: it is made, in lock-step, one block at a time.
  [[nodiscard]] bool is_made() const { return (flags & (kNetascii | kTemplate)) != 0; }
  void set(Flag flag) { flags = static_cast<std::uint8_t>(flags | flag); }
  void clear(Flag flag) { flags = static_cast<std::uint8_t>(flags & ~flag); }

  [[nodiscard]] std::uint16_t station() const { return static_cast<std::uint16_t>(client >> 48); }
  [[nodiscard]] Ipv4Address address() const { return {static_cast<std::uint32_t>(client >> 16)}; }
};
static_assert(sizeof(Transfer) == 128);
static_assert(offsetof(Transfer, head) == 64);

// Intervals and round trips are kept in 32 bits of 1.024 us, which is 73 minutes.
inline constexpr int kTimeUnitShift = 10;
[[nodiscard]] constexpr std::uint32_t to_units(Nanoseconds time) {
  return static_cast<std::uint32_t>(time.count() >> kTimeUnitShift);
}
[[nodiscard]] constexpr Nanoseconds from_units(std::uint32_t units) {
  return Nanoseconds{std::int64_t{units} << kTimeUnitShift};
}

struct TransferDetail {
  std::uint64_t request_hash = 0;  // of the whole read request: tells a repetition from a new one
  Instant opened_at{};
  Nanoseconds timeout{};  // the first interval; shorter ones do not count as tries

  // The last time that blocks left again: which was the last of them (0 = never), and when.
  std::uint64_t resent_up_to = 0;
  Instant resent_at{};

  NetasciiCursor netascii_acked;  // where block acked + 1 begins
  NetasciiCursor netascii_sent;   // where block sent + 1 begins

  // Whom a template is written for. Kept, so that each block is the same however often it
  // leaves, whatever DHCP hears of the client meanwhile.
  ClientFacts client;

  static constexpr std::size_t kOackRoom = 100;
  std::uint8_t oack_length = 0;
  std::array<std::uint8_t, kOackRoom> oack{};
};

}  // namespace reveille
