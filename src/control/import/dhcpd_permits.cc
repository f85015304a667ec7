#include "control/import/dhcpd_permits.h"

#include <array>
#include <utility>
#include <vector>

namespace reveille {
namespace {

bool is_about_class(const DhcpdStatement& one) {
  return one.word(1) == "members" && one.word(2) == "of";
}

// "known-clients", which older files write as two words; nullopt: it is about something else.
std::optional<bool> is_about_known(const DhcpdStatement& one) {
  const bool is_two = one.word(2) == "clients";
  if (one.word(1) == "known-clients" || (is_two && one.word(1) == "known")) return true;
  if (one.word(1) == "unknown-clients" || (is_two && one.word(1) == "unknown")) return false;
  return std::nullopt;
}

struct Group {
  std::string name;
  ImportedCondition condition;
};

std::optional<Group> group_of(const DhcpdStatement& one, const DhcpdClasses& classes) {
  if (const auto known = is_about_known(one)) {
    return *known ? Group{"known", is_known()} : Group{"unknown", negated(is_known())};
  }
  const auto found = classes.find(one.word(3));
  if (found == classes.end()) return std::nullopt;
  return Group{found->first, found->second};
}

}  // namespace

bool is_dhcpd_permit(const DhcpdStatement& statement) {
  const std::string_view key = statement.word(0);
  return (key == "allow" || key == "deny") &&
         (is_about_class(statement) || is_about_known(statement));
}

std::optional<ImportedPool> dhcpd_permits(const DhcpdStatement& pool, const DhcpdClasses& classes) {
  ImportedPool all;
  std::vector<ImportedCondition> allowed;
  std::vector<ImportedCondition> needed;
  for (const DhcpdStatement& one : pool.block) {
    if (!is_dhcpd_permit(one)) continue;
    const auto group = group_of(one, classes);
    if (!group) return std::nullopt;
    const bool allows = one.word(0) == "allow";
    (allows ? allowed : needed).push_back(allows ? group->condition : negated(group->condition));
    all.name += (all.name.empty() ? "" : ", ") + std::string(allows ? "" : "not ") + group->name;
  }
  if (all.name.empty()) return all;
  if (!allowed.empty()) {
    auto any = combined("any", allowed);
    if (!any) return std::nullopt;
    needed.push_back(std::move(*any));
  }
  auto when = combined("all", needed);
  if (!when) return std::nullopt;
  all.when = std::move(*when);
  return all;
}

}  // namespace reveille
