// Nanoseconds for a decision of the boot policy, remembered and not, and seconds to compile rules.
//
//   policy-bench
//
// Machines carry what firmware behind a relay sends: vendor class, client-id, host name, circuit.
// Of the rules a quarter each looks at vendor class (a class of three octets amid a prefix), host
// name (anchored, digits at the end), circuit-id (digits at two places, not anchored) and user
// class (any case, an octet that may be missing, anchored at the end), by regular expression and
// together with the architecture; the machines match the last ones or none. Those patterns are
// chains (policy/pattern_chain.h) but for some hundred of the user class. "by_hyperscan" has groups
// that repeat in their place, which only Hyperscan reads.
#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <reveille/event.h>

#include "policy/boot_policy.h"
#include "policy/decisions.h"

namespace reveille {
namespace {

Condition leaf(RuleField field) {
  Condition condition;
  condition.kind = Condition::Kind::leaf;
  condition.field = field;
  return condition;
}
Condition number(RuleField field, std::uint64_t value) {
  Condition condition = leaf(field);
  condition.values = {{value, value}};
  return condition;
}
Condition pattern(RuleField field, std::string text) {
  Condition condition = leaf(field);
  condition.patterns = {std::move(text)};
  return condition;
}

std::vector<RuleConfig> pattern_rules(std::size_t count) {
  std::vector<RuleConfig> rules(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    Condition& when = rules[i].when;
    switch (i % 4) {
      case 0:
        when.parts = {pattern(RuleField::vendor_class, "^PXEClient:Arch:0000[679]:UNDI:" + n)};
        break;
      case 1:
        when.parts = {pattern(RuleField::host_name, "^rack" + n + "-node[0-9]+$")};
        break;
      case 2:
        when.parts = {pattern(RuleField::circuit_id, "ge-[0-9]+/0/" + n + "\\.[0-9]+")};
        break;
      default:
        when.parts = {pattern(RuleField::user_class, "(?i)class-?" + n + "$")};
    }
    when.parts.push_back(number(RuleField::architecture, 7));
    rules[i].boot_file = "rule.efi";
  }
  return rules;
}

// Names of any number of parts, and ports of any number of slots.
std::vector<RuleConfig> group_rules(std::size_t count) {
  std::vector<RuleConfig> rules(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    rules[i].when.parts = {
        i % 2 == 0
            ? pattern(RuleField::host_name, "^rack" + n + "(-(node|blade)[0-9]+)+$")
            : pattern(RuleField::circuit_id, "^(ge|xe)-[0-9]+(/[0-9]+)*/" + n + "\\.[0-9]+$"),
        number(RuleField::architecture, 7)};
    rules[i].boot_file = "rule.efi";
  }
  return rules;
}

// Hosts as rules: one MAC address each.
std::vector<RuleConfig> host_rules(std::size_t count) {
  std::vector<RuleConfig> rules(count);
  for (std::size_t i = 0; i < count; ++i) {
    rules[i].when.parts = {number(RuleField::mac, 0x020000000000 + i * 977)};
    rules[i].boot_file = "host.efi";
  }
  return rules;
}

// A policy, and machines that it decides for.
class Lab {
 public:
  static constexpr std::size_t kMachines = 64;

  explicit Lab(const std::vector<RuleConfig>& rules)
      : policy_(config(), catalogue_, std::move(*Rules::compile(rules, 1))) {
    const std::size_t last = rules.size() - 1;
    for (std::size_t i = 0; i < kMachines; ++i) {
      const std::size_t rule =
          i % 2 == 0 ? last - i % std::min<std::size_t>(16, rules.size()) : rules.size() + i;
      hosts_[i] = "rack" + std::to_string(rule) + "-node" + std::to_string(i);
      circuits_[i] = "ge-0/0/" + std::to_string(rule) + ".77";
      Facts& facts = machines_[i];
      for (unsigned octet = 0; octet < 6; ++octet) {
        facts.mac.octets[5 - octet] =
            static_cast<std::uint8_t>((0x020000000000 + rule * 977) >> 8 * octet);
      }
      facts.uuid = Uuid{{static_cast<std::uint8_t>(i), 1, 2, 3}};
      facts.architecture = 7;
      facts.firmware = Firmware::uefi_pxe;
      facts.pxe = true;
      facts.vendor_class = "PXEClient:Arch:00007:UNDI:003016";
      facts.host_name = hosts_[i];
      facts.circuit_id = bytes(circuits_[i]);
      facts.client_id = Bytes{facts.uuid->octets};
      facts.relay = Ipv4Address::of(10, 9, 0, 1);
      facts.link = facts.relay;
    }
  }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  [[nodiscard]] const BootPolicy& policy() const { return policy_; }
  [[nodiscard]] const Facts& machine(std::size_t i) const { return machines_[i % kMachines]; }

