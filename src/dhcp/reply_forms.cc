#include "dhcp/reply_forms.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

#include "dhcp/boot_options.h"
#include "dhcp/lease_times.h"
#include "policy/facts_hash.h"
#include "wire/dhcp_layout.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpType;
using wire::DhcpView;

constexpr std::size_t kValueMax = 255;  // what is longer is split (RFC 3396)

bool answers_boot_item(const DhcpView& message) {
  return message.has(DhcpOption::vendor_specific) &&
         message.suboption(DhcpOption::vendor_specific, kBootItem).has_value();
}

std::uint64_t hash_of(const ReplyShape& shape, Bytes list) {
  FactsHash hash(0);
  hash.add(shape.octets());
  hash.add(list);
  return hash.value();
}

// `value` as the reply to this client has it, in one piece. 0: it is not there. Nothing: it is, but
// not as one piece of the message.
std::optional<std::uint16_t> place_of(const DhcpView& reply, Bytes message, DhcpOption code) {
  const auto value = reply.option(code);
  if (!value) return 0;
  const std::uint8_t* const end = message.data() + message.size();
  const bool inside = std::greater_equal<>{}(value->data(), message.data()) &&
                      std::less_equal<>{}(value->data() + value->size(), end);
  if (!inside) return std::nullopt;
  return static_cast<std::uint16_t>(value->data() - message.data());
}

void store_to(std::uint8_t* message, std::uint16_t place, std::uint32_t value) {
  if (place != 0) store_be32(message + place, value);
}

}  // namespace

std::optional<ReplyShape> ReplyShape::of(const Exchange& exchange, const ServerReply& reply,
                                         std::size_t limit) {
  const DhcpView& message = exchange.message;
  const bool is_promise = reply.type == DhcpType::offer || reply.type == DhcpType::ack;
  const bool is_named = exchange.host != nullptr && !exchange.host->host_name.empty();
  if (!is_promise || is_named || reply.plan == nullptr || answers_boot_item(message)) {
    return std::nullopt;
  }
  const BootPlan& plan = *reply.plan;
  std::optional<ReplyShape> made(std::in_place);
  ReplyShape& shape = *made;
  shape.file = plan.file.data();
  shape.file_length = plan.file.size();
  shape.root_path = plan.root_path.data();
  shape.root_path_length = static_cast<std::uint32_t>(plan.root_path.size());
  shape.options = plan.options.data();
  shape.options_count = static_cast<std::uint32_t>(plan.options.size());
  shape.image = plan.image;
  shape.limit = static_cast<std::uint16_t>(limit);
  shape.next_server = next_server_of(*exchange.context.snapshot.config, exchange.station, &plan);
  shape.server_identifier = exchange.server_identifier;
  shape.subnet = exchange.subnet.index;
  shape.station = exchange.request.station;
  shape.type = reply.type;
  shape.has_lease = reply.lease_seconds.has_value();
  shape.boots = exchange.facts.boots();
  shape.http = exchange.facts.http;
  shape.ipxe = exchange.facts.ipxe;
  shape.raspberry_pi = exchange.facts.raspberry_pi;
  if (const auto list = message.option(DhcpOption::parameter_request_list)) {
    shape.has_list = 1;
    shape.list_length = static_cast<std::uint16_t>(list->size());
  }
  if (const auto id = message.option(DhcpOption::client_identifier)) {
    if (id->size() > kValueMax) return std::nullopt;
    shape.client_id_length = static_cast<std::uint16_t>(id->size());
  }
  if (const auto relay = message.option(DhcpOption::relay_agent_information)) {
    if (relay->size() > kValueMax) return std::nullopt;
    shape.relay_length = static_cast<std::uint16_t>(relay->size());
  }
  shape.has_identifier = has_machine_identifier(message);
  return made;
}

ReplyForms::ReplyForms() : forms_(kForms) {}

