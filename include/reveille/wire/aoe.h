// ATA over Ethernet: AoEr11 (the specification of the protocol, revision 11), version 1.
//
// A packet is what follows the EtherType: a header of ten octets, then the arguments of its
// command. There is no length and no checksum: what follows the arguments may be padding.
#pragma once

#include <cstddef>
#include <cstdint>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/checked.h>

namespace reveille::wire {

inline constexpr std::uint8_t kAoeVersion = 1;
inline constexpr std::size_t kAoeHeader = 10;
inline constexpr std::size_t kAoeAtaArguments = 12;
inline constexpr std::size_t kAoeConfigArguments = 8;
inline constexpr std::size_t kAoeConfigStringMax = 1024;
inline constexpr std::size_t kAoeMaskArguments = 4;
inline constexpr std::size_t kAoeMaskDirective = 8;
inline constexpr std::size_t kAoeReserveArguments = 2;
inline constexpr std::uint16_t kAoeEveryShelf = 0xffff;
inline constexpr std::uint8_t kAoeEverySlot = 0xff;

enum class AoeCommand : std::uint8_t { ata = 0, query_config = 1, mac_mask = 2, reserve = 3 };

enum class AoeError : std::uint8_t {  // section 2.4
  unrecognized_command = 1,
  bad_argument = 2,
  device_unavailable = 3,
  config_string_present = 4,
  unsupported_version = 5,
  target_is_reserved = 6,
};

// Section 2: the header, checked to be there. Refusal: aoe_malformed.
class AoeView {
 public:
  static Checked<AoeView> parse(Bytes packet) {
    if (packet.size() < kAoeHeader) return Outcome::aoe_malformed;
    AoeView view;
    view.packet_ = packet;
    return view;
  }

  [[nodiscard]] std::uint8_t version() const { return packet_[0] >> 4; }
  [[nodiscard]] bool is_response() const { return (packet_[0] & 0x08) != 0; }
  [[nodiscard]] bool is_error() const { return (packet_[0] & 0x04) != 0; }
  [[nodiscard]] AoeError error() const { return static_cast<AoeError>(packet_[1]); }
  [[nodiscard]] std::uint16_t shelf() const { return load_be16(&packet_[2]); }
  [[nodiscard]] std::uint8_t slot() const { return packet_[4]; }
  // Values other than the four named ones are kept.
  [[nodiscard]] AoeCommand command() const { return static_cast<AoeCommand>(packet_[5]); }
  // The initiator's own, given back as it is: in the order of the wire.
  [[nodiscard]] std::uint32_t tag() const { return load_be32(&packet_[6]); }
  [[nodiscard]] Bytes arguments() const { return packet_.subspan(kAoeHeader); }

 private:
  Bytes packet_;
};

// Section 3: an ATA command, all registers there. Refusal: aoe_malformed.
class AoeAtaView {
 public:
  static constexpr std::uint8_t kExtended = 0x40;  // E: LBA48
  static constexpr std::uint8_t kDevice = 0x10;    // D: the device/head register's bit
  static constexpr std::uint8_t kAsynchronous = 0x02;
  static constexpr std::uint8_t kWrite = 0x01;

  static Checked<AoeAtaView> parse(Bytes arguments) {
    if (arguments.size() < kAoeAtaArguments) return Outcome::aoe_malformed;
    AoeAtaView view;
    view.arguments_ = arguments;
    return view;
  }

  [[nodiscard]] std::uint8_t flags() const { return arguments_[0]; }
  [[nodiscard]] std::uint8_t feature() const { return arguments_[1]; }  // error in a response
  [[nodiscard]] std::uint8_t sectors() const { return arguments_[2]; }
  [[nodiscard]] std::uint8_t command() const { return arguments_[3]; }  // status in a response
  // All six octets; LBA28 commands use the lower 28 bits.
  [[nodiscard]] std::uint64_t lba() const {
    const std::uint8_t* const at = &arguments_[4];
    // Four and two octets: shapes that compilers know as one load each.
    const std::uint32_t low =
        at[0] | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16 | std::uint32_t{at[3]} << 24;
    const std::uint32_t high = at[4] | std::uint32_t{at[5]} << 8;
    return low | std::uint64_t{high} << 32;
  }
  // With padding.
  [[nodiscard]] Bytes data() const { return arguments_.subspan(kAoeAtaArguments); }

 private:
  Bytes arguments_;
};

// Section 4: query config information, the whole string there. Refusal: aoe_malformed.
class AoeConfigView {
 public:
  enum class Operation : std::uint8_t { read = 0, test = 1, test_prefix = 2, set = 3, force = 4 };

  static Checked<AoeConfigView> parse(Bytes arguments) {
    if (arguments.size() < kAoeConfigArguments) return Outcome::aoe_malformed;
    AoeConfigView view;
    view.arguments_ = arguments;
    view.length_ = load_be16(&arguments[6]);
    if (view.length_ > kAoeConfigStringMax ||
        view.length_ > arguments.size() - kAoeConfigArguments) {
      return Outcome::aoe_malformed;
    }
    return view;
  }

  [[nodiscard]] std::uint16_t buffers() const { return load_be16(&arguments_[0]); }
  [[nodiscard]] std::uint16_t firmware() const { return load_be16(&arguments_[2]); }
  [[nodiscard]] std::uint8_t sectors() const { return arguments_[4]; }
  // Values other than the five named ones are kept.
  [[nodiscard]] Operation operation() const { return static_cast<Operation>(arguments_[5] & 0x0f); }
  [[nodiscard]] Bytes string() const { return arguments_.subspan(kAoeConfigArguments, length_); }

