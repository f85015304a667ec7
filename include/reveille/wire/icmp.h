// ICMP echo: RFC 792.
#pragma once

#include <cstdint>

#include <reveille/bytes.h>
#include <reveille/wire/checked.h>
#include <reveille/wire/checksum.h>

namespace reveille::wire {

enum class IcmpType : std::uint8_t { echo_reply = 0, echo_request = 8 };

inline constexpr std::size_t kIcmpHeader = 8;

// A message of any type, checked: length and checksum. Refusal: icmp_malformed.
class IcmpView {
 public:
  static Checked<IcmpView> parse(Bytes message) {
    if (message.size() < kIcmpHeader || sum(message) != 0xffff) return Outcome::icmp_malformed;
    IcmpView view;
    view.message_ = message;
    return view;
  }

  [[nodiscard]] IcmpType type() const { return static_cast<IcmpType>(message_[0]); }
  [[nodiscard]] std::uint8_t code() const { return message_[1]; }
  // Identifier, sequence number and data of an echo: what the answer repeats.
  [[nodiscard]] Bytes echoed() const { return message_.subspan(4); }
  [[nodiscard]] std::size_t length() const { return message_.size(); }

 private:
  Bytes message_;
};

// Writes 4 + echoed.size() octets and returns what follows them.
inline std::uint8_t* write_echo_reply(std::uint8_t* to, Bytes echoed) {
  store_be16(to, 0);  // type and code
  store_be16(to + 2, static_cast<std::uint16_t>(~sum(echoed)));
  std::memcpy(to + 4, echoed.data(), echoed.size());
  return to + 4 + echoed.size();
}

inline constexpr std::size_t kEchoRequest = kIcmpHeader;

// An echo without data: writes kEchoRequest octets and returns what follows them.
inline std::uint8_t* write_echo_request(std::uint8_t* to, std::uint16_t identifier,
                                        std::uint16_t sequence) {
  constexpr std::uint16_t kTypeAndCode = static_cast<std::uint16_t>(IcmpType::echo_request) << 8;
  store_be16(to, kTypeAndCode);
  store_be16(to + 2, static_cast<std::uint16_t>(
                         ~fold(std::uint64_t{kTypeAndCode} + identifier + sequence)));
  store_be16(to + 4, identifier);
  store_be16(to + 6, sequence);
  return to + kEchoRequest;
}

}  // namespace reveille::wire
