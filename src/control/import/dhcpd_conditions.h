// if, elsif and else of dhcpd.conf as rules.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "control/import/dhcpd_syntax.h"
#include "control/import/import_expression.h"
#include "control/import/imported.h"

namespace reveille {

// What reads the statements in the blocks, and where remarks go.
struct DhcpdBlockReader {
  std::function<void(const DhcpdStatement&, ImportedScope&)> read;
  std::function<void(const DhcpdStatement&, std::string)> remark;
  std::function<ImportedRule(ImportedRule, const ImportedScope&, const DhcpdStatement&)> rule_of;
  ConditionWords words;
};

// A block's own values as a rule, with what `outer` gives to everyone in it.
struct DhcpdBlock {
  ImportedScope gives;
  bool ignore = false;   // ignore booting;
  bool says_it = false;  // more than `outer`
};
[[nodiscard]] DhcpdBlock read_dhcpd_block(const DhcpdStatement& block, const ImportedScope& outer,
                                          const DhcpdBlockReader& reader);

// The rules of all conditions among `statements`, also of those inside others, in the order in
// which they count: dhcpd goes through all of them, and the last one that sets a value decides.
// They are for machines for which `who` holds and get what `outer` gives them besides.
[[nodiscard]] std::vector<ImportedRule> dhcpd_condition_rules(
    std::span<const DhcpdStatement> statements, const ImportedCondition& who,
    const ImportedScope& outer, const DhcpdBlockReader& reader);

// Words that dhcpd_condition_rules() takes care of.
[[nodiscard]] bool is_dhcpd_condition(const DhcpdStatement& statement);

}  // namespace reveille
