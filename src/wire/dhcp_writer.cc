#include <algorithm>
#include <cstring>

#include <reveille/wire/dhcp.h>

#include "wire/dhcp_layout.h"

namespace reveille::wire {
namespace {

constexpr std::size_t kOverloadOption = 3;  // octets of option 52

// Octets of an option with the headers of all its parts (RFC 3396); an empty one has one part.
constexpr std::size_t encoded_length(std::size_t value_length) {
  const std::size_t parts = value_length == 0 ? 1 : (value_length + 254) / 255;
  return value_length + 2 * parts;
}

}  // namespace

DhcpWriter::DhcpWriter(MutableBytes room, std::size_t limit) {
  const std::size_t length = std::min(room.size(), limit);
  if (length < kDhcpOptionsOffset + 1) {
    overflowed_ = true;
    return;
  }
  room_ = room.first(length);
  std::fill_n(room_.begin(), kDhcpOptionsOffset, std::uint8_t{0});
  store_be32(&room_[kCookieOffset], kMagicCookie);
  options_ = {kDhcpOptionsOffset, length};
  file_ = {kFileOffset, kFileOffset + kFileLength};
  sname_ = {kSnameOffset, kSnameOffset + kSnameLength};
}

void write_reply_fields(std::uint8_t* to, const DhcpView& request) {
  to[0] = static_cast<std::uint8_t>(DhcpOp::reply);
  to[1] = request.htype();
  to[2] = request.hlen();
  store_be32(to + 4, request.xid());
  store_be16(to + 10, request.flags());
  store_be32(to + 24, request.giaddr().value);
  std::memcpy(to + 28, request.chaddr_field().data(), request.chaddr_field().size());
}

void DhcpWriter::reply_to(const DhcpView& request) {
  if (!room_.empty()) write_reply_fields(room_.data(), request);
}

void DhcpWriter::request_of(const MacAddress& client, std::uint32_t xid) {
  if (room_.empty()) return;
  room_[0] = static_cast<std::uint8_t>(DhcpOp::request);
  room_[1] = 1;
  room_[2] = 6;
  store_be32(&room_[4], xid);
  std::ranges::copy(client.octets, &room_[28]);
}

void DhcpWriter::hops(std::uint8_t value) {
  if (!room_.empty()) room_[3] = value;
}
void DhcpWriter::secs(std::uint16_t value) {
  if (!room_.empty()) store_be16(&room_[8], value);
}
void DhcpWriter::flags(std::uint16_t value) {
  if (!room_.empty()) store_be16(&room_[10], value);
}
void DhcpWriter::ciaddr(Ipv4Address value) {
  if (!room_.empty()) store_be32(&room_[12], value.value);
}
void DhcpWriter::yiaddr(Ipv4Address value) {
  if (!room_.empty()) store_be32(&room_[16], value.value);
}
void DhcpWriter::siaddr(Ipv4Address value) {
  if (!room_.empty()) store_be32(&room_[20], value.value);
}
void DhcpWriter::giaddr(Ipv4Address value) {
  if (!room_.empty()) store_be32(&room_[24], value.value);
}

bool DhcpWriter::text_field(std::size_t offset, std::size_t length, std::string_view text) {
  if (room_.empty() || text.size() > length) return false;
  const auto field = room_.subspan(offset, length);
  std::ranges::fill(std::ranges::copy(text, field.begin()).out, field.end(), std::uint8_t{0});
  return true;
}

bool DhcpWriter::sname(std::string_view text) {
  if ((overload_ & kOverloadSname) != 0 || !text_field(kSnameOffset, kSnameLength, text))
    return false;
  sname_set_ = true;
  return true;
}

bool DhcpWriter::file(std::string_view text) {
  if ((overload_ & kOverloadFile) != 0 || !text_field(kFileOffset, kFileLength, text)) return false;
  file_set_ = true;
  return true;
}

void DhcpWriter::put(Field& field, DhcpOption code, Bytes value) {
  do {
    const std::size_t part = std::min<std::size_t>(value.size(), 255);
    room_[field.position++] = static_cast<std::uint8_t>(code);
    room_[field.position++] = static_cast<std::uint8_t>(part);
    std::ranges::copy(value.first(part),
                      room_.begin() + static_cast<std::ptrdiff_t>(field.position));
    field.position += part;
    value = value.subspan(part);
  } while (!value.empty());
}

bool DhcpWriter::spill(Field& field, std::uint8_t overload_bit, bool taken, DhcpOption code,
                       Bytes value) {
  if (taken || encoded_length(value.size()) > field.room()) return false;
  if (overload_ == 0) {
    put(options_, DhcpOption::overload, Bytes{&overload_bit, 1});
    overload_at_ = options_.position - 1;
  }
  overload_ |= overload_bit;
  room_[overload_at_] = overload_;
  put(field, code, value);
  return true;
}

// Octets of the options field that are promised. While the other fields are still unused, option
// 52 must keep its place in this one.
std::size_t DhcpWriter::kept() const {
  return kept_ + (may_spill() && overload_ == 0 ? kOverloadOption : 0);
}

// What nearly every option is: short, and there is room. Yields the place of its value, or
// nullptr when option() has to find another way.
std::uint8_t* DhcpWriter::append(DhcpOption code, std::size_t length) {
  if (room_.empty() || length > 255 || length + 2 + kept() > options_.room()) return nullptr;
  std::uint8_t* const to = room_.data() + options_.position;
  to[0] = static_cast<std::uint8_t>(code);
  to[1] = static_cast<std::uint8_t>(length);
  options_.position += length + 2;
  return to + 2;
}

void DhcpWriter::option(DhcpOption code, Bytes value) {
  if (room_.empty()) return;
  if (std::uint8_t* const to = append(code, value.size())) {
    std::copy_n(value.data(), value.size(), to);
    return;
  }
  if (encoded_length(value.size()) + kept() <= options_.room()) {
    put(options_, code, value);
    return;
  }
  const bool room_for_52 = overload_ != 0 || options_.room() >= kept();
  if (may_spill() && room_for_52 &&
      (spill(file_, kOverloadFile, file_set_, code, value) ||
       spill(sname_, kOverloadSname, sname_set_, code, value))) {
    return;
  }
  overflowed_ = true;
}

void DhcpWriter::option(DhcpOption code, std::string_view text) {
  option(code, Bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void DhcpWriter::option_u8(DhcpOption code, std::uint8_t value) {
  option(code, Bytes{&value, 1});
}

void DhcpWriter::option_u16(DhcpOption code, std::uint16_t value) {
  if (std::uint8_t* const to = append(code, 2)) return store_be16(to, value);
  std::array<std::uint8_t, 2> octets;
  store_be16(octets.data(), value);
  option(code, octets);
}

void DhcpWriter::option_u32(DhcpOption code, std::uint32_t value) {
  if (std::uint8_t* const to = append(code, 4)) return store_be32(to, value);
  std::array<std::uint8_t, 4> octets;
  store_be32(octets.data(), value);
  option(code, octets);
}

void DhcpWriter::option_address(DhcpOption code, Ipv4Address value) {
  option_u32(code, value.value);
}

void DhcpWriter::option_last(DhcpOption code, Bytes value) {
  if (room_.empty()) return;
  const std::size_t needed = encoded_length(value.size());
  if (needed > options_.room()) {
    overflowed_ = true;
    return;
  }
  last_code_ = code;
  last_value_ = value;
  kept_ = needed;
}

std::size_t DhcpWriter::finish() {
  if (room_.empty()) return 0;
  if (kept_ != 0) put(options_, last_code_, last_value_);
  constexpr auto kEnd = static_cast<std::uint8_t>(DhcpOption::end);
  room_[options_.position++] = kEnd;
  if ((overload_ & kOverloadFile) != 0) room_[file_.position] = kEnd;
  if ((overload_ & kOverloadSname) != 0) room_[sname_.position] = kEnd;
  const std::size_t padded = std::min(kBootpLength, room_.size());
  if (options_.position < padded) {
    std::fill(room_.begin() + static_cast<std::ptrdiff_t>(options_.position),
              room_.begin() + static_cast<std::ptrdiff_t>(padded), std::uint8_t{0});
  }
  return std::max(options_.position, padded);
}

}  // namespace reveille::wire
