// DATA packets from the template of a transfer: copy, patch two fields, point at the image.
#pragma once

#include <algorithm>
#include <cstring>

#include <reveille/wire/checksum.h>
#include <reveille/wire/tftp.h>

#include "image/image.h"
#include "packet/reply.h"
#include "tftp/state.h"
#include "tftp/transfer.h"

namespace reveille {

// Where fields stand, counted from the end of the template, since a VLAN tag moves its
// beginning: IPv4 header (20, we send no options), UDP header (8), opcode and block (4).
inline constexpr std::size_t kIpv4FromEnd = 32;
inline constexpr std::size_t kUdpFromEnd = 12;
inline constexpr std::uint16_t kDataOpcode = 3;

[[nodiscard]] inline std::uint64_t offset_of(const Transfer& transfer, std::uint64_t block) {
  return (block - 1) * transfer.block_size;
}

[[nodiscard]] inline bool same_link_destination(const Transfer& transfer, const MacAddress& mac) {
  return std::memcmp(transfer.head.data(), mac.octets.data(), mac.octets.size()) == 0;
}
inline void set_link_destination(Transfer& transfer, const MacAddress& mac) {
  std::memcpy(transfer.head.data(), mac.octets.data(), mac.octets.size());
}
[[nodiscard]] inline MacAddress link_destination(const Transfer& transfer) {
  return MacAddress::from(transfer.head.data());
}

// Makes the headers of `head`, written for DATA of a full block, those of a UDP payload of
// `payload_length` octets, and returns their sum for the UDP checksum. Sums are updated as RFC
// 1624 says: add the complement of the old field, and the new one.
inline std::uint16_t resize_headers(std::uint8_t* head, const Transfer& transfer,
                                    std::size_t payload_length) {
  std::uint8_t* const ip = head + transfer.head_length - kIpv4FromEnd;
  std::uint8_t* const udp = head + transfer.head_length - kUdpFromEnd;
  const std::uint16_t old_length = load_be16(udp + 4);
  const auto new_length = static_cast<std::uint16_t>(8 + payload_length);
  const auto old_total = load_be16(ip + 2);
  const auto new_total = static_cast<std::uint16_t>(20 + new_length);
  store_be16(udp + 4, new_length);
  store_be16(ip + 2, new_total);
  const std::uint64_t ip_sum = std::uint64_t{static_cast<std::uint16_t>(~load_be16(ip + 10))} +
                               static_cast<std::uint16_t>(~old_total) + new_total;
  store_be16(ip + 10, static_cast<std::uint16_t>(~wire::fold(ip_sum)));
  // The length counts twice: in the UDP header and in the pseudo-header.
  const std::uint64_t change = std::uint64_t{static_cast<std::uint16_t>(~old_length)} + new_length;
  return wire::fold(transfer.header_sum + 2 * change);
}

inline void finish_udp_checksum(std::uint8_t* head, std::size_t head_length, std::uint32_t sum) {
  const auto checksum = static_cast<std::uint16_t>(~wire::fold32(sum));
  // Zero would say that there is none (RFC 768).
  store_be16(head + head_length - kUdpFromEnd + 6, checksum == 0 ? 0xffff : checksum);
}

// Copies the template; the slot's head is always larger.
inline void copy_head(Reply& reply, const Transfer& transfer) {
  reply.length = transfer.head_length;
  reply.station = transfer.station();
  std::memcpy(reply.head, transfer.head.data(), Transfer::kHeadRoom);
}

// Block `block` of an octet transfer, payload by reference. `sum_before` is that of the image
// before this block, and becomes that before the next.
inline void write_data(Reply& reply, const Transfer& transfer, std::uint64_t block,
                       std::uint16_t& sum_before) {
  const std::uint64_t offset = offset_of(transfer, block);
  std::uint32_t length = transfer.block_size;
  std::uint32_t sum = transfer.header_sum;
  std::uint16_t sum_after;
  std::uint8_t* const head = reply.head;
  const std::size_t head_length = transfer.head_length;
  const bool is_last = block == transfer.blocks;
  if (is_last) length = static_cast<std::uint32_t>(transfer.image->size() - offset);
  reply.payload = {transfer.image->bytes().data() + offset, static_cast<std::uint16_t>(length),
                   transfer.image};
  copy_head(reply, transfer);
  if (is_last) [[unlikely]] {
    sum = resize_headers(head, transfer, wire::kTftpDataHeader + length);
    sum_after = transfer.image->sum_before(offset + length);
  } else if (transfer.sums_before != nullptr) {
    sum_after = transfer.sums_before[block];
  } else {
    sum_after = transfer.image->sum_before(offset + length);
  }
  const auto number = static_cast<std::uint16_t>(block);
  store_be16(head + head_length - 2, number);
  sum += kDataOpcode + number + std::uint32_t{PrefixSums::between(sum_before, sum_after, offset)};
  sum_before = sum_after;
  finish_udp_checksum(head, head_length, sum);
}

// The next `count` blocks after what is acknowledged. Returns how many left.
inline unsigned send_blocks(Transfer& transfer, std::uint64_t count, Replies& replies) {
  const std::uint64_t last = std::min(transfer.acked + count, transfer.blocks);
  std::uint64_t block = transfer.acked;
  std::uint16_t sum_before = block == transfer.sent
                                 ? transfer.sum_before
                                 : transfer.image->sum_before(block * transfer.block_size);
  while (block < last) {
    Reply* reply = replies.take();
    if (reply == nullptr) break;
    write_data(*reply, transfer, ++block, sum_before);
  }
  if (block > transfer.sent) {
    transfer.sent = block;
    transfer.sum_before = sum_before;
  }
  return static_cast<unsigned>(block - transfer.acked);
}

// Until a block is taken for lost. Four round trips stand in for their variance.
[[nodiscard]] constexpr std::uint32_t interval_for(std::uint32_t round_trip) {
  return std::clamp(4 * round_trip, to_units(kIntervalMin), to_units(kMeasuredIntervalMax));
}

// Takes the round trip of the last sending into account and sets the next deadline. Nothing
// was retransmitted since. A shorter round trip counts at once by half, a longer one by an
// eighth: a long one may be the client's own timer, which repeated a lost ACK, and believing it
// would make the next loss as slow as that timer.
inline void measure_round_trip(Transfer& transfer, Instant now) {
  const Instant sent_at = transfer.deadline - from_units(transfer.interval);
  const auto sample = static_cast<std::int64_t>(to_units(now - sent_at));
  const std::int64_t change = sample - transfer.round_trip;
  transfer.round_trip =
      static_cast<std::uint32_t>(transfer.round_trip + (change < 0 ? change >> 1 : change >> 3));
  transfer.interval = interval_for(transfer.round_trip);
  transfer.deadline = now + from_units(transfer.interval);
}

}  // namespace reveille
