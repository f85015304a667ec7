#include "control/explain/explanation.h"

#include <algorithm>

#include "control/config/value_text.h"
#include "control/explain/rule_reason.h"
#include "control/log/event_text.h"
#include "dhcp/subnets.h"
#include "policy/boot_policy.h"

namespace reveille {
namespace {

using wire::DhcpType;
using wire::DhcpView;

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kTag = 4;
constexpr std::size_t kIpv4AndUdp = 28;

std::string type_text(const DhcpView& message) {
  switch (message.type()) {
    case DhcpType::none:
      return "BOOTP";
    case DhcpType::discover:
      return "DISCOVER";
    case DhcpType::offer:
      return "OFFER";
    case DhcpType::request:
      return "REQUEST";
    case DhcpType::decline:
      return "DECLINE";
    case DhcpType::ack:
      return "ACK";
    case DhcpType::nak:
      return "NAK";
    case DhcpType::release:
      return "RELEASE";
    case DhcpType::inform:
      return "INFORM";
  }
  return "message of type " + std::to_string(static_cast<unsigned>(message.type()));
}

ExplainedRule rule_at(const Rules& rules, std::size_t place, const Origins& origins) {
  return {.rule = place,
          .name = rules.all()[place].name,
          .line = origins.of(element("rule", place)).line,
          .failed = {}};
}

// How the rules fared that stand before the one that decided, and which of the later ones match.
void compare_rules(const Rules& rules, const Facts& facts, std::uint32_t decided,
                   const Origins& origins, std::size_t rules_max, Explanation& to) {
  std::vector<RuleTrace> near;
  for (RuleTrace& trace : rules.trace(facts, 0)) {
    if (trace.rule == decided) continue;
    if (!trace.failed.empty()) {
      if (trace.rule < decided) near.push_back(std::move(trace));
    } else if (to.also.size() < rules_max) {
      to.also.push_back(rule_at(rules, trace.rule, origins));
    } else {
      ++to.also_left_out;
    }
  }
  std::ranges::stable_sort(near, {}, [](const RuleTrace& trace) { return trace.failed.size(); });
  for (const RuleTrace& trace : near) {
    if (to.near.size() == rules_max) break;
    ExplainedRule& rule = to.near.emplace_back(rule_at(rules, trace.rule, origins));
    for (const RuleLiteral& literal : trace.failed) {
      rule.failed.push_back(reason_text(rules.atom(literal.atom), literal.holds, facts));
    }
  }
  to.near_left_out = near.size() - to.near.size();
}

std::string reason_of(const BootPolicy& policy, const BootPlan& plan, const Facts& facts) {
  const RuleConfig* rule = plan.rule == kNoRule ? nullptr : &policy.rules()->all()[plan.rule];
  std::string but;
  if (rule != nullptr) {
    const bool gets_script = facts.ipxe && !rule->ipxe_script.empty();
    const std::string& named = gets_script ? rule->ipxe_script : rule->boot_file;
    if (!named.empty() && named == plan.file) return "the rule names it";
    if (!named.empty()) but = "; the rule's " + in_quotes(named) + " is not for this client";
  }
  if (plan.file.empty() && plan.boots(facts.ipxe)) {
    return "it boots from a disk, " + std::string(plan.root_path) + but;
  }
  if (plan.file.empty()) return "nothing that this client could run is configured or there" + but;
  const std::string_view own = policy.file_override(facts, facts.link);
  if (own == plan.file) return "its [[host]] or [[subnet]] names it" + but;
  if (plan.script) return "what iPXE gets: [boot] or the image folder" + but;
  return "by architecture: [boot] or the image folder" + but;
}

std::string ranges_text(const AddressGroup& group) {
  std::string text;
  for (const PoolConfig& range : group.ranges) text += ", " + pool_text(range);
  return text;
}

// What a rule says of addresses, as the server takes it (dhcp/server_choice.cc).
std::string address_reason_of(const Subnets& subnets, const Subnet& subnet, const HostConfig* host,
                              const BootPlan& plan) {
  if (!plan.address && plan.pool == kNoPool) return {};
  const Ipv4Prefix& prefix = subnet.config.prefix;
  if (host != nullptr && host->address && prefix.contains(*host->address)) {
    return "address of its [[host]], which goes before the rule's";
  }
  if (plan.address && !prefix.contains(*plan.address)) {
    return "address of the subnet's pools: the rule's " + plan.address->text() + " is not in " +
           prefix.text();
  }
  if (plan.address) return "address " + plan.address->text() + ": the rule gives it";
  const std::uint16_t group = subnets.group_of(subnet, plan.pool);
  const std::string pool = "pool " + in_quotes(plan.pool_name);
  if (group == kNoGroup) {
    return "no address: " + pool + ", which the rule names, has none in " + prefix.text();
  }
  return "address of " + pool + ranges_text(subnets.groups()[group]) + ": the rule names it";
}

void decide(Rehearsal& rehearsal, const DhcpEngine::Considered& considered, const Origins& origins,
            std::size_t rules_max, Explanation& to) {
  const BootPolicy& policy = *rehearsal.snapshot().policy;
  const Facts facts = policy.completed(considered.facts);
  const BootPlan plan = policy.plan_of(policy.decide(facts, 0));
  Event event;
  event.firmware = facts.firmware;
  event.architecture = facts.architecture;
  to.machine = machine(event);
  to.facts = fact_texts(facts);
  if (considered.subnet != nullptr) {
    to.facts.emplace_back("[[subnet]]", considered.subnet->config.prefix.text());
  }
  if (const HostConfig* host = considered.host) {
    const std::string address = host->address ? host->address->text() : "no address of its own";
    to.facts.emplace_back(
        "[[host]]", address + (host->host_name.empty() ? "" : ", " + in_quotes(host->host_name)));
  }
  const Rules* rules = policy.rules();
  if (rules != nullptr) {
    to.rules = rules->all().size();
    if (plan.rule != kNoRule) to.decided = rule_at(*rules, plan.rule, origins);
    compare_rules(*rules, facts, plan.rule, origins, rules_max, to);
  }
  to.answer = plan.answer == RuleAnswer::serve  ? "serve"
              : plan.answer == RuleAnswer::deny ? "deny"
                                                : "ignore";
  if (plan.answer != RuleAnswer::serve) return;
  to.boot_file = plan.file;
  to.boot_file_reason = reason_of(policy, plan, facts);
  if (considered.subnet == nullptr) return;  // another server gives the addresses
  to.address_reason =
      address_reason_of(*rehearsal.snapshot().subnets, *considered.subnet, considered.host, plan);
}

ExplainedReply reply_of(std::vector<std::uint8_t> frame) {
  ExplainedReply reply;
  const bool tagged = load_be16(&frame[12]) == 0x8100;
  const std::size_t ip = kEthernet + (tagged ? kTag : 0);
  const Bytes message = Bytes{frame}.subspan(ip + kIpv4AndUdp);
  reply.to_mac = MacAddress::from(frame.data()).text();
  reply.to = Ipv4Address::from(&frame[ip + 16]).text() + " port " +
             std::to_string(load_be16(&frame[ip + 22]));
  if (const auto view = DhcpView::parse(message)) {
    reply.type = type_text(*view);
    const auto address = [&](const char* name, Ipv4Address value) {
      if (!value.is_zero()) reply.fields.emplace_back(name, value.text());
    };
    address("ciaddr", view->ciaddr());
    address("yiaddr", view->yiaddr());
    address("siaddr", view->siaddr());
    address("giaddr", view->giaddr());
    if (!view->sname().empty()) reply.fields.emplace_back("sname", in_quotes(view->sname()));
    if (!view->file().empty()) reply.fields.emplace_back("file", in_quotes(view->file()));
    reply.options = option_texts(message);
  }
  reply.frame = std::move(frame);
  return reply;
}

}  // namespace

Explanation explain(Rehearsal& rehearsal, const Request& request, Instant now,
                    const Origins& origins, std::size_t rules_max) {
  Explanation explanation;
  explanation.station = rehearsal.snapshot().stations[request.station].address.text();
  DhcpView message;
  const auto considered = rehearsal.consider(request, message);
  if (DhcpView::parse(request.body)) {
    explanation.client = message.chaddr().text();
    explanation.asks = type_text(message);
  } else {
    explanation.client = request.link_source.text();
    explanation.asks = "what is no DHCP message";
  }
  if (considered) decide(rehearsal, *considered, origins, rules_max, explanation);
  Rehearsal::Answer answer = rehearsal.answer(request, now);
  explanation.outcome = answer.outcome;
  for (auto& frame : answer.frames) explanation.replies.push_back(reply_of(std::move(frame)));
  return explanation;
}

}  // namespace reveille
