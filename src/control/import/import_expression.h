// Expressions of dhcpd (dhcp-eval(5)) and of Kea's client classes as conditions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/import/import_condition.h"

namespace reveille {

struct ConditionWords {
  // A number or a name of an option, also of one that the file itself has defined.
  std::function<std::optional<std::uint8_t>(std::string_view)> code_of;
  // Conditions of classes by name, for member('name').
  const std::map<std::string, ImportedCondition, std::less<>>* classes = nullptr;
};

// From the words of an expression, quotes taken off. nullopt: it says what no rule can say.
[[nodiscard]] std::optional<ImportedCondition> condition_of(std::span<const std::string> words,
                                                            const ConditionWords& known);

// The words of one of Kea's expressions.
[[nodiscard]] std::vector<std::string> expression_words(std::string_view text);

}  // namespace reveille
