// Conditions and rules in a line each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <reveille/event.h>
#include <reveille/rules.h>

namespace reveille::test {

inline Condition values(RuleField field, std::vector<ValueRange> ranges) {
  Condition condition;
  condition.kind = Condition::Kind::leaf;
  condition.field = field;
  condition.values = std::move(ranges);
  return condition;
}
inline Condition value(RuleField field, std::uint64_t number) {
  return values(field, {{number, number}});
}
inline Condition matches(RuleField field, std::vector<std::string> patterns,
                         std::uint8_t number = 0) {
  Condition condition;
  condition.kind = Condition::Kind::leaf;
  condition.field = field;
  condition.number = number;
  condition.patterns = std::move(patterns);
  return condition;
}
inline Condition is_mac(const char* text) {
  return value(RuleField::mac, MacAddress::parse(text)->number());
}
inline Condition is_uuid(const Uuid& uuid) {
  Condition condition;
  condition.kind = Condition::Kind::leaf;
  condition.field = RuleField::uuid;
  condition.uuids = {uuid};
  return condition;
}
inline Condition is_arch(std::uint16_t code) {
  return value(RuleField::architecture, code);
}
inline Condition in_network(RuleField field, const char* text) {
  const Ipv4Prefix prefix = *Ipv4Prefix::parse(text);
  return values(field, {{prefix.network().value, prefix.directed_broadcast().value}});
}

inline Condition group(Condition::Kind kind, std::vector<Condition> parts) {
  Condition condition;
  condition.kind = kind;
  condition.parts = std::move(parts);
  return condition;
}
inline Condition all(std::vector<Condition> parts) {
  return group(Condition::Kind::all, std::move(parts));
}
inline Condition any(std::vector<Condition> parts) {
  return group(Condition::Kind::any, std::move(parts));
}
inline Condition none(std::vector<Condition> parts) {
  return group(Condition::Kind::none, std::move(parts));
}

inline RuleConfig rule(Condition when, std::string boot_file = {}) {
  RuleConfig made;
  made.name = boot_file;
  made.when = std::move(when);
  made.boot_file = std::move(boot_file);
  return made;
}

}  // namespace reveille::test