 private:
  Bytes arguments_;
  std::size_t length_ = 0;
};

// Section 5: the MAC mask list, all directives there. Refusal: aoe_malformed.
class AoeMaskView {
 public:
  enum class Operation : std::uint8_t { read = 0, edit = 1 };
  enum class Directive : std::uint8_t { none = 0, add = 1, remove = 2 };
  enum class Error : std::uint8_t { none = 0, unspecified = 1, bad_directive = 2, full = 3 };

  static Checked<AoeMaskView> parse(Bytes arguments) {
    if (arguments.size() < kAoeMaskArguments ||
        arguments.size() < kAoeMaskArguments + arguments[3] * kAoeMaskDirective) {
      return Outcome::aoe_malformed;
    }
    AoeMaskView view;
    view.arguments_ = arguments;
    return view;
  }

  [[nodiscard]] Operation operation() const { return static_cast<Operation>(arguments_[1]); }
  [[nodiscard]] Error error() const { return static_cast<Error>(arguments_[2]); }
  [[nodiscard]] std::size_t directives() const { return arguments_[3]; }
  [[nodiscard]] Directive directive(std::size_t index) const {
    return static_cast<Directive>(arguments_[at(index) + 1]);
  }
  [[nodiscard]] MacAddress mac(std::size_t index) const {
    return MacAddress::from(&arguments_[at(index) + 2]);
  }

 private:
  static std::size_t at(std::size_t index) { return kAoeMaskArguments + index * kAoeMaskDirective; }

  Bytes arguments_;
};

// Section 6: reserve and release, all addresses there. Refusal: aoe_malformed.
class AoeReserveView {
 public:
  enum class Operation : std::uint8_t { read = 0, set = 1, force = 2 };

  static Checked<AoeReserveView> parse(Bytes arguments) {
    if (arguments.size() < kAoeReserveArguments ||
        arguments.size() < kAoeReserveArguments + arguments[1] * std::size_t{6}) {
      return Outcome::aoe_malformed;
    }
    AoeReserveView view;
    view.arguments_ = arguments;
    return view;
  }

  [[nodiscard]] Operation operation() const { return static_cast<Operation>(arguments_[0]); }
  [[nodiscard]] std::size_t count() const { return arguments_[1]; }
  [[nodiscard]] MacAddress mac(std::size_t index) const {
    return MacAddress::from(&arguments_[kAoeReserveArguments + index * 6]);
  }

 private:
  Bytes arguments_;
};

// ---- writers: each fills exactly the octets that its name promises and returns what follows

struct AoeHeader {
  bool response = false;
  std::uint8_t error = 0;  // AoeError; 0: none, and the error flag is clear
  std::uint16_t shelf = 0;
  std::uint8_t slot = 0;
  AoeCommand command{};
  std::uint32_t tag = 0;
};
inline std::uint8_t* write_aoe_header(std::uint8_t* to, const AoeHeader& header) {
  to[0] = static_cast<std::uint8_t>(kAoeVersion << 4 | (header.response ? 0x08 : 0) |
                                    (header.error != 0 ? 0x04 : 0));
  to[1] = header.error;
  store_be16(to + 2, header.shelf);
  to[4] = header.slot;
  to[5] = static_cast<std::uint8_t>(header.command);
  store_be32(to + 6, header.tag);
  return to + kAoeHeader;
}

struct AoeAta {
  std::uint8_t flags = 0;
  std::uint8_t feature = 0;  // error in a response
  std::uint8_t sectors = 0;
  std::uint8_t command = 0;  // status in a response
  std::uint64_t lba = 0;
};
inline std::uint8_t* write_aoe_ata(std::uint8_t* to, const AoeAta& ata) {
  to[0] = ata.flags;
  to[1] = ata.feature;
  to[2] = ata.sectors;
  to[3] = ata.command;
  // Six octets, the lowest first, and two that are reserved.
  store_be64(to + 4, __builtin_bswap64(ata.lba & 0xffff'ffff'ffff));
  return to + kAoeAtaArguments;
}

// The eight octets before the config string.
inline std::uint8_t* write_aoe_config(std::uint8_t* to, std::uint16_t buffers,
                                      std::uint16_t firmware, std::uint8_t sectors,
                                      AoeConfigView::Operation operation, std::size_t length) {
  store_be16(to, buffers);
  store_be16(to + 2, firmware);
  to[4] = sectors;
  to[5] = static_cast<std::uint8_t>(kAoeVersion << 4 | static_cast<std::uint8_t>(operation));
  store_be16(to + 6, static_cast<std::uint16_t>(length));
  return to + kAoeConfigArguments;
}

// The four octets before the directives, and one directive.
inline std::uint8_t* write_aoe_masks(std::uint8_t* to, AoeMaskView::Operation operation,
                                     AoeMaskView::Error error, std::size_t count) {
  to[0] = 0;
  to[1] = static_cast<std::uint8_t>(operation);
  to[2] = static_cast<std::uint8_t>(error);
  to[3] = static_cast<std::uint8_t>(count);
  return to + kAoeMaskArguments;
}
inline std::uint8_t* write_aoe_mask(std::uint8_t* to, AoeMaskView::Directive directive,
                                    const MacAddress& mac) {
  to[0] = 0;
  to[1] = static_cast<std::uint8_t>(directive);
  std::memcpy(to + 2, mac.octets.data(), 6);
  return to + kAoeMaskDirective;
}

}  // namespace reveille::wire
