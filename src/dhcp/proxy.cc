#include "dhcp/proxy.h"

#include <algorithm>
#include <optional>

#include <reveille/event.h>

#include "dhcp/boot_options.h"
#include "dhcp/client_note.h"
#include "dhcp/reply_address.h"
#include "dhcp/subnets.h"
#include "packet/frame_writer.h"
#include "policy/boot_policy.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpType;
using wire::DhcpView;
using wire::DhcpWriter;

constexpr std::size_t kMessageSizeDefault = 576;  // RFC 2131 2: what every client accepts
constexpr std::size_t kIpAndUdpHeaders = 28;

// What all steps of one answer need.
struct Asked {
  const Request& request;
  const DhcpView& message;
  const Context& context;
  const Station& station;
  Facts facts;
  ClientFacts client;
  BootPlan plan;
};

Asked ask(const Request& request, const DhcpView& message, const Context& context,
          Decisions& decisions) {
  const Station& station = context.snapshot.stations[request.station];
  const Facts facts = proxy_facts(request, message, context.snapshot);
  Asked asked{request, message, context, station, facts, {}, {}};
  if (!asked.facts.boots()) return asked;
  BootPlan& plan = asked.plan;
  plan = decisions.plan(*context.snapshot.policy, asked.facts);
  asked.client = client_facts(asked.facts, request, message.ciaddr(),
                              next_server_of(*context.snapshot.config, station, &plan), {});
  if (!plan.file.empty()) plan.image = served_image(plan, asked.client, context);
  return asked;
}

void tell(const Asked& asked, EventKind kind, Outcome outcome) {
  Event* event = asked.context.events.add(kind, asked.context.now);
  if (event == nullptr) return;
  event->firmware = asked.facts.firmware;
  event->outcome = outcome;
  event->architecture = asked.facts.architecture;
  event->vlan = asked.station.vlan;
  event->client = asked.facts.mac;
  event->address = asked.message.ciaddr();
  event->relay = asked.facts.relay;
  event->set_text(kind == EventKind::dhcp_denied
                      ? asked.context.snapshot.policy->rules()->all()[asked.plan.rule].name
                      : asked.plan.file);
}

Outcome nothing_to_boot(const Asked& asked) {
  tell(asked, EventKind::boot_file_unknown, Outcome::boot_file_unknown);
  return Outcome::boot_file_unknown;
}

// There is no reply that refuses; a denied client is told of, an ignored one is not.
std::optional<Outcome> turned_away(const Asked& asked) {
  switch (asked.plan.answer) {
    case RuleAnswer::serve:
      return std::nullopt;
    case RuleAnswer::ignore:
      return Outcome::dhcp_ignored;
    case RuleAnswer::deny:
      break;
  }
  tell(asked, EventKind::dhcp_denied, Outcome::dhcp_denied);
  return Outcome::dhcp_denied;
}

// A client without an address hears only broadcast IP. Below that its own MAC address is enough
// unless it asks for more, and then a farm that wakes at once is spared a copy of every offer on
// every port.
UdpDestination destination_of_offer(const Asked& asked) {
  UdpDestination to = reply_address(asked.request, asked.message, DhcpType::offer, {});
  const bool broadcast = to.address == Ipv4Address::broadcast();
  if (broadcast && !asked.message.broadcast_flag()) to.mac = asked.request.link_source;
  return to;
}

// To the address and port that asked: EDK2 listens on 4011, iPXE on 68.
UdpDestination destination_of_ack(const Asked& asked) {
  UdpDestination to = back_to_sender(asked.request);
  if (to.address.is_zero()) to.address = Ipv4Address::broadcast();
  if (asked.message.broadcast_flag() && asked.request.source.is_zero()) {
    to.mac = MacAddress::broadcast();
  }
  return to;
}

std::size_t accepted_length(const DhcpView& message) {
  const std::size_t most = std::max<std::size_t>(
      kMessageSizeDefault,
      message.option_u16(DhcpOption::maximum_message_size).value_or(kMessageSizeDefault));
  return most - kIpAndUdpHeaders;
}

bool is_requested(const DhcpView& message, DhcpOption code) {
  const auto list = message.option(DhcpOption::parameter_request_list);
  return list && std::ranges::find(*list, static_cast<std::uint8_t>(code)) != list->end();
}

// Clients merge what the proxy says into what the other server gave them.
void write_plan(DhcpWriter& writer, const BootPlan& plan) {
  for (const DhcpOptionConfig& option : plan.options) {
    write_planned_option(writer, plan, static_cast<DhcpOption>(option.code));
  }
  const auto says_root_path = [](const DhcpOptionConfig& option) {
    return option.code == static_cast<std::uint8_t>(DhcpOption::root_path);
  };
  if (std::ranges::none_of(plan.options, says_root_path)) {
    write_planned_option(writer, plan, DhcpOption::root_path);
  }
}

// Unless the plan has its own for it: an option that is there twice reads as one (RFC 3396).
void write_unplanned(DhcpWriter& writer, const DhcpView& message, const BootReply& reply,
                     DhcpOption code) {
  const bool is_planned = std::ranges::any_of(reply.plan->options, [code](const auto& option) {
    return option.code == static_cast<std::uint8_t>(code);
  });
  if (!is_planned) write_boot_option(writer, message, reply, code);
}

enum class Sent : std::uint8_t { yes, no_buffer, too_long };

