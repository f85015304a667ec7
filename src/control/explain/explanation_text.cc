#include <algorithm>

#include <nlohmann/json.hpp>

#include "control/explain/explanation.h"

namespace reveille {
namespace {

using OrderedJson = nlohmann::ordered_json;
using NamedValues = std::vector<std::pair<std::string, std::string>>;

std::string rows_text(const NamedValues& rows) {
  std::size_t width = 0;
  for (const auto& [name, value] : rows) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : rows) {
    text += "  " + name + std::string(width - name.size() + 2, ' ') + value + "\n";
  }
  return text;
}

std::string rule_text(const ExplainedRule& rule, const std::string& file) {
  const std::string place =
      rule.line > 0 ? " (" + file + ":" + std::to_string(rule.line) + ")" : "";
  return "rule " + std::to_string(rule.rule + 1) + " " + in_quotes(rule.name) + place;
}

std::string more(std::size_t count) {
  return count > 0 ? "  and " + std::to_string(count) + " more\n" : "";
}

std::string rules_text(const Explanation& from, const std::string& file) {
  std::string text;
  if (from.decided) {
    text += "\nDecided by " + rule_text(*from.decided, file) + "\n";
  } else if (from.rules > 0) {
    text += "\nNo rule of " + std::to_string(from.rules) + " matches\n";
  } else {
    text += "\nThere are no rules\n";
  }
  if (from.answer == "deny") text += "  denied: no address, nothing to boot\n";
  if (from.answer == "ignore") text += "  ignored: silence\n";
  if (from.answer == "serve") {
    const std::string file_text =
        from.boot_file.empty() ? "no boot file" : "boot file " + in_quotes(from.boot_file);
    text += "  " + file_text + ": " + from.boot_file_reason + "\n";
    if (!from.address_reason.empty()) text += "  " + from.address_reason + "\n";
  }
  if (!from.near.empty()) {
    text += from.decided ? "\nBefore it, these came close\n" : "\nThese came close\n";
  }
  for (const ExplainedRule& rule : from.near) {
    text += "  " + rule_text(rule, file) + "\n";
    for (const std::string& reason : rule.failed) text += "    " + reason + "\n";
  }
  text += more(from.near_left_out);
  if (!from.also.empty()) text += "\nThese match too, but come later\n";
  for (const ExplainedRule& rule : from.also) text += "  " + rule_text(rule, file) + "\n";
  return text + more(from.also_left_out);
}

std::string reply_text(const ExplainedReply& reply) {
  std::string text = "\n" + reply.type + " to " + reply.to + ", " + reply.to_mac + ", " +
                     std::to_string(reply.frame.size()) + " octets\n";
  NamedValues rows = reply.fields;
  for (const OptionText& option : reply.options) {
    const std::string code = std::to_string(option.code);
    rows.emplace_back(code + std::string(4 - code.size(), ' ') + option.name, option.value);
  }
  return text + rows_text(rows);
}

OrderedJson rule_json(const ExplainedRule& rule) {
  OrderedJson json{{"rule", rule.rule + 1}, {"name", rule.name}};
  if (rule.line > 0) json["line"] = rule.line;
  if (!rule.failed.empty()) json["failed"] = rule.failed;
  return json;
}

OrderedJson rules_json(const std::vector<ExplainedRule>& rules) {
  OrderedJson json = OrderedJson::array();
  for (const ExplainedRule& rule : rules) json.push_back(rule_json(rule));
  return json;
}

OrderedJson object(const NamedValues& rows) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, value] : rows) json[name] = value;
  return json;
}

OrderedJson reply_json(const ExplainedReply& reply) {
  OrderedJson options = OrderedJson::array();
  for (const OptionText& option : reply.options) {
    OrderedJson one{
        {"code", option.code}, {"value", option.value}, {"octets", hex_text(option.octets, "")}};
    if (!option.name.empty()) one["name"] = option.name;
    options.push_back(std::move(one));
  }
  return {{"type", reply.type},
          {"to", reply.to},
          {"to_mac", reply.to_mac},
          {"fields", object(reply.fields)},
          {"options", std::move(options)},
          {"frame", hex_text(reply.frame, "")}};
}

}  // namespace

std::string explanation_text(const Explanation& explanation, const std::string& file) {
  std::string text = explanation.client +
                     (explanation.machine.empty() ? "" : ", " + explanation.machine) + ", sends " +
                     explanation.asks + " to " + explanation.station + "\n";
  text += rows_text(explanation.facts);
  if (!explanation.facts.empty()) text += rules_text(explanation, file);
  text += "\n" + std::string(info(explanation.outcome).name) + ": " +
          std::string(info(explanation.outcome).text) + "\n";
  for (const ExplainedReply& reply : explanation.replies) text += reply_text(reply);
  return text;
}

std::string explanation_json(const Explanation& explanation) {
  OrderedJson replies = OrderedJson::array();
  for (const ExplainedReply& reply : explanation.replies) replies.push_back(reply_json(reply));
  const OrderedJson json{
      {"client", explanation.client},
      {"machine", explanation.machine},
      {"asks", explanation.asks},
      {"station", explanation.station},
      {"facts", object(explanation.facts)},
      {"rules", explanation.rules},
      {"decided", explanation.decided ? rule_json(*explanation.decided) : OrderedJson()},
      {"answer", explanation.answer},
      {"boot_file", explanation.boot_file},
      {"boot_file_reason", explanation.boot_file_reason},
      {"address_reason", explanation.address_reason},
      {"near", rules_json(explanation.near)},
      {"also", rules_json(explanation.also)},
      {"outcome", info(explanation.outcome).name},
      {"outcome_text", info(explanation.outcome).text},
      {"replies", std::move(replies)}};
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace reveille