void ReplyForms::follow(const Snapshot& snapshot) {
  const bool is_same = version_ == snapshot.version && config_ == snapshot.config.get() &&
                       subnets_ == snapshot.subnets.get() && policy_ == snapshot.policy.get() &&
                       catalogue_ == snapshot.catalogue.get();
  if (is_same) return;
  version_ = snapshot.version;
  config_ = snapshot.config.get();
  subnets_ = snapshot.subnets.get();
  policy_ = snapshot.policy.get();
  catalogue_ = snapshot.catalogue.get();
  for (Form& form : forms_) {
    form.length = 0;
    form.candidate = 0;
  }
}

std::size_t ReplyForms::write(const ReplyShape& shape, const Exchange& exchange,
                              const ServerReply& reply, MutableBytes room) {
  const DhcpView& asked = exchange.message;
  const Bytes list = asked.option(DhcpOption::parameter_request_list).value_or(Bytes{});
  hash_ = hash_of(shape, list);
  const Form& form = forms_[hash_ % kForms];
  const bool is_it = form.length != 0 && form.hash == hash_ &&
                     std::memcmp(&form.shape, &shape, sizeof shape) == 0 &&
                     (list.empty() || std::memcmp(form.list.data(), list.data(), list.size()) == 0);
  if (!is_it) return 0;

  std::uint8_t* const to = room.data();
  std::memcpy(to, form.message.data(), form.length);
  wire::write_reply_fields(to, asked);
  const Ipv4Address ciaddr = reply.type == DhcpType::ack ? asked.ciaddr() : Ipv4Address{};
  store_be32(to + wire::kCiaddrOffset, ciaddr.value);
  store_be32(to + wire::kYiaddrOffset, reply.yiaddr.value);
  const Places& places = form.places;
  if (reply.lease_seconds) {
    store_to(to, places.lease_time, *reply.lease_seconds);
    store_to(to, places.renewal_time, renewal_seconds(*reply.lease_seconds));
    store_to(to, places.rebinding_time, rebinding_seconds(*reply.lease_seconds));
  }
  const auto echo = [&](std::uint16_t place, DhcpOption code) {
    if (place == 0) return;
    const Bytes value = *asked.option(code);  // of the length that the shape has
    std::memcpy(to + place, value.data(), value.size());
  };
  echo(places.client_identifier, DhcpOption::client_identifier);
  echo(places.machine_identifier, DhcpOption::client_machine_identifier);
  echo(places.relay_information, DhcpOption::relay_agent_information);
  return form.length;
}

void ReplyForms::keep(const ReplyShape& shape, const Exchange& exchange, const ReplyMarks& marks,
                      Bytes message) {
  Form& form = forms_[hash_ % kForms];
  if (form.candidate != hash_) {
    form.candidate = hash_;
    return;
  }
  const Bytes list = exchange.message.option(DhcpOption::parameter_request_list).value_or(Bytes{});
  Places places;
  if (message.size() > kLengthMax || list.size() > kListMax) return;
  if (!find_places(message, marks, places)) return;
  form.shape = shape;
  form.hash = hash_;
  form.places = places;
  form.length = static_cast<std::uint16_t>(message.size());
  std::ranges::copy(list, form.list.begin());
  std::ranges::copy(message, form.message.begin());
}

bool ReplyForms::find_places(Bytes message, const ReplyMarks& marks, Places& places) {
  const auto view = DhcpView::parse(message);
  if (!view) return false;
  bool whole = true;
  const auto find = [&](std::uint16_t& place, DhcpOption code) {
    const auto found = place_of(*view, message, code);
    whole &= found.has_value();
    place = found.value_or(0);
  };
  find(places.lease_time, DhcpOption::lease_time);
  if (marks.renewal) find(places.renewal_time, DhcpOption::renewal_time);
  if (marks.rebinding) find(places.rebinding_time, DhcpOption::rebinding_time);
  find(places.client_identifier, DhcpOption::client_identifier);
  if (marks.identifier) find(places.machine_identifier, DhcpOption::client_machine_identifier);
  find(places.relay_information, DhcpOption::relay_agent_information);
  return whole;
}

}  // namespace reveille
