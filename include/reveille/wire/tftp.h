// TFTP packets: RFC 1350, options of RFC 2347, 2348, 2349 and 7440.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <reveille/bytes.h>
#include <reveille/wire/checked.h>

namespace reveille::wire {

inline constexpr std::uint16_t kTftpPort = 69;

enum class TftpOpcode : std::uint16_t {
  read_request = 1,
  write_request = 2,
  data = 3,
  acknowledgment = 4,
  error = 5,
  option_acknowledgment = 6,
};

enum class TftpError : std::uint16_t {
  not_defined = 0,
  file_not_found = 1,
  access_violation = 2,
  disk_full = 3,
  illegal_operation = 4,
  unknown_transfer_id = 5,
  file_exists = 6,
  no_such_user = 7,
  option_refused = 8,  // RFC 2347
};

struct TftpOption {
  std::string_view name;  // as sent; compare without case
  std::string_view value;
};

// Any packet, checked: known opcode, minimum length, every string of a request or OACK ends
// inside the packet and every option has a name and a value, which may be empty. NULs after the
// last option are ignored, as other servers do. Refusal: tftp_malformed.
class TftpView {
 public:
  static constexpr std::size_t kOptionsMax = 16;  // further ones are ignored

  TftpView() {}  // NOLINT(modernize-use-equals-default): the options are not cleared
  TftpView(const TftpView& other) { *this = other; }
  TftpView& operator=(const TftpView& other);

  static Checked<TftpView> parse(Bytes packet);

  [[nodiscard]] TftpOpcode opcode() const {
    return static_cast<TftpOpcode>(load_be16(packet_.data()));
  }
  // Requests.
  [[nodiscard]] std::string_view file_name() const { return file_name_; }
  [[nodiscard]] std::string_view mode() const { return mode_; }
  // Requests and OACK.
  [[nodiscard]] std::span<const TftpOption> options() const {
    return std::span{options_}.first(option_count_);
  }
  // The first option of that name, compared without case (RFC 2347).
  [[nodiscard]] std::optional<std::string_view> option(std::string_view name) const;
  // DATA and ACK.
  [[nodiscard]] std::uint16_t block() const { return load_be16(&packet_[2]); }
  [[nodiscard]] Bytes data() const { return packet_.subspan(4); }
  // ERROR. The message may lack its NUL; it is then the rest of the packet.
  [[nodiscard]] TftpError error() const { return static_cast<TftpError>(load_be16(&packet_[2])); }
  [[nodiscard]] std::string_view message() const;

 private:
  bool parse_request();
  bool parse_options(std::size_t from);

  Bytes packet_;
  std::string_view file_name_;
  std::string_view mode_;
  std::uint16_t option_count_ = 0;
  // In a union so that an ACK, most of what we receive, does not pay for clearing them.
  union {
    TftpOption options_[kOptionsMax];
  };
};

// The block number when the packet is an ACK, without a view of it: nearly every packet
// that a server receives is one.
[[nodiscard]] inline std::optional<std::uint16_t> tftp_acknowledged_block(Bytes packet) {
  if (packet.size() < 4 ||
      load_be16(packet.data()) != static_cast<std::uint16_t>(TftpOpcode::acknowledgment)) {
    return std::nullopt;
  }
  return load_be16(&packet[2]);
}

// The four octets before the data of a DATA packet.
inline constexpr std::size_t kTftpDataHeader = 4;
inline void write_tftp_data_header(std::uint8_t* to, std::uint16_t block) {
  store_be16(to, static_cast<std::uint16_t>(TftpOpcode::data));
  store_be16(to + 2, block);
}

// Each writes a whole packet and returns its length, or 0 when it does not fit in `room`.
std::size_t write_tftp_ack(MutableBytes room, std::uint16_t block);
std::size_t write_tftp_error(MutableBytes room, TftpError code, std::string_view message);
std::size_t write_tftp_read_request(MutableBytes room, std::string_view file, std::string_view mode,
                                    std::span<const TftpOption> options);
std::size_t write_tftp_write_request(MutableBytes room, std::string_view file,
                                     std::string_view mode, std::span<const TftpOption> options);
std::size_t write_tftp_oack(MutableBytes room, std::span<const TftpOption> options);

}  // namespace reveille::wire
