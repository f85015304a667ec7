// Any message: parsed, read through every accessor, and written again in less or more room.
// The first two octets say how much room.
#include <algorithm>
#include <vector>

#include <reveille/wire/dhcp.h>

#include "fuzz/require.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpView;

// Touches every octet, so that a sanitizer sees one that is not there.
unsigned touch(Bytes bytes) {
  unsigned sum = 0;
  for (const std::uint8_t octet : bytes) sum += octet;
  return sum;
}
unsigned touch(std::string_view text) {
  return touch({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

bool holds_suboptions(DhcpOption code) {
  return code == DhcpOption::vendor_specific || code == DhcpOption::relay_agent_information ||
         code == DhcpOption::ipxe;
}

unsigned read_option(const DhcpView& view, DhcpOption code) {
  const auto value = view.option(code);
  require(view.has(code) == value.has_value());
  if (!value) {
    require(!view.option_u8(code) && !view.option_u32(code) && !view.option_text(code));
    return 0;
  }
  require(view.option_u8(code).has_value() == (value->size() == 1));
  require(view.option_u16(code).has_value() == (value->size() == 2));
  require(view.option_u32(code).has_value() == (value->size() == 4));
  require(view.option_address(code).has_value() == (value->size() == 4));
  require(view.option_text(code)->size() <= value->size());
  unsigned sum = touch(*value) + touch(*view.option_text(code));
  if (!holds_suboptions(code)) return sum;
  for (unsigned inner = 0; inner < 256; ++inner) {
    if (const auto sub = view.suboption(code, static_cast<std::uint8_t>(inner))) {
      require(sub->size() + 2 <= value->size());
      sum += touch(*sub);
    }
  }
  return sum;
}

unsigned read_all(const DhcpView& view) {
  require(view.op() == wire::DhcpOp::request || view.op() == wire::DhcpOp::reply);
  require(view.hlen() <= 16);
  require(view.sname().size() <= 64 && view.file().size() <= 128);
  unsigned sum = view.htype() + view.hops() + view.xid() + view.secs() + view.flags() +
                 touch(view.chaddr_field()) + touch(view.sname()) + touch(view.file());
  for (unsigned code = 0; code < 256; ++code) {
    sum += read_option(view, static_cast<DhcpOption>(code));
  }
  if (const auto circuit = view.relay_option(wire::RelayOption::circuit_id)) {
    sum += touch(*circuit);
  }
  return sum;
}

// Whether the codec itself writes the option, or its value decides how the rest is read.
bool is_framing(DhcpOption code) {
  return code == DhcpOption::pad || code == DhcpOption::end || code == DhcpOption::overload;
}

void rewrite(const DhcpView& view, std::size_t room_length, bool may_overload) {
  constexpr std::uint8_t kUntouched = 0xa5;
  std::vector<std::uint8_t> room(2048, kUntouched);
  wire::DhcpWriter writer(MutableBytes{room}.first(room_length), room.size());
  writer.reply_to(view);
  if (!may_overload) {
    require(writer.sname(view.sname()) == (room_length > wire::kDhcpOptionsOffset));
    require(writer.file(view.file()) == (room_length > wire::kDhcpOptionsOffset));
  }
  writer.allow_overload(may_overload);
  const auto relay = view.option(DhcpOption::relay_agent_information);
  if (relay) writer.option_last(DhcpOption::relay_agent_information, *relay);
  for (unsigned number = 0; number < 256; ++number) {
    const auto code = static_cast<DhcpOption>(number);
    if (is_framing(code) || code == DhcpOption::relay_agent_information) continue;
    if (const auto value = view.option(code)) writer.option(code, *value);
  }
  const std::size_t length = writer.finish();
  require(length <= room_length);
  require(std::all_of(room.begin() + static_cast<std::ptrdiff_t>(length), room.end(),
                      [](std::uint8_t octet) { return octet == kUntouched; }));
  if (length == 0) {
    require(writer.overflowed());
    return;
  }

  const auto again = DhcpView::parse(Bytes{room}.first(length));
  // One long option in more parts than a message may have is the only thing that we could write
  // and not read; its value alone would be longer than any room here.
  require(static_cast<bool>(again));
  require(again->xid() == view.xid() && again->chaddr() == view.chaddr());
  require(may_overload || (again->file() == view.file() && again->sname() == view.sname()));
  for (unsigned number = 0; number < 256; ++number) {
    const auto code = static_cast<DhcpOption>(number);
    if (is_framing(code)) continue;
    const auto before = view.option(code);
    const auto after = again->option(code);
    require(after.has_value() == before.has_value() || writer.overflowed());
    require(!after || std::ranges::equal(*after, *before));
  }
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reveille;
  if (size < 2) return 0;
  const std::uint16_t choice = load_be16(data);
  const auto view = wire::DhcpView::parse({data + 2, size - 2});
  if (!view) {
    require(info(view.refusal()).verdict == Verdict::refused);
    return 0;
  }
  static volatile unsigned sink;
  sink = read_all(*view);
  const wire::DhcpView copy = *view;
  require(read_all(copy) == sink);
  rewrite(copy, choice % 1500U, (choice & 0x8000) != 0);
  return 0;
}
