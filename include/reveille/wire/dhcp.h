// DHCP and BOOTP messages: RFC 951, 1542, 2131, 2132, 3396 (long options), 4578 (PXE).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/checked.h>

namespace reveille::wire {

inline constexpr std::uint16_t kDhcpServerPort = 67;
inline constexpr std::uint16_t kDhcpClientPort = 68;
inline constexpr std::uint16_t kBootServerPort = 4011;

enum class DhcpOp : std::uint8_t { request = 1, reply = 2 };

enum class DhcpType : std::uint8_t {
  none = 0,  // no option 53: BOOTP
  discover = 1,
  offer = 2,
  request = 3,
  decline = 4,
  ack = 5,
  nak = 6,
  release = 7,
  inform = 8,
};

// RFC 2132 names unless said otherwise.
enum class DhcpOption : std::uint8_t {
  pad = 0,
  subnet_mask = 1,
  router = 3,
  domain_name_server = 6,
  host_name = 12,
  boot_file_size = 13,  // in 512-octet blocks
  domain_name = 15,
  root_path = 17,
  interface_mtu = 26,
  broadcast_address = 28,
  vendor_specific = 43,
  requested_address = 50,
  lease_time = 51,
  overload = 52,
  message_type = 53,
  server_identifier = 54,
  parameter_request_list = 55,
  message = 56,
  maximum_message_size = 57,
  renewal_time = 58,
  rebinding_time = 59,
  vendor_class = 60,
  client_identifier = 61,
  tftp_server_name = 66,
  boot_file_name = 67,
  user_class = 77,               // RFC 3004; iPXE sends plain text
  relay_agent_information = 82,  // RFC 3046
  client_architecture = 93,      // RFC 4578
  client_network_interface = 94,
  client_machine_identifier = 97,
  ipxe = 175,  // iPXE's encapsulated options
  end = 255,
};

// Sub-options of option 82.
enum class RelayOption : std::uint8_t {
  circuit_id = 1,
  remote_id = 2,
  link_selection = 5,       // RFC 3527
  server_id_override = 11,  // RFC 5107
};

// The first option: behind 236 octets of fixed fields and the magic cookie (RFC 2131 section 2).
inline constexpr std::size_t kDhcpOptionsOffset = 240;
// The least length of a BOOTP message, which its relays expect of a reply too (RFC 1542 2.1).
inline constexpr std::size_t kBootpLength = 300;

// A message, checked: 240 octets with the cookie, or 300 without one (RFC 951); op 1 or 2, hlen
// at most 16, option 53 of one octet, every option inside its field, at most kInstancesMax
// option instances, overload (52, in the options field only) followed once per field. Fields
// without END and options without a value are fine. Unknown options are kept.
// Refusals: dhcp_malformed, dhcp_bad_options.
//
// Copying costs what the message uses, not what the arrays could hold.
class DhcpView {
 public:
  static constexpr std::size_t kInstancesMax = 128;
  // Room for the values of options that come in several instances, all together; a message
  // that needs more is refused.
  static constexpr std::size_t kJoinedMax = 1024;

  DhcpView() {}  // NOLINT(modernize-use-equals-default): `= default` would clear the arrays
  DhcpView(const DhcpView& other) { *this = other; }
  DhcpView& operator=(const DhcpView& other);

  static Checked<DhcpView> parse(Bytes message);

  [[nodiscard]] DhcpOp op() const { return static_cast<DhcpOp>(at(0)); }
  [[nodiscard]] std::uint8_t htype() const { return at(1); }
  [[nodiscard]] std::uint8_t hlen() const { return at(2); }
  [[nodiscard]] std::uint8_t hops() const { return at(3); }
  [[nodiscard]] std::uint32_t xid() const { return load_be32(&message_[4]); }
  [[nodiscard]] std::uint16_t secs() const { return load_be16(&message_[8]); }
  [[nodiscard]] std::uint16_t flags() const { return load_be16(&message_[10]); }
  [[nodiscard]] bool broadcast_flag() const { return (flags() & 0x8000) != 0; }
  [[nodiscard]] Ipv4Address ciaddr() const { return Ipv4Address::from(&message_[12]); }
  [[nodiscard]] Ipv4Address yiaddr() const { return Ipv4Address::from(&message_[16]); }
  [[nodiscard]] Ipv4Address siaddr() const { return Ipv4Address::from(&message_[20]); }
  [[nodiscard]] Ipv4Address giaddr() const { return Ipv4Address::from(&message_[24]); }
  // The first six octets of chaddr; hlen may say otherwise (0 for some Infiniband clients).
  [[nodiscard]] MacAddress chaddr() const { return MacAddress::from(&message_[28]); }
  [[nodiscard]] Bytes chaddr_field() const { return message_.subspan(28, 16); }
  // Up to the first NUL or the end of the field; empty when the field holds options instead.
  [[nodiscard]] std::string_view sname() const;
  [[nodiscard]] std::string_view file() const;