Sent send(const Asked& asked, DhcpType type, const UdpDestination& to, bool no_discovery) {
  Reply* slot = asked.context.replies.take();
  if (slot == nullptr) return Sent::no_buffer;
  const DhcpView& message = asked.message;
  const BootReply reply{
      .facts = asked.facts,
      .plan = &asked.plan,
      .station = asked.station,
      .next_server = next_server_of(*asked.context.snapshot.config, asked.station, &asked.plan),
      .proxy = true,
      .no_discovery = no_discovery};

  DhcpWriter writer(udp_room(*slot, asked.station), accepted_length(message));
  writer.reply_to(message);
  if (type == DhcpType::ack) writer.ciaddr(message.ciaddr());
  write_boot_header(writer, message, reply);
  if (const auto relayed = message.option(DhcpOption::relay_agent_information)) {
    writer.option_last(DhcpOption::relay_agent_information, *relayed);
  }
  writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(type));
  writer.option_address(DhcpOption::server_identifier, asked.station.address.address);
  if (is_requested(message, DhcpOption::boot_file_size)) {
    write_unplanned(writer, message, reply, DhcpOption::boot_file_size);
  }
  for (const DhcpOption code : unasked_boot_options(reply)) {
    write_unplanned(writer, message, reply, code);
  }
  write_plan(writer, asked.plan);

  const std::size_t length = writer.finish();
  if (length == 0 || writer.overflowed()) {
    asked.context.replies.give_back();
    return Sent::too_long;
  }
  finish_udp(*slot, asked.station, asked.request.station, asked.request.destination_port, to,
             length);
  return Sent::yes;
}

Outcome outcome_of(const Asked& asked, Sent sent, EventKind kind, Outcome answered) {
  switch (sent) {
    case Sent::no_buffer:
      return Outcome::reply_buffers_exhausted;
    case Sent::too_long:
      return Outcome::dhcp_reply_too_long;
    case Sent::yes:
      break;
  }
  note_client(asked.client, asked.context);
  tell(asked, kind, answered);
  return answered;
}

// One complete OFFER, and for UEFI a second one without option 43. EDK2 before April 2017 throws
// away the first proxy offer that carries a discovery control (it counts such offers before it
// keeps one), and so does much firmware that was built from it; all of it takes an offer without
// option 43 for BINL and comes to port 4011. EDK2 since then prefers the complete one and saves
// the second that port 4011 costs. Both collect all offers before they choose.
Outcome offer(const Asked& asked) {
  if (!asked.plan.boots(asked.facts.ipxe)) return nothing_to_boot(asked);
  const UdpDestination to = destination_of_offer(asked);
  const Sent sent = send(asked, DhcpType::offer, to, true);
  if (sent == Sent::yes && asked.facts.firmware == Firmware::uefi_pxe) {
    send(asked, DhcpType::offer, to, false);
  }
  return outcome_of(asked, sent, EventKind::proxy_offered, Outcome::proxy_offered);
}

Outcome acknowledge(const Asked& asked, DhcpType type) {
  if (!asked.plan.boots(asked.facts.ipxe)) return nothing_to_boot(asked);
  const Sent sent = send(asked, type, destination_of_ack(asked), false);
  return outcome_of(asked, sent, EventKind::boot_server_acked, Outcome::boot_server_acked);
}

bool names_other_server(const Asked& asked) {
  const auto server = asked.message.option_address(DhcpOption::server_identifier);
  return server && *server != asked.station.address.address;
}

}  // namespace

bool is_boot_server_discovery(const DhcpView& message) {
  return message.type() == DhcpType::request && !message.ciaddr().is_zero() &&
         !message.has(DhcpOption::requested_address) &&
         !message.has(DhcpOption::server_identifier) &&
         message.suboption(DhcpOption::vendor_specific, kBootItem).has_value();
}

Facts proxy_facts(const Request& request, const DhcpView& message, const Snapshot& snapshot) {
  Facts facts = facts_at(message, request.station, snapshot.stations[request.station]);
  if (facts.relay.is_zero() || snapshot.subnets == nullptr) return facts;
  const Subnet* const subnet = snapshot.subnets->of_relay(facts.link);
  if (subnet != nullptr && !subnet->config.prefix.contains(facts.link)) {
    facts.link = subnet->config.prefix.network();
  }
  return facts;
}

Outcome answer_proxy(const Request& request, const DhcpView& message, const Context& context,
                     Decisions& decisions) {
  const Asked asked = ask(request, message, context, decisions);
  if (!asked.facts.boots()) return Outcome::dhcp_not_pxe;
  if (const auto outcome = turned_away(asked)) return *outcome;
  switch (message.type()) {
    case DhcpType::discover:
      return offer(asked);
    case DhcpType::request:
      if (is_boot_server_discovery(message)) return acknowledge(asked, DhcpType::ack);
      // The address is a matter between the client and the server that it names, or knows.
      return names_other_server(asked) ? Outcome::dhcp_other_server : Outcome::dhcp_not_requested;
    default:
      return Outcome::dhcp_not_requested;
  }
}

Outcome answer_boot_server(const Request& request, const DhcpView& message, const Context& context,
                           Decisions& decisions) {
  const Asked asked = ask(request, message, context, decisions);
  if (!asked.facts.boots()) return Outcome::dhcp_not_pxe;
  if (const auto outcome = turned_away(asked)) return *outcome;
  if (names_other_server(asked)) return Outcome::dhcp_other_server;
  switch (message.type()) {
    // PXE 2.1 asks by REQUEST; ROMs of its first versions by INFORM or DISCOVER.
    case DhcpType::request:
    case DhcpType::inform:
      return acknowledge(asked, DhcpType::ack);
    case DhcpType::discover:
      return acknowledge(asked, DhcpType::offer);
    default:
      return Outcome::dhcp_not_requested;
  }
}

}  // namespace reveille
