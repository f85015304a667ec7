#include <algorithm>
#include <cstring>

#include <reveille/wire/tftp.h>

namespace reveille::wire {
namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// RFC 2347: "the option names are case-insensitive".
bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Takes strings off a packet, each with its NUL.
class Strings {
 public:
  explicit Strings(Bytes rest) : rest_(rest) {}

  [[nodiscard]] bool only_nuls_left() const {
    return std::ranges::all_of(rest_, [](std::uint8_t octet) { return octet == 0; });
  }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  bool next(std::string_view& out) {
    if (rest_.empty()) return false;
    const void* nul = std::memchr(rest_.data(), 0, rest_.size());
    if (nul == nullptr) return false;
    const auto length =
        static_cast<std::size_t>(static_cast<const std::uint8_t*>(nul) - rest_.data());
    out = {reinterpret_cast<const char*>(rest_.data()), length};
    rest_ = rest_.subspan(length + 1);
    return true;
  }

 private:
  Bytes rest_;
};

// Appends to a packet; after something did not fit, nothing fits.
class Appender {
 public:
  Appender(MutableBytes room, TftpOpcode opcode) : room_(room) {
    number(static_cast<std::uint16_t>(opcode));
  }

  void number(std::uint16_t value) {
    if (std::uint8_t* to = claim(2)) store_be16(to, value);
  }
  void string(std::string_view text) {
    if (std::uint8_t* to = claim(text.size() + 1)) {
      std::copy(text.begin(), text.end(), to);
      to[text.size()] = 0;
    }
  }
  void options(std::span<const TftpOption> all) {
    for (const TftpOption& option : all) {
      string(option.name);
      string(option.value);
    }
  }
  [[nodiscard]] std::size_t length() const { return fits_ ? used_ : 0; }

 private:
  std::uint8_t* claim(std::size_t octets) {
    fits_ = fits_ && octets <= room_.size() - used_;
    if (!fits_) return nullptr;
    std::uint8_t* to = room_.data() + used_;
    used_ += octets;
    return to;
  }

  MutableBytes room_;
  std::size_t used_ = 0;
  bool fits_ = true;
};

std::size_t write_request(MutableBytes room, TftpOpcode opcode, std::string_view file,
                          std::string_view mode, std::span<const TftpOption> options) {
  Appender packet(room, opcode);
  packet.string(file);
  packet.string(mode);
  packet.options(options);
  return packet.length();
}

}  // namespace

TftpView& TftpView::operator=(const TftpView& other) {
  if (this == &other) return *this;
  packet_ = other.packet_;
  file_name_ = other.file_name_;
  mode_ = other.mode_;
  option_count_ = other.option_count_;
  std::copy_n(other.options_, option_count_, options_);
  return *this;
}

Checked<TftpView> TftpView::parse(Bytes packet) {
  if (packet.size() < 2) return Outcome::tftp_malformed;
  TftpView view;
  view.packet_ = packet;
  bool good = false;
  switch (view.opcode()) {
    case TftpOpcode::read_request:
    case TftpOpcode::write_request:
      good = view.parse_request();
      break;
    case TftpOpcode::data:
    case TftpOpcode::acknowledgment:
    case TftpOpcode::error:
      good = packet.size() >= 4;
      break;
    case TftpOpcode::option_acknowledgment:
      good = view.parse_options(2);
      break;
  }
  if (!good) return Outcome::tftp_malformed;
  return view;
}

bool TftpView::parse_request() {
  Strings strings(packet_.subspan(2));
  if (!strings.next(file_name_) || !strings.next(mode_)) return false;
  return parse_options(packet_.size() - strings.left());
}

bool TftpView::parse_options(std::size_t from) {
  Strings strings(packet_.subspan(from));
  while (!strings.only_nuls_left()) {
    TftpOption option;
    if (!strings.next(option.name) || option.name.empty() || !strings.next(option.value)) {
      return false;
    }
    if (option_count_ < kOptionsMax) options_[option_count_++] = option;
  }
  return true;
}

std::optional<std::string_view> TftpView::option(std::string_view name) const {
  for (const TftpOption& option : options()) {
    if (same_name(option.name, name)) return option.value;
  }
  return std::nullopt;
}

std::string_view TftpView::message() const {
  const std::string_view rest{reinterpret_cast<const char*>(packet_.data()) + 4,
                              packet_.size() - 4};
  return rest.substr(0, rest.find('\0'));
}

std::size_t write_tftp_ack(MutableBytes room, std::uint16_t block) {
  Appender packet(room, TftpOpcode::acknowledgment);
  packet.number(block);
  return packet.length();
}

std::size_t write_tftp_error(MutableBytes room, TftpError code, std::string_view message) {
  Appender packet(room, TftpOpcode::error);
  packet.number(static_cast<std::uint16_t>(code));
  packet.string(message);
  return packet.length();
}

std::size_t write_tftp_read_request(MutableBytes room, std::string_view file, std::string_view mode,
                                    std::span<const TftpOption> options) {
  return write_request(room, TftpOpcode::read_request, file, mode, options);
}

std::size_t write_tftp_write_request(MutableBytes room, std::string_view file,
                                     std::string_view mode, std::span<const TftpOption> options) {
  return write_request(room, TftpOpcode::write_request, file, mode, options);
}

std::size_t write_tftp_oack(MutableBytes room, std::span<const TftpOption> options) {
  Appender packet(room, TftpOpcode::option_acknowledgment);
  packet.options(options);
  return packet.length();
}

}  // namespace reveille::wire