  // DhcpType::none without option 53 (BOOTP). Values above 8 are kept as they are.
  [[nodiscard]] DhcpType type() const { return type_; }
  [[nodiscard]] bool has(DhcpOption code) const { return slot_of(code) != 0; }
  // The value, in constant time. Instances of one code are joined in the order options field,
  // file, sname (RFC 3396 5). The span points into the message or into this view.
  [[nodiscard]] std::optional<Bytes> option(DhcpOption code) const {
    const std::uint8_t slot = slot_of(code);
    if (slot == 0) return std::nullopt;
    const Instance& instance = instances_[slot - 1];
    const Bytes from = instance.joined ? Bytes{joined_} : message_;
    return from.subspan(instance.offset, instance.length);
  }
  // Values of a fixed shape; nullopt when absent or of another length.
  [[nodiscard]] std::optional<std::uint8_t> option_u8(DhcpOption code) const;
  [[nodiscard]] std::optional<std::uint16_t> option_u16(DhcpOption code) const;
  [[nodiscard]] std::optional<std::uint32_t> option_u32(DhcpOption code) const;
  [[nodiscard]] std::optional<Ipv4Address> option_address(DhcpOption code) const;
  // Without trailing NULs. May hold any byte: escape before printing.
  [[nodiscard]] std::optional<std::string_view> option_text(DhcpOption code) const;
  // Sub-options of 82 (RFC 3046) or of any other encapsulating option.
  [[nodiscard]] std::optional<Bytes> relay_option(RelayOption code) const;
  [[nodiscard]] std::optional<Bytes> suboption(DhcpOption code, std::uint8_t inner) const;

 private:
  struct Instance {
    std::uint16_t offset;  // of the value, in message_ or in joined_
    std::uint16_t length;
    std::uint8_t code;
    bool joined;
  };
  [[nodiscard]] std::uint8_t at(std::size_t i) const { return message_[i]; }
  [[nodiscard]] std::uint8_t slot_of(DhcpOption code) const {
    return slots_[static_cast<std::uint8_t>(code)];
  }
  [[nodiscard]] std::string_view text_field(std::size_t offset, std::size_t length) const;
  // Into a fresh view; nothing when all is well.
  std::optional<Outcome> read(Bytes message);
  bool parse_options();
  bool scan(std::size_t from, std::size_t to);
  bool join_repeats();

  Bytes message_;
  DhcpType type_ = DhcpType::none;
  std::uint8_t overload_ = 0;  // option 52: 1 = file, 2 = sname, 3 = both hold options
  bool repeats_ = false;
  std::uint8_t instance_count_ = 0;
  std::uint16_t joined_length_ = 0;
  std::array<std::uint8_t, 256> slots_{};          // by code: 1 + index of the first instance
  std::array<Instance, kInstancesMax> instances_;  // not cleared: instance_count_ says
  std::array<std::uint8_t, kJoinedMax> joined_;    // not cleared: joined_length_ says
};

// Writes a message. The fixed header first (it is zeroed at construction), then options in the
// order of the calls, then finish().
class DhcpWriter {
 public:
  // `room`: where the UDP payload goes; `limit`: what the receiver accepts of it, at least 300
  // in practice (option 57 less IP and UDP headers); the smaller of the two bounds the message.
  DhcpWriter(MutableBytes room, std::size_t limit);

  // op = reply; htype, hlen, xid, flags, giaddr and chaddr of the request (RFC 2131, table 3).
  void reply_to(const DhcpView& request);
  // op = request; htype 1, hlen 6.
  void request_of(const MacAddress& client, std::uint32_t xid);
  void hops(std::uint8_t value);
  void secs(std::uint16_t value);
  void flags(std::uint16_t value);
  void ciaddr(Ipv4Address value);
  void yiaddr(Ipv4Address value);
  void siaddr(Ipv4Address value);
  void giaddr(Ipv4Address value);
  // Text fields; false when too long, or when options already stand there. A field that is set
  // is not used for option overload. No NUL follows a text that fills the field.
  bool sname(std::string_view text);
  bool file(std::string_view text);
  // Before the first option: may options spill into file and sname (option 52)?
  void allow_overload(bool allowed) { overload_allowed_ = allowed; }

  // Splits what is longer than 255 octets (RFC 3396). An option goes as a whole into the
  // options field, else into file, else into sname; one that fits nowhere is left out as a whole
  // and remembered in overflowed().
  void option(DhcpOption code, Bytes value);
  void option(DhcpOption code, std::string_view text);
  void option_u8(DhcpOption code, std::uint8_t value);
  void option_u16(DhcpOption code, std::uint16_t value);
  void option_u32(DhcpOption code, std::uint32_t value);
  void option_address(DhcpOption code, Ipv4Address value);
  // Room for it is kept from this call on, so call it first; finish() writes it as the last one
  // of the options field (RFC 3046 2.1: an echoed option 82 comes last). `value` is borrowed
  // until then. At most one.
  void option_last(DhcpOption code, Bytes value);

  [[nodiscard]] bool overflowed() const { return overflowed_; }
  // END option and padding to the 300 octets that BOOTP relays expect (RFC 1542 2.1). Returns
  // the length of the UDP payload; 0 when not even the header fitted.
  std::size_t finish();

 private:
  // A field that takes options: next free octet and the end. The last octet is kept for END.
  struct Field {
    std::size_t position = 0;
    std::size_t end = 0;
    [[nodiscard]] std::size_t room() const { return end - position - 1; }
  };
  std::uint8_t* append(DhcpOption code, std::size_t length);
  [[nodiscard]] bool may_spill() const { return overload_allowed_ && !(file_set_ && sname_set_); }
  [[nodiscard]] std::size_t kept() const;
  void put(Field& field, DhcpOption code, Bytes value);
  bool spill(Field& field, std::uint8_t overload_bit, bool taken, DhcpOption code, Bytes value);
  bool text_field(std::size_t offset, std::size_t length, std::string_view text);

  MutableBytes room_;  // empty when the header does not fit
  Field options_;
  Field file_;
  Field sname_;
  std::size_t kept_ = 0;         // octets of the options field that wait for option_last()
  std::size_t overload_at_ = 0;  // of option 52's value, once it is written
  Bytes last_value_;
  DhcpOption last_code_ = DhcpOption::pad;
  bool overload_allowed_ = false;
  bool overflowed_ = false;
  bool sname_set_ = false;
  bool file_set_ = false;
  std::uint8_t overload_ = 0;
};

}  // namespace reveille::wire
