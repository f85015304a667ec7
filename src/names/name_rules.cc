#include "names/name_rules.h"

#include <algorithm>
#include <array>

namespace reveille {
namespace {

LetterCase letter_case(bool ignore_case) {
  return ignore_case ? LetterCase::ignored : LetterCase::sensitive;
}

}  // namespace

std::optional<NameRules::Problem> NameRules::problem_of(const NameRuleConfig& rule,
                                                        bool ignore_case) {
  using In = Problem::In;
  // PCRE2 says where in the pattern something is wrong, so it comes first.
  const auto captures = CapturePattern::compile(rule.match, letter_case(ignore_case));
  if (!captures) return Problem{In::match, captures.error()};
  if (std::string why = NamePatterns::problem_of(rule.match, letter_case(ignore_case));
      !why.empty()) {
    return Problem{In::match, {0, std::move(why)}};
  }
  const auto to = Template::parse(rule.to, Template::Captures::numbered);
  if (!to) return Problem{In::to, to.error()};
  if (to->capture_max() > static_cast<int>(captures->groups())) {
    std::string text = "capture ";
    text += std::to_string(to->capture_max());
    text += " is not there; `match` has ";
    text += std::to_string(captures->groups());
    text += captures->groups() == 1 ? " group" : " groups";
    return Problem{In::to, {to->capture_max_offset(), std::move(text)}};
  }
  return std::nullopt;
}

tl::expected<std::shared_ptr<const NameRules>, std::string> NameRules::build(
    const std::vector<NameRuleConfig>& configured, bool ignore_case, unsigned workers) {
  std::vector<std::string> patterns;
  std::vector<Rule> rules;
  bool any_captures = false;
  for (const NameRuleConfig& rule : configured) {
    auto to = Template::parse(rule.to, Template::Captures::numbered);
    if (!to) return tl::unexpected(rule.to + ": " + to.error().text);
    std::optional<CapturePattern> captures;
    if (to->capture_max() >= 0) {
      auto compiled = CapturePattern::compile(rule.match, letter_case(ignore_case));
      if (!compiled) return tl::unexpected(rule.match + ": " + compiled.error().text);
      captures = std::move(*compiled);
      any_captures = true;
    }
    patterns.push_back(rule.match);
    rules.push_back({std::move(*to), std::move(captures), rule.fallback});
  }
  auto set = NamePatterns::compile(patterns, letter_case(ignore_case), workers);
  if (!set) return tl::unexpected(set.error());
  std::shared_ptr<NameRules> built(new NameRules(std::move(*set), std::move(rules)));
  if (any_captures) built->memories_ = std::vector<CaptureMemory>(workers);
  return std::shared_ptr<const NameRules>(std::move(built));
}

const Image* NameRules::find(std::string_view asked, const ClientFacts& client,
                             const Catalogue& catalogue, unsigned worker) const {
  ImageNameRoom room;
  const auto name = normal_image_name(asked, room);
  if (!name) return nullptr;
  std::array<std::uint32_t, kTriesMax> matching;
  const std::size_t count = patterns_.match(*name, worker, matching);
  for (std::size_t i = 0; i < count; ++i) {
    const Rule& rule = rules_[matching[i]];
    const Image* const image = result_of(rule, *name, client, catalogue, worker);
    if (image != nullptr || !rule.fallback) return image;
  }
  return catalogue.find(*name);
}

const Image* NameRules::result_of(const Rule& rule, std::string_view name,
                                  const ClientFacts& client, const Catalogue& catalogue,
                                  unsigned worker) const {
  std::array<std::string_view, kCapturesMax> captured;
  if (rule.captures && !rule.captures->match(name, memories_[worker], captured)) return nullptr;
  ImageNameRoom room;
  std::size_t length = 0;
  if (!rule.to.write_name(client, captured, room, length)) return nullptr;
  return catalogue.find({room.data(), length});
}

}  // namespace reveille
