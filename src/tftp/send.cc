#include <algorithm>

#include "packet/frame_writer.h"
#include "text/template.h"
#include "tftp/data_writer.h"
#include "tftp/state.h"

namespace reveille {

void TftpEngine::State::prepare_head(unsigned slot, const Request& request,
                                     const Station& station) {
  Transfer& transfer = table.transfer(slot);
  const std::size_t headers = udp_headers_length(station);
  const std::size_t payload_length = wire::kTftpDataHeader + transfer.block_size;
  write_udp_headers(transfer.head.data(), station, table.id(slot), back_to_sender(request),
                    payload_length, 0);
  wire::write_tftp_data_header(transfer.head.data() + headers, 0);
  transfer.head_length = static_cast<std::uint8_t>(headers + wire::kTftpDataHeader);
  // The checksum of an empty payload is the complement of what the headers sum up to.
  transfer.header_sum = static_cast<std::uint16_t>(~load_be16(transfer.head.data() + headers - 2));
}

bool TftpEngine::State::send_first(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  if (!transfer.has(Transfer::kOackPending)) {
    return transfer.is_made() ? send_made(slot, context) > 0
                              : send_blocks(transfer, transfer.window, context.replies) > 0;
  }
  Reply* reply = context.replies.take();
  if (reply == nullptr) return false;
  const TransferDetail& detail = table.detail(slot);
  const Bytes oack = Bytes{detail.oack}.first(detail.oack_length);
  copy_head(*reply, transfer);
  std::uint32_t sum = resize_headers(reply->head, transfer, oack.size());
  sum += wire::sum(oack);
  finish_udp_checksum(reply->head, transfer.head_length, sum);
  const std::size_t headers = transfer.head_length - wire::kTftpDataHeader;
  std::copy(oack.begin(), oack.end(), reply->head + headers);
  reply->length = static_cast<std::uint16_t>(headers + oack.size());
  return true;
}

// Lock-step only: windows are not granted to these transfers. Where a translated block begins is
// known only from the one before, and scripts are a few blocks long.
unsigned TftpEngine::State::send_made(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  Reply* reply = context.replies.take();
  if (reply == nullptr) return 0;
  copy_head(*reply, transfer);
  const MutableBytes room{reply->head + transfer.head_length, transfer.block_size};
  const std::size_t length = make_block(slot, room);
  transfer.sent = transfer.acked + 1;
  if (length < transfer.block_size) transfer.blocks = transfer.sent;
  const auto number = static_cast<std::uint16_t>(transfer.sent);
  store_be16(reply->head + transfer.head_length - 2, number);
  std::uint32_t sum = resize_headers(reply->head, transfer, wire::kTftpDataHeader + length);
  sum += kDataOpcode + number + std::uint32_t{wire::sum(room.first(length))};
  finish_udp_checksum(reply->head, transfer.head_length, sum);
  reply->length = static_cast<std::uint16_t>(transfer.head_length + length);
  return 1;
}

std::size_t TftpEngine::State::make_block(unsigned slot, MutableBytes room) {
  const Transfer& transfer = table.transfer(slot);
  TransferDetail& detail = table.detail(slot);
  const Template* const text = transfer.image->as_template();
  if (!transfer.has(Transfer::kNetascii)) {
    return text->write(detail.client, offset_of(transfer, transfer.acked + 1), room);
  }
  NetasciiCursor& cursor = detail.netascii_sent;
  cursor = detail.netascii_acked;
  if (text == nullptr) return write_netascii(transfer.image->bytes(), cursor, room);
  // No octet becomes less than one: a block never needs more of the text than it is long.
  std::array<std::uint8_t, kMadeBlockMax> source;
  const std::uint64_t begin = cursor.offset;
  const std::size_t part =
      text->write(detail.client, begin, MutableBytes(source).first(room.size()));
  cursor.offset = 0;
  const std::size_t length = write_netascii(Bytes(source).first(part), cursor, room);
  cursor.offset += begin;
  return length;
}

Outcome TftpEngine::State::send_and_wait(unsigned slot, const Context& context) {
  Transfer& transfer = table.transfer(slot);
  const unsigned sent = transfer.is_made()
                            ? send_made(slot, context)
                            : send_blocks(transfer, transfer.window, context.replies);
  wait(slot, context);
  return sent > 0 ? Outcome::tftp_acked : Outcome::reply_buffers_exhausted;
}

Outcome TftpEngine::State::send_error(std::uint16_t from_port, wire::TftpError code,
                                      std::string_view message, const Request& request,
                                      const Context& context, Outcome when_sent) {
  Reply* reply = context.replies.take();
  if (reply == nullptr) return Outcome::reply_buffers_exhausted;
  const Station& station = context.snapshot.stations[request.station];
  const std::size_t length = wire::write_tftp_error(udp_room(*reply, station), code, message);
  finish_udp(*reply, station, request.station, from_port, back_to_sender(request), length);
  return when_sent;
}

}  // namespace reveille
