// The fields that conditions look at, as facts have them.
#pragma once

#include <cstdint>
#include <optional>

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
[[nodiscard]] Bytes octets_of(const Facts& facts, RuleField field, std::uint8_t number);

}  // namespace reveille
