// [[rule]] tables.
#pragma once

#include <vector>

#include <reveille/rules.h>

#include "control/config/table_reader.h"

namespace reveille {

inline constexpr std::size_t kRulesMax = 20'000;
inline constexpr std::size_t kRuleValuesMax = 10'000;  // in one list of a condition
inline constexpr std::size_t kRulePartsMax = 256;      // tables in one `all` or `any`

// What can be said of each rule alone; check_rules() looks at them together.
void read_rules(TableReader& file, std::vector<RuleConfig>& to);

// The key of a condition: "vendor_class".
[[nodiscard]] std::string_view rule_field_key(RuleField field);

}  // namespace reveille
