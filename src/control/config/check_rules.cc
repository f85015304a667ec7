#include <set>

#include "control/config/config_check.h"
#include "policy/rule_terms.h"

namespace reveille {
namespace {

// Whether it could be understood is another matter.
bool says_something(const RuleConfig& rule, const Origins& origins, const std::string& path) {
  const bool written = origins.has(path + ".boot_file") || origins.has(path + ".ipxe_script") ||
                       origins.has(path + ".next_server") || origins.has(path + ".root_path") ||
                       origins.has(path + ".address") || origins.has(path + ".pool") ||
                       origins.has(path + ".lease_time") || origins.has(path + ".options");
  return written || rule.answer != RuleAnswer::serve || !rule.boot_file.empty() ||
         !rule.ipxe_script.empty() || rule.next_server || !rule.root_path.empty() || rule.address ||
         !rule.pool.empty() || rule.lease_time || !rule.options.empty();
}

std::string where(const Origins& origins, const std::string& path) {
  const Origin at = origins.of(path);
  return at.line > 0 ? " (line " + std::to_string(at.line) + ")" : "";
}

void check_rule_names(const Config& config, const Origins& origins, Problems& problems) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    if (names.insert(config.rules[i].name).second) continue;
    problems.warning(origins.of(element("rule", i) + ".name"),
                     "another rule is called " + in_quotes(config.rules[i].name) + " already");
  }
}

void check_covered(const Config& config, const Origins& origins, Problems& problems) {
  const RuleTerms terms(config.rules);
  for (const RuleProblem& problem : terms.problems()) {
    problems.error(origins.of(element("rule", problem.rule) + ".when"), problem.text);
  }
  for (const CoveredRule& covered : covered_rules(terms)) {
    const Origin origin = origins.of(element("rule", covered.rule));
    const std::string name = "rule " + in_quotes(config.rules[covered.rule].name);
    if (covered.by == covered.rule) {
      problems.warning(origin, name + " can never match: its conditions exclude each other");
      continue;
    }
    problems.warning(origin, name + " can never match: rule " +
                                 in_quotes(config.rules[covered.by].name) +
                                 where(origins, element("rule", covered.by)) +
                                 (covered.by_alone ? "" : ", with those before it,") +
                                 " matches whatever it would");
  }
}

}  // namespace

void check_rules(const Config& config, const Origins& origins, Problems& problems) {
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    const RuleConfig& rule = config.rules[i];
    const std::string path = element("rule", i);
    check_boot_file(rule.boot_file, "boot_file", config, origins.of(path + ".boot_file"), problems);
    check_boot_file(rule.ipxe_script, "ipxe_script", config, origins.of(path + ".ipxe_script"),
                    problems);
    if (rule.next_server) {
      if (const auto why = unusable(*rule.next_server); !why.empty()) {
        problems.error(origins.of(path + ".next_server"),
                       "next_server " + rule.next_server->text() + " " + std::string(why));
      }
    }
    if (!says_something(rule, origins, path)) {
      problems.error(origins.of(path),
                     "rule " + in_quotes(rule.name) +
                         " says nothing: give `boot_file`, `ipxe_script`, "
                         "`next_server`, `root_path`, `address`, `pool`, `lease_time`, "
                         "options, `deny` or `ignore`");
    }
  }
  // Of a rule whose conditions were not all understood nothing can be said.
  if (problems.any_error()) return;
  check_rule_names(config, origins, problems);
  check_covered(config, origins, problems);
}

}  // namespace reveille
