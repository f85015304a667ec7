// Any message, to the rules: every field of its facts is matched, the decision is remembered, and
// what is said of it agrees with what was decided.
#include <array>
#include <memory>

#include "fuzz/require.h"
#include "policy/decisions.h"
#include "policy/rule_builder.h"
#include "policy/test_policy.h"

namespace reveille {
namespace {

using namespace test;

std::vector<RuleConfig> make_rules() {
  const std::vector<ValueRange> low_half{{0, 0x7fffffffffff}};
  std::vector<RuleConfig> rules{
      rule(all({matches(RuleField::vendor_class, {"^PXEClient:Arch:0000[0-9]", "(?i)http"}),
                none({matches(RuleField::host_name, {R"([\x00-\x1f])"})})}),
           "vendor.efi"),
      rule(matches(RuleField::user_class, {"^iPXE$", R"(^\x04iPXE)"}), "user.ipxe"),
      rule(all({matches(RuleField::circuit_id, {"."}), matches(RuleField::remote_id, {".*"})}),
           "relayed.efi"),
      rule(any({matches(RuleField::client_id, {R"(^\x01.{6}$)"}),
                matches(RuleField::option, {R"(\xff)"}, 93),
                matches(RuleField::vendor_option, {"^....$"}, 71)}),
           "ids.efi"),
      rule(any({values(RuleField::mac, low_half), values(RuleField::architecture, {{6, 11}}),
                is_uuid(Uuid{{1}}), in_network(RuleField::relay, "10.0.0.0/8")}),
           "numbers.efi"),
      rule(none({value(RuleField::firmware, 0)}), "firmware.efi"),
  };
  rules[2].answer = RuleAnswer::deny;
  return rules;
}

void decide(Bytes message) {
  static const Catalogue kCatalogue;
  static const std::shared_ptr<const BootPolicy> kPolicy = [] {
    Config config;
    config.rules = make_rules();
    config.boot.default_file = "default.efi";
    return test_policy(config, kCatalogue);
  }();
  static Decisions decisions(0, 7);
  const auto view = wire::DhcpView::parse(message);
  if (!view) return;
  Station station;
  station.address = {Ipv4Address::of(10, 78, 0, 1), 24};
  Facts facts = facts_of(*view, 0);
  locate(facts, station, view->ciaddr());
  require(!facts.link.is_zero() || !view->giaddr().is_zero());

  const Decision decision = kPolicy->decide(facts, 0);
  const BootPlan plan = kPolicy->plan_of(decision);
  for (int again = 0; again < 2; ++again) {
    const BootPlan remembered = decisions.plan(*kPolicy, facts);
    require(remembered.file == plan.file && remembered.rule == plan.rule &&
            remembered.script == plan.script && remembered.answer == plan.answer);
  }
  std::uint32_t first = kNoRule;
  for (const RuleTrace& trace : kPolicy->rules()->trace(facts, 0)) {
    if (trace.failed.empty() && first == kNoRule) first = static_cast<std::uint32_t>(trace.rule);
  }
  require(first == decision.rule);
  require(plan.answer == RuleAnswer::serve || plan.file.empty());
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::decide({data, size});
  return 0;
}
