// Any text, as a configuration file: parsed, checked, and used if it is good.
#include <cstdlib>
#include <string_view>

#include "control/config/config_check.h"
#include "control/config/config_file.h"
#include "dhcp/subnets.h"
#include "image/catalogue.h"
#include "policy/boot_policy.h"

namespace reveille {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void read(std::string_view text) {
  ParsedConfig parsed = parse_config(text, "/etc/reveille.toml");
  require(parsed.readable || parsed.problems.any_error());
  if (!parsed.readable) return;
  check_config(parsed.config, parsed.origins, parsed.problems);
  const std::string problems = parsed.problems.text();
  // One line each, and nothing in it that a terminal would act upon.
  for (const char c : problems) require(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  require(problems.empty() || problems.back() == '\n');
  for (const Problem& problem : parsed.problems.sorted()) {
    require(!problem.text.empty());
    require(problem.line == 0 || problem.column > 0);
  }
  if (parsed.problems.any_error()) return;

  // What passes the checks is what the rest relies on.
  const Config& config = parsed.config;
  for (const OwnAddress& own : own_addresses(config)) {
    require(unusable_in(own.address.address, own.address).empty());
  }
  std::uint64_t addresses = 0;
  for (const SubnetConfig& subnet : config.subnets) {
    for (const PoolConfig& pool : subnet.pools) {
      require(pool.first <= pool.last);
      require(subnet.prefix.contains(pool.first) && subnet.prefix.contains(pool.last));
      addresses += pool.last.value - pool.first.value + 1;
    }
  }
  for (const NamedPoolConfig& pool : config.pools) {
    require(!pool.name.empty() && !pool.ranges.empty());
    for (const PoolConfig& range : pool.ranges) {
      require(range.first <= range.last);
      addresses += range.last.value - range.first.value + 1;
    }
  }
  require(addresses <= Subnets::kAddressesMax);
  const Subnets subnets(config);
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    for (const PoolConfig& range : config.pools[i].ranges) {
      const Subnet* const subnet = subnets.containing(range.first);
      require(subnet != nullptr && subnet->config.prefix.contains(range.last));
      const std::uint16_t group = subnets.group_of(*subnet, static_cast<std::uint16_t>(i));
      require(group != kNoGroup && subnets.group_at(*subnet, range.last) == group);
    }
  }
  require(subnets.all().size() == config.subnets.size());
  const Catalogue catalogue;
  // Compiling takes time that a fuzzer has better uses for; what does not compile says why.
  constexpr std::size_t kRulesCompiledMax = 20;
  std::shared_ptr<const Rules> rules;
  if (!config.rules.empty() && config.rules.size() <= kRulesCompiledMax) {
    auto compiled = Rules::compile(config.rules, 1);
    require(compiled || !compiled.error().text.empty());
    if (compiled) rules = std::move(*compiled);
  }
  const BootPolicy policy(config, catalogue, rules);
  require(policy.decide(Facts{}, 0).rule == kNoRule || rules != nullptr);
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