 private:
  static Config config() {
    Config config;
    config.boot.default_file = "snponly.efi";
    return config;
  }
  static Bytes bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }

  Catalogue catalogue_;
  BootPolicy policy_;
  std::array<std::string, kMachines> hosts_;
  std::array<std::string, kMachines> circuits_;
  std::array<Facts, kMachines> machines_;
};

// Compiled once for all runs of one size.
const Lab& lab_of(std::vector<RuleConfig> (*make)(std::size_t), std::size_t count) {
  static std::map<std::pair<void*, std::size_t>, std::unique_ptr<Lab>> labs;
  auto& lab = labs[{reinterpret_cast<void*>(make), count}];
  if (!lab) lab = std::make_unique<Lab>(make(count));
  return *lab;
}

void remembered(benchmark::State& state) {
  const Lab& lab = lab_of(pattern_rules, static_cast<std::size_t>(state.range(0)));
  Decisions decisions(0, 42);
  // Of these no three have one MAC address, of which two decisions are remembered.
  constexpr std::size_t kAsked = 16;
  for (std::size_t i = 0; i < kAsked; ++i) (void)decisions.plan(lab.policy(), lab.machine(i));
  std::size_t i = 0;
  for ([[maybe_unused]] auto each : state) {
    benchmark::DoNotOptimize(decisions.plan(lab.policy(), lab.machine(i++ % kAsked)));
  }
  if (decisions.misses() > kAsked + 2) state.SkipWithError("it was not remembered");
}
BENCHMARK(remembered)->Arg(10)->Arg(100)->Arg(10'000);

void decide(benchmark::State& state, const Lab& lab) {
  std::size_t i = 0;
  std::size_t by_rule = 0;
  for ([[maybe_unused]] auto each : state) {
    by_rule += lab.policy().decide(lab.machine(i++), 0).rule != kNoRule ? 1 : 0;
  }
  if (by_rule == 0) state.SkipWithError("no rule ever matched");
}

void decided_by_patterns(benchmark::State& state) {
  decide(state, lab_of(pattern_rules, static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(decided_by_patterns)->Arg(10)->Arg(100)->Arg(10'000);

void decided_by_hyperscan(benchmark::State& state) {
  decide(state, lab_of(group_rules, static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(decided_by_hyperscan)->Arg(100)->Arg(1000);

void decided_by_hosts(benchmark::State& state) {
  const Lab& lab = lab_of(host_rules, static_cast<std::size_t>(state.range(0)));
  std::size_t i = 0;
  for ([[maybe_unused]] auto each : state) {
    benchmark::DoNotOptimize(lab.policy().decide(lab.machine(i++), 0));
  }
}
BENCHMARK(decided_by_hosts)->Arg(10)->Arg(100'000);

// Sets that were compiled before, for the labs above, are shared and cost nothing: one more pattern
// in each field makes these others.
void compile(benchmark::State& state, std::vector<RuleConfig> rules) {
  for (const RuleField field : {RuleField::vendor_class, RuleField::host_name,
                                RuleField::circuit_id, RuleField::user_class}) {
    rules.emplace_back().when = pattern(field, "^(fresh|new)+" + std::to_string(rules.size()));
  }
  for ([[maybe_unused]] auto each : state) {
    benchmark::DoNotOptimize(Rules::compile(rules, 1));
  }
}

void compiled(benchmark::State& state) {
  compile(state, pattern_rules(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(compiled)->Arg(100)->Arg(10'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void compiled_by_hyperscan(benchmark::State& state) {
  compile(state, group_rules(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(compiled_by_hyperscan)->Arg(100)->Arg(1000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace reveille

BENCHMARK_MAIN();
