#include "dhcp/server_reply.h"

#include <algorithm>
#include <array>
#include <span>

#include "dhcp/boot_options.h"
#include "dhcp/lease_times.h"
#include "dhcp/option_set.h"
#include "dhcp/reply_address.h"
#include "dhcp/reply_forms.h"
#include "packet/frame_writer.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpType;
using wire::DhcpWriter;

constexpr std::size_t kIpAndUdp = 28;
constexpr std::uint16_t kMessageSizeMin = 576;  // RFC 2132 9.10
constexpr std::uint16_t kBroadcastFlag = 0x8000;

// What this server can answer by itself; everything else is configured or unknown.
constexpr OptionSet kAnswerable{
    DhcpOption::subnet_mask,
    DhcpOption::router,
    DhcpOption::domain_name_server,
    DhcpOption::host_name,
    DhcpOption::boot_file_size,
    DhcpOption::domain_name,
    DhcpOption::broadcast_address,
    DhcpOption::vendor_specific,
    DhcpOption::renewal_time,
    DhcpOption::rebinding_time,
    DhcpOption::vendor_class,
    DhcpOption::tftp_server_name,
    DhcpOption::boot_file_name,
    DhcpOption::client_machine_identifier,
    DhcpOption::ipxe,
};

// Never taken from the parameter request list or the configuration: the server's own.
constexpr OptionSet kOwn{
    DhcpOption::pad,
    DhcpOption::requested_address,
    DhcpOption::lease_time,
    DhcpOption::overload,
    DhcpOption::message_type,
    DhcpOption::server_identifier,
    DhcpOption::parameter_request_list,
    DhcpOption::maximum_message_size,
    DhcpOption::client_identifier,
    DhcpOption::relay_agent_information,
    DhcpOption::end,
};

// The options of one reply, each written once. Firmware asks for some forty, most of which
// nobody answers: `open_` has the few that are worth a look, until they have had it.
class OptionWalk {
 public:
  OptionWalk(DhcpWriter& writer, const Exchange& exchange, const ServerReply& reply)
      : writer_(writer),
        exchange_(exchange),
        reply_(reply),
        boot_{.facts = exchange.facts,
              .plan = reply.plan,
              .station = exchange.station,
              .next_server =
                  next_server_of(*exchange.context.snapshot.config, exchange.station, reply.plan)} {
    open(exchange.subnet.config.options);
    if (reply.plan == nullptr) return;
    open_.add(DhcpOption::root_path);
    open(reply.plan->options);
  }

  void header() { write_boot_header(writer_, exchange_.message, boot_); }

  void write_requested() {
    const auto list = exchange_.message.option(DhcpOption::parameter_request_list);
    if (!list) return;
    for (const std::uint8_t code : *list) write(static_cast<DhcpOption>(code));
  }

  [[nodiscard]] const ReplyMarks& marks() const { return marks_; }

  void write_rest() {
    write(DhcpOption::subnet_mask);
    write(DhcpOption::renewal_time);
    write(DhcpOption::rebinding_time);
    for (const DhcpOption code : unasked_boot_options(boot_)) write(code);
    write(DhcpOption::router);
    write(DhcpOption::domain_name_server);
    write(DhcpOption::domain_name);
    write(DhcpOption::host_name);
    write_rest_of_plan();
    for (const DhcpOptionConfig& option : exchange_.subnet.config.options) {
      write(static_cast<DhcpOption>(option.code));
    }
  }

 private:
  void write_rest_of_plan() {
    if (reply_.plan == nullptr) return;
    if (!reply_.plan->root_path.empty()) write(DhcpOption::root_path);
    for (const DhcpOptionConfig& option : reply_.plan->options) {
      write(static_cast<DhcpOption>(option.code));
    }
  }

  void open(std::span<const DhcpOptionConfig> options) {
    for (const DhcpOptionConfig& option : options) {
      const auto code = static_cast<DhcpOption>(option.code);
      if (!kOwn.contains(code)) open_.add(code);
    }
  }

  void write(DhcpOption code) {
    if (!open_.contains(code)) return;
    open_.remove(code);
    if (write_planned(code) || write_configured(code) || write_known(code)) return;
    write_boot_option(writer_, exchange_.message, boot_, code);
    marks_.identifier |= code == DhcpOption::client_machine_identifier;
  }

  // What was decided for this machine goes before what holds for its subnet.
  bool write_planned(DhcpOption code) {
    return reply_.plan != nullptr && write_planned_option(writer_, *reply_.plan, code);
  }

  // What the configuration says as bytes goes before what we would say.
  bool write_configured(DhcpOption code) {
    for (const DhcpOptionConfig& option : exchange_.subnet.config.options) {
      if (option.code != static_cast<std::uint8_t>(code)) continue;
      writer_.option(code, Bytes{option.value});
      return true;
    }
    return false;
  }

  bool write_known(DhcpOption code) {
    const SubnetConfig& subnet = exchange_.subnet.config;
    switch (code) {
      case DhcpOption::subnet_mask:
        writer_.option_u32(code, subnet.prefix.mask());
        return true;
      case DhcpOption::router:
        return write_addresses(code, subnet.routers);
      case DhcpOption::domain_name_server:
        return write_addresses(code, subnet.dns_servers);
      case DhcpOption::host_name:
        return exchange_.host != nullptr && write_text(code, exchange_.host->host_name);
      case DhcpOption::domain_name:
        return write_text(code, subnet.domain_name);
      case DhcpOption::broadcast_address:
        writer_.option_address(code, subnet.prefix.directed_broadcast());
        return true;
      case DhcpOption::renewal_time:
        marks_.renewal = true;
        return write_time(code, renewal_seconds);
      case DhcpOption::rebinding_time:
        marks_.rebinding = true;
        return write_time(code, rebinding_seconds);
      default:
        return false;
    }
  }

