// The fields that conditions look at, as facts have them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <reveille/bytes.h>
#include <reveille/rules.h>

#include "policy/facts.h"

namespace reveille {

inline constexpr std::size_t kNumberFields = static_cast<std::size_t>(RuleField::uuid);

[[nodiscard]] constexpr bool is_number(RuleField field) {
  return field < RuleField::uuid;
}
[[nodiscard]] constexpr bool is_text(RuleField field) {
  return field > RuleField::uuid;
}

// The number that a machine has in a field of numbers; nullopt: it has none.
[[nodiscard]] std::optional<std::uint64_t> number_of(const Facts& facts, RuleField field);

// The octets of a field of octets; empty: it has none. `number` is that of the condition.
[[nodiscard]] inline Bytes octets_of(const Facts& facts, RuleField field, std::uint8_t number) {
  const auto octets = [](std::string_view text) {
    return Bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  };
  switch (field) {
    case RuleField::vendor_class:
      return octets(facts.vendor_class);
    case RuleField::user_class:
      return octets(facts.user_class);
    case RuleField::client_id:
      return facts.client_id;
    case RuleField::host_name:
      return octets(facts.host_name);
    case RuleField::circuit_id:
      return facts.circuit_id;
    case RuleField::remote_id:
      return facts.remote_id;
    case RuleField::option:
      if (facts.message == nullptr) return {};
      return facts.message->option(wire::DhcpOption{number}).value_or(Bytes{});
    case RuleField::vendor_option:
      if (facts.message == nullptr) return {};
      return facts.message->suboption(wire::DhcpOption::vendor_specific, number).value_or(Bytes{});
    default:
      return {};
  }
}

}  // namespace reveille
