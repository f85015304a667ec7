// Any packet: parsed, read through every accessor, and written again in the room that the first
// octet leaves.
#include <algorithm>
#include <vector>

#include <reveille/wire/tftp.h>

#include "fuzz/require.h"

namespace reveille {
namespace {

using wire::TftpOpcode;
using wire::TftpView;

bool inside(std::string_view text, Bytes packet) {
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(text.data());
  return begin >= packet.data() && begin + text.size() <= packet.data() + packet.size();
}

std::size_t write(const TftpView& view, MutableBytes room) {
  switch (view.opcode()) {
    case TftpOpcode::read_request:
      return wire::write_tftp_read_request(room, view.file_name(), view.mode(), view.options());
    case TftpOpcode::write_request:
      return wire::write_tftp_write_request(room, view.file_name(), view.mode(), view.options());
    case TftpOpcode::acknowledgment:
      return wire::write_tftp_ack(room, view.block());
    case TftpOpcode::error:
      return wire::write_tftp_error(room, view.error(), view.message());
    case TftpOpcode::option_acknowledgment:
      return wire::write_tftp_oack(room, view.options());
    case TftpOpcode::data:
      break;
  }
  if (room.size() < wire::kTftpDataHeader + view.data().size()) return 0;
  wire::write_tftp_data_header(room.data(), view.block());
  std::ranges::copy(view.data(), room.begin() + wire::kTftpDataHeader);
  return wire::kTftpDataHeader + view.data().size();
}

void check_same(const TftpView& a, const TftpView& b) {
  require(a.opcode() == b.opcode());
  require(a.file_name() == b.file_name() && a.mode() == b.mode());
  require(std::ranges::equal(a.options(), b.options(), [](const auto& one, const auto& other) {
    return one.name == other.name && one.value == other.value;
  }));
  if (a.opcode() == TftpOpcode::acknowledgment) require(a.block() == b.block());
  if (a.opcode() == TftpOpcode::data) require(std::ranges::equal(a.data(), b.data()));
  if (a.opcode() == TftpOpcode::error) {
    require(a.error() == b.error() && a.message() == b.message());
  }
}

void check(const TftpView& view, Bytes packet, std::size_t room_length) {
  require(view.options().size() <= TftpView::kOptionsMax);
  for (const wire::TftpOption& option : view.options()) {
    require(inside(option.name, packet) && inside(option.value, packet));
    require(view.option(option.name).has_value());
  }
  if (view.opcode() == TftpOpcode::error) require(inside(view.message(), packet));

  constexpr std::uint8_t kUntouched = 0xa5;
  std::vector<std::uint8_t> room(packet.size() + 300, kUntouched);
  const std::size_t length = write(view, MutableBytes{room}.first(room_length));
  require(length <= room_length);
  require(std::all_of(room.begin() + static_cast<std::ptrdiff_t>(room_length), room.end(),
                      [](std::uint8_t octet) { return octet == kUntouched; }));
  if (length == 0) return;
  const auto again = TftpView::parse(Bytes{room}.first(length));
  require(static_cast<bool>(again));
  check_same(view, *again);
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reveille;
  if (size < 1) return 0;
  const Bytes packet{data + 1, size - 1};
  const auto view = wire::TftpView::parse(packet);
  if (!view) {
    require(view.refusal() == Outcome::tftp_malformed);
    return 0;
  }
  const TftpView copy = *view;
  // From less than the packet to some more: a message without its NUL grows by one.
  check(copy, packet, packet.size() + data[0] / 8U);
  check(copy, packet, std::min<std::size_t>(data[0], packet.size()));
  return 0;
}