  bool write_addresses(DhcpOption code, const std::vector<Ipv4Address>& addresses) {
    constexpr std::size_t kAddressesMax = 32;
    std::array<std::uint8_t, 4 * kAddressesMax> value;
    const std::size_t count = std::min(addresses.size(), kAddressesMax);
    for (std::size_t i = 0; i < count; ++i) store_be32(&value[4 * i], addresses[i].value);
    if (count > 0) writer_.option(code, Bytes{value}.first(4 * count));
    return count > 0;
  }

  bool write_text(DhcpOption code, std::string_view text) {
    if (!text.empty()) writer_.option(code, text);
    return !text.empty();
  }

  bool write_time(DhcpOption code, std::uint32_t (*part_of)(std::uint32_t lease)) {
    if (reply_.lease_seconds) writer_.option_u32(code, part_of(*reply_.lease_seconds));
    return reply_.lease_seconds.has_value();
  }

  DhcpWriter& writer_;
  const Exchange& exchange_;
  const ServerReply& reply_;
  BootReply boot_;
  OptionSet open_ = kAnswerable;
  ReplyMarks marks_;
};

// Octets of UDP payload that the client takes.
std::size_t accepted_length(const Exchange& exchange, const ServerReply& reply) {
  // A BOOTP client knows the vendor field's 64 octets; one that sends more takes more.
  if (reply.type == DhcpType::none) {
    return std::max(exchange.request.body.size(), wire::kBootpLength);
  }
  const std::uint16_t said =
      exchange.message.option_u16(DhcpOption::maximum_message_size).value_or(kMessageSizeMin);
  return std::max(said, kMessageSizeMin) - kIpAndUdp;
}

void write_fixed_fields(DhcpWriter& writer, const Exchange& exchange, const ServerReply& reply) {
  const wire::DhcpView& message = exchange.message;
  writer.reply_to(message);
  writer.yiaddr(reply.yiaddr);
  if (reply.type == DhcpType::ack || reply.type == DhcpType::none) writer.ciaddr(message.ciaddr());
  // The relay cannot send a NAK to an address that the client does not have (RFC 2131 4.3.2).
  if (reply.type == DhcpType::nak && exchange.is_relayed()) {
    writer.flags(message.flags() | kBroadcastFlag);
  }
}

// False: what no client can do without has no room.
bool write_options(DhcpWriter& writer, const Exchange& exchange, const ServerReply& reply,
                   ReplyMarks& marks) {
  const wire::DhcpView& message = exchange.message;
  OptionWalk walk(writer, exchange, reply);
  if (reply.type != DhcpType::nak) walk.header();
  if (reply.type != DhcpType::none) {
    writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(reply.type));
    writer.option_address(DhcpOption::server_identifier, exchange.server_identifier);
    if (reply.lease_seconds) writer.option_u32(DhcpOption::lease_time, *reply.lease_seconds);
    if (writer.overflowed()) return false;
    // RFC 6842: the client tells by it that the reply is its own, and takes one without it for an
    // older server's.
    if (const auto id = message.option(DhcpOption::client_identifier)) {
      writer.option(DhcpOption::client_identifier, *id);
    }
  }
  if (reply.type == DhcpType::nak) {
    writer.option(DhcpOption::message, reply.reason);
    return true;
  }
  walk.write_requested();
  walk.write_rest();
  marks = walk.marks();
  return true;
}

// Octets of UDP payload; 0: it does not fit.
std::size_t write_message(MutableBytes room, const Exchange& exchange, const ServerReply& reply,
                          ReplyMarks& marks) {
  DhcpWriter writer(room, room.size());
  write_fixed_fields(writer, exchange, reply);
  writer.allow_overload(reply.type != DhcpType::none);
  const auto relayed = exchange.message.option(DhcpOption::relay_agent_information);
  if (relayed) {
    writer.option_last(DhcpOption::relay_agent_information, *relayed);
    // A relay that misses it drops the reply (RFC 3046 2.1).
    if (writer.overflowed()) return 0;
  }
  return write_options(writer, exchange, reply, marks) ? writer.finish() : 0;
}

}  // namespace

bool write_server_reply(Reply& slot, const Exchange& exchange, const ServerReply& reply,
                        ReplyForms& forms) {
  MutableBytes room = udp_room(slot, exchange.station);
  room = room.first(std::min(room.size(), accepted_length(exchange, reply)));
  const auto shape = ReplyShape::of(exchange, reply, room.size());
  std::size_t length = shape ? forms.write(*shape, exchange, reply, room) : 0;
  if (length == 0) {
    ReplyMarks marks;
    length = write_message(room, exchange, reply, marks);
    if (length == 0) return false;
    if (shape) forms.keep(*shape, exchange, marks, room.first(length));
  }
  const UdpDestination to =
      reply_address(exchange.request, exchange.message, reply.type, reply.yiaddr);
  finish_udp(slot, exchange.station, exchange.request.station, wire::kDhcpServerPort, to, length);
  return true;
}

}  // namespace reveille
