#include "control/import/dhcpd_conditions.h"

#include <algorithm>
#include <optional>

namespace reveille {
namespace {

using Statements = std::span<const DhcpdStatement>;

// One if with its elsif and else, in the order of the file.
class Chain {
 public:
  Chain(const ImportedCondition& who, const ImportedScope& outer, const DhcpdBlockReader& reader)
      : who_(who), outer_(outer), reader_(reader) {}

  void read(const DhcpdStatement& one) {
    if (!is_known_) return reader_.remark(one, "it follows a condition that rules cannot make");
    const auto own = condition_of_branch(one);
    is_known_ = own.has_value();
    if (!own) return reader_.remark(one, "a condition that rules cannot make");
    const DhcpdBlock block = read_dhcpd_block(one, outer_, reader_);
    const bool has_inner = std::ranges::any_of(one.block, is_dhcpd_condition);
    const bool names_file = !block.gives.boot_file.empty();
    // Of two rules with files the first one decides; all else must be said.
    const bool by_order = names_file && !block.ignore && !has_inner;
    const auto when = without_earlier(*own, by_order);
    before_.push_back({*own, !has_inner && (names_file || block.ignore) && block.says_it});
    if (!when) return reader_.remark(one, "a condition that rules cannot make");
    auto inner = dhcpd_condition_rules(one.block, *when, block.gives, reader_);
    std::ranges::move(inner, std::back_inserter(rules));
    if (!block.says_it) return;
    ImportedRule rule{.name = "line " + std::to_string(one.line), .when = *when};
    rule.ignore = block.ignore;
    rules.push_back(reader_.rule_of(std::move(rule), block.gives, one));
  }
  std::vector<ImportedRule> rules;

 private:
  struct Branch {
    ImportedCondition condition;
    bool decides = false;  // no later rule counts for who comes here
  };

  [[nodiscard]] std::optional<ImportedCondition> condition_of_branch(
      const DhcpdStatement& one) const {
    if (one.word(0) == "else" && one.word(1) != "if") return ImportedCondition{};
    const std::size_t skipped = one.word(0) == "else" ? 2 : 1;
    return condition_of(std::span(one.words).subspan(skipped), reader_.words);
  }

  // In `who`, in this branch and in none before it.
  [[nodiscard]] std::optional<ImportedCondition> without_earlier(const ImportedCondition& own,
                                                                 bool by_order) const {
    std::vector<ImportedCondition> earlier;
    for (const Branch& branch : before_) {
      const bool goes_without_saying = by_order && branch.decides;
      if (!goes_without_saying && !exclude(branch.condition, own)) {
        earlier.push_back(branch.condition);
      }
    }
    std::vector<ImportedCondition> parts{who_};
    if (!earlier.empty()) {
      const auto any = combined("any", earlier);
      if (!any) return std::nullopt;
      parts.push_back(negated(*any));
    }
    parts.push_back(own);
    return combined("all", parts);
  }

  const ImportedCondition& who_;
  const ImportedScope& outer_;
  const DhcpdBlockReader& reader_;
  std::vector<Branch> before_;
  bool is_known_ = true;
};

}  // namespace

bool is_dhcpd_condition(const DhcpdStatement& statement) {
  const std::string_view key = statement.word(0);
  return statement.has_block && (key == "if" || key == "elsif" || key == "else");
}

DhcpdBlock read_dhcpd_block(const DhcpdStatement& block, const ImportedScope& outer,
                            const DhcpdBlockReader& reader) {
  DhcpdBlock read;
  for (const DhcpdStatement& one : block.block) {
    if (one.word(0) == "match" || is_dhcpd_condition(one)) continue;
    if (one.has_block) {
      reader.remark(one, "has no equivalent");
    } else if ((one.word(0) == "ignore" || one.word(0) == "deny") && one.word(1) == "booting") {
      read.ignore = true;
    } else {
      reader.read(one, read.gives);
    }
  }
  const ImportedScope& own = read.gives;
  read.says_it = read.ignore || !own.boot_file.empty() || own.next_server || !own.options.empty() ||
                 own.lease_time || !own.suits_rules();
  read.gives.inherit(outer);
  return read;
}

std::vector<ImportedRule> dhcpd_condition_rules(Statements statements, const ImportedCondition& who,
                                                const ImportedScope& outer,
                                                const DhcpdBlockReader& reader) {
  std::vector<Chain> chains;
  for (const DhcpdStatement& one : statements) {
    if (!is_dhcpd_condition(one)) continue;
    if (one.word(0) == "if") chains.emplace_back(who, outer, reader);
    if (chains.empty()) {
      reader.remark(one, "there is no if before it");
    } else {
      chains.back().read(one);
    }
  }
  std::vector<ImportedRule> rules;
  for (auto chain = chains.rbegin(); chain != chains.rend(); ++chain) {
    std::ranges::move(chain->rules, std::back_inserter(rules));
  }
  return rules;
}

}  // namespace reveille
