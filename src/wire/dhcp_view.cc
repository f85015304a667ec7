#include <algorithm>
#include <utility>

#include <reveille/wire/dhcp.h>

#include "wire/dhcp_layout.h"

namespace reveille::wire {

DhcpView& DhcpView::operator=(const DhcpView& other) {
  if (this == &other) return *this;
  message_ = other.message_;
  type_ = other.type_;
  overload_ = other.overload_;
  repeats_ = other.repeats_;
  instance_count_ = other.instance_count_;
  joined_length_ = other.joined_length_;
  slots_ = other.slots_;
  std::copy_n(other.instances_.begin(), instance_count_, instances_.begin());
  std::copy_n(other.joined_.begin(), joined_length_, joined_.begin());
  return *this;
}

Checked<DhcpView> DhcpView::parse(Bytes message) {
  Checked<DhcpView> checked(std::in_place);
  if (const auto refusal = checked.to_fill().read(message)) checked.refuse(*refusal);
  return checked;
}

std::optional<Outcome> DhcpView::read(Bytes message) {
  // First of all the length: a health check's "default send string" is 27 octets.
  if (message.size() < kDhcpOptionsOffset || message.size() > 0xffff) {
    return Outcome::dhcp_malformed;
  }
  message_ = message;
  const bool known_op = op() == DhcpOp::request || op() == DhcpOp::reply;
  if (!known_op || hlen() > 16) return Outcome::dhcp_malformed;
  if (load_be32(&message[kCookieOffset]) != kMagicCookie) {
    // RFC 951 knows a vendor field of 64 octets with anything in it, and no shorter one.
    if (message.size() < kBootpLength) return Outcome::dhcp_malformed;
    return std::nullopt;
  }
  if (!parse_options()) return Outcome::dhcp_bad_options;
  return std::nullopt;
}

// RFC 2131 4.1: the options field is read first, so that its option 52 says whether file and
// then sname go on with options. An option 52 in those two means nothing: no field is read twice.
bool DhcpView::parse_options() {
  if (!scan(kDhcpOptionsOffset, message_.size())) return false;
  if (const std::uint8_t slot = slot_of(DhcpOption::overload); slot != 0) {
    const Instance& overload = instances_[slot - 1];
    if (overload.length != 1) return false;
    overload_ = message_[overload.offset];
    if (overload_ < 1 || overload_ > 3) return false;
  }
  if ((overload_ & kOverloadFile) != 0 && !scan(kFileOffset, kFileOffset + kFileLength))
    return false;
  if ((overload_ & kOverloadSname) != 0 && !scan(kSnameOffset, kSnameOffset + kSnameLength))
    return false;
  if (repeats_ && !join_repeats()) return false;
  if (const auto type = option(DhcpOption::message_type)) {
    if (type->size() != 1) return false;
    type_ = static_cast<DhcpType>(type->front());
  }
  return true;
}

bool DhcpView::scan(std::size_t from, std::size_t to) {
  while (from < to) {
    const std::uint8_t code = message_[from++];
    if (code == static_cast<std::uint8_t>(DhcpOption::pad)) continue;
    if (code == static_cast<std::uint8_t>(DhcpOption::end)) return true;
    if (from == to) return false;
    const std::uint8_t length = message_[from++];
    if (length > to - from || instance_count_ == kInstancesMax) return false;
    instances_[instance_count_++] = {static_cast<std::uint16_t>(from), length, code, false};
    if (slots_[code] == 0) {
      slots_[code] = instance_count_;
    } else {
      repeats_ = true;
    }
    from += length;
  }
  return true;  // END is missing: harmless, and some clients leave it out when the field is full
}

// RFC 3396 7: the value of an option is all its instances put together. One pass links the
// instances of each code, a second copies each chain; the first instance becomes the whole.
bool DhcpView::join_repeats() {
  std::array<std::uint8_t, kInstancesMax> next{};  // 0 = last of its chain
  std::array<std::uint8_t, kInstancesMax> last{};  // of the chain that starts here
  for (std::uint8_t i = 0; i < instance_count_; ++i) {
    last[i] = i;
    const auto head = static_cast<std::uint8_t>(slots_[instances_[i].code] - 1);
    if (head == i) continue;
    next[last[head]] = i;
    last[head] = i;
  }
  for (std::uint8_t head = 0; head < instance_count_; ++head) {
    Instance& whole = instances_[head];
    if (slots_[whole.code] - 1 != head || next[head] == 0) continue;
    const std::uint16_t start = joined_length_;
    for (std::uint8_t i = head;; i = next[i]) {
      const Bytes part = message_.subspan(instances_[i].offset, instances_[i].length);
      if (part.size() > kJoinedMax - joined_length_) return false;
      std::ranges::copy(part, joined_.begin() + joined_length_);
      joined_length_ = static_cast<std::uint16_t>(joined_length_ + part.size());
      if (next[i] == 0) break;
    }
    whole.offset = start;
    whole.length = static_cast<std::uint16_t>(joined_length_ - start);
    whole.joined = true;
  }
  return true;
}

std::string_view DhcpView::text_field(std::size_t offset, std::size_t length) const {
  const std::string_view field{reinterpret_cast<const char*>(&message_[offset]), length};
  return field.substr(0, field.find('\0'));
}

std::string_view DhcpView::sname() const {
  if ((overload_ & kOverloadSname) != 0) return {};
  return text_field(kSnameOffset, kSnameLength);
}

std::string_view DhcpView::file() const {
  if ((overload_ & kOverloadFile) != 0) return {};
  return text_field(kFileOffset, kFileLength);
}

std::optional<std::uint8_t> DhcpView::option_u8(DhcpOption code) const {
  const auto value = option(code);
  if (!value || value->size() != 1) return std::nullopt;
  return value->front();
}

std::optional<std::uint16_t> DhcpView::option_u16(DhcpOption code) const {
  const auto value = option(code);
  if (!value || value->size() != 2) return std::nullopt;
  return load_be16(value->data());
}

std::optional<std::uint32_t> DhcpView::option_u32(DhcpOption code) const {
  const auto value = option(code);
  if (!value || value->size() != 4) return std::nullopt;
  return load_be32(value->data());
}

std::optional<Ipv4Address> DhcpView::option_address(DhcpOption code) const {
  const auto value = option_u32(code);
  if (!value) return std::nullopt;
  return Ipv4Address{*value};
}

std::optional<std::string_view> DhcpView::option_text(DhcpOption code) const {
  const auto value = option(code);
  if (!value) return std::nullopt;
  std::string_view text{reinterpret_cast<const char*>(value->data()), value->size()};
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  return text;
}

std::optional<Bytes> DhcpView::relay_option(RelayOption code) const {
  return suboption(DhcpOption::relay_agent_information, static_cast<std::uint8_t>(code));
}

std::optional<Bytes> DhcpView::suboption(DhcpOption code, std::uint8_t inner) const {
  const auto outer = option(code);
  if (!outer) return std::nullopt;
  // Vendor options (43, 175) may hold PAD and END as the options field does (RFC 2132 8.4);
  // option 82 has neither (RFC 3046 2.0).
  const bool has_pad_and_end = code != DhcpOption::relay_agent_information;
  for (std::size_t at = 0; at < outer->size();) {
    const std::uint8_t found = (*outer)[at++];
    if (has_pad_and_end && found == 0) continue;
    if (has_pad_and_end && found == 255) break;
    if (at == outer->size()) break;
    const std::uint8_t length = (*outer)[at++];
    if (length > outer->size() - at) break;
    if (found == inner) return outer->subspan(at, length);
    at += length;
  }
  return std::nullopt;
}

}  // namespace reveille::wire
