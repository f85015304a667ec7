#include "policy/boot_policy.h"

#include <algorithm>
#include <atomic>

#include "packet/mac_number.h"
#include "policy/architecture.h"
#include "policy/candidates.h"

namespace reveille {
namespace {

// What a client is able to run, as far as the name of a file tells.
enum class Runs : std::uint8_t { program, url, by_ipxe };

Runs what_runs(const Facts& facts) {
  if (facts.ipxe) return Runs::by_ipxe;
  if (facts.http) return Runs::url;
  const Architecture* known = find_architecture(facts.architecture);
  return known != nullptr && known->kind == ArchitectureKind::http ? Runs::url : Runs::program;
}

bool is_runnable(std::string_view file, Runs runs) {
  if (file.empty()) return false;
  switch (runs) {
    case Runs::program:
      return !is_url(file) && !is_ipxe_script(file);
    case Runs::url:
      return is_http_url(file) && !is_ipxe_script(file);
    case Runs::by_ipxe:
      return !is_ipxe_program(file);
  }
  return false;
}

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Counted over all policies ever made: a new one at the address of an old one is not the old one.
std::uint64_t next_identity() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

BootPolicy::BootPolicy(const Config& config, const Catalogue& catalogue,
                       std::shared_ptr<const Rules> rules)
    : identity_(next_identity()),
      catalogue_(&catalogue),
      rules_(std::move(rules)),
      boot_(config.boot),
      disks_(config.disks) {
  if (rules_ != nullptr) look_up_rules(config);
  rule_plans_.emplace_back();
  for (const Architecture& known : architectures()) {
    by_architecture_.emplace(known.code, choose(known.code));
  }
  for (const ArchitectureFile& configured : boot_.files) {
    by_architecture_.emplace(configured.architecture, choose(configured.architecture));
  }
  unknown_ = choose_unknown();
  if (is_runnable(boot_.default_file, Runs::program)) default_ = entry(boot_.default_file);
  collect_hosts(config);
}

void BootPolicy::look_up_rules(const Config& config) {
  std::unordered_map<std::string_view, std::uint16_t> places;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    places.emplace(config.pools[i].name, static_cast<std::uint16_t>(i));
  }
  for (const RuleConfig& rule : rules_->all()) {
    rule_names_.push_back({entry(rule.boot_file), entry(rule.ipxe_script)});
    BootPlan& plan = rule_plans_.emplace_back();
    plan.rule = static_cast<std::uint32_t>(rule_plans_.size() - 1);
    plan.answer = rule.answer;
    plan.next_server = rule.next_server;
    plan.root_path = rule.root_path;
    plan.options = rule.options;
    plan.address = rule.address;
    plan.pool_name = rule.pool;
    std::optional<Seconds> lease_time = rule.lease_time;
    if (!rule.pool.empty()) {
      const auto place = places.find(rule.pool);
      plan.pool = place != places.end() ? place->second : kUnknownPool;
      if (!lease_time && place != places.end()) lease_time = config.pools[plan.pool].lease_time;
    }
    plan.lease_seconds = static_cast<std::uint32_t>(lease_time.value_or(Seconds{0}).count());
  }
}

void BootPolicy::collect_hosts(const Config& config) {
  asks_known_ = rules_ != nullptr && rules_->look_at(RuleField::known);
  for (const HostConfig& host : config.hosts) {
    if (host.boot_file.empty() && !asks_known_) continue;
    if (host.mac) by_mac_.emplace(host.mac->number(), host.boot_file);
    if (host.uuid) by_uuid_.emplace(as_text(host.uuid->octets), host.boot_file);
    if (!host.client_id.empty()) by_client_id_.emplace(as_text(host.client_id), host.boot_file);
  }
  for (const SubnetConfig& subnet : config.subnets) {
    if (subnet.boot_file.empty()) continue;
    by_subnet_.push_back({subnet.prefix, subnet.relays, subnet.boot_file});
  }
}

BootPolicy::Entry BootPolicy::entry(std::string_view file) const {
  return {std::string(file), is_url(file) ? nullptr : catalogue_->find(file)};
}

std::string_view BootPolicy::configured_for(std::uint16_t architecture) const {
  const auto configured =
      std::ranges::find(boot_.files, architecture, &ArchitectureFile::architecture);
  return configured != boot_.files.end() ? std::string_view(configured->file) : std::string_view{};
}

std::string_view BootPolicy::found_script() const {
  const auto names = ipxe_script_candidates();
  const auto found = std::ranges::find_if(
      names, [this](std::string_view name) { return catalogue_->find(name) != nullptr; });
  return found != names.end() ? *found : std::string_view{};
}

BootPolicy::Choice BootPolicy::choose(std::uint16_t architecture) const {
  const std::string_view own = configured_for(architecture);
  const auto candidates = boot_file_candidates(architecture);
  const auto first_of = [&](std::initializer_list<std::string_view> files, Runs runs) -> Entry {
    for (const std::string_view file : files) {
      if (is_runnable(file, runs)) return entry(file);
    }
    for (const std::string_view name : candidates) {
      if (is_runnable(name, runs) && catalogue_->find(name) != nullptr) return entry(name);
    }
    return {};
  };
  // A script that was put into the folder goes before programs that were configured for the
  // architecture: those were meant for the firmware, which may have loaded iPXE from them.
  const auto if_script = [](std::string_view file) {
    return is_ipxe_script(file) ? file : std::string_view{};
  };
  return {.program = first_of({own, boot_.default_file}, Runs::program),
          .url = first_of({own, boot_.default_file}, Runs::url),
          .ipxe = first_of({boot_.ipxe_script, if_script(own), if_script(boot_.default_file),
                            found_script(), own, boot_.default_file},
                           Runs::by_ipxe)};
}

// A code that came after this program was written. Nothing says what it can run, but refusing it
// is sure to be wrong: the default, else what most machines run today.
BootPolicy::Choice BootPolicy::choose_unknown() const {
  Choice choice = choose(kArchitectureUnknown);
  for (const std::uint16_t guess : {kArchitectureX64Uefi, kArchitectureBios}) {
    const Choice& other = by_architecture_.at(guess);
    if (choice.program.file.empty()) choice.program = other.program;
    if (choice.ipxe.file.empty()) choice.ipxe = other.ipxe;
  }
  return choice;
}

const BootPolicy::Choice& BootPolicy::choice_for(const Facts& facts) const {
  const auto find = [this](std::uint16_t code) -> const Choice* {
    const auto found = by_architecture_.find(code);
    return found != by_architecture_.end() ? &found->second : nullptr;
  };
  if (facts.raspberry_pi) {
    const Choice* choice = find(kArchitectureRaspberryPi);
    if (choice != nullptr && !choice->program.file.empty()) return *choice;
  }
  const Choice* choice = find(facts.architecture);
  return choice != nullptr ? *choice : unknown_;
}

bool BootPolicy::is_script_for(const Facts& facts, std::string_view file) const {
  return facts.ipxe && (is_ipxe_script(file) || file == boot_.ipxe_script);
}

std::optional<BootPlan> BootPolicy::file_plan(const Facts& facts,
                                              std::string_view file_override) const {
  const Runs runs = what_runs(facts);
  const auto plan_of = [&](std::string_view file, const Image* image) -> std::optional<BootPlan> {
    if (file.empty()) return std::nullopt;
    return BootPlan{.file = file, .image = image, .script = is_script_for(facts, file)};
  };
  if (is_runnable(file_override, runs)) {
    return plan_of(file_override,
                   is_url(file_override) ? nullptr : catalogue_->find(file_override));
  }
  // U-Boot is no PXE client but says its architecture; an operating system says nothing, and
  // gets a file only where one is configured for all.
  if (!facts.boots() && facts.architecture == kArchitectureUnknown) {
    return plan_of(default_.file, default_.image);
  }
  const Choice& choice = choice_for(facts);
  const Entry& entry = runs == Runs::by_ipxe ? choice.ipxe
                       : runs == Runs::url   ? choice.url
                                             : choice.program;
  return plan_of(entry.file, entry.image);
}

std::optional<BootPlan> BootPolicy::plan(const Facts& facts, std::string_view file_override) const {
  const std::optional<BootPlan> file = file_plan(facts, file_override);
  const bool chosen = file && (file->file == file_override || file->file == boot_.ipxe_script);
  return disks_.with_disk(file, facts, chosen);
}

template <class Take>
bool BootPolicy::find_host(const Facts& facts, Take&& take) const {
  if (const auto found = by_mac_.find(facts.mac.number());
      found != by_mac_.end() && take(found->second)) {
    return true;
  }
  if (facts.uuid && !by_uuid_.empty()) {
    const auto found = by_uuid_.find(as_text(facts.uuid->octets));
    if (found != by_uuid_.end() && take(found->second)) return true;
  }
  if (facts.client_id.empty() || by_client_id_.empty()) return false;
  const std::string_view client_id = as_text(facts.client_id);
  auto found = by_client_id_.find(client_id);
  // As Subnets::host() does.
  if (found == by_client_id_.end() && client_id[0] == 0) {
    found = by_client_id_.find(client_id.substr(1));
  }
  return found != by_client_id_.end() && take(found->second);
}

Facts BootPolicy::completed(Facts facts) const {
  facts.known = asks_known_ && find_host(facts, [](const std::string& /*file*/) { return true; });
  return facts;
}

std::optional<std::uint32_t> BootPolicy::match(const Facts& facts, unsigned worker) const {
  if (rules_ == nullptr) return std::nullopt;
  return asks_known_ ? rules_->match(completed(facts), worker) : rules_->match(facts, worker);
}

Decision BootPolicy::decide(const Facts& facts, unsigned worker) const {
  Decision decision;
  std::string_view chosen_file = {};
  bool own_root_path = false;
  if (const auto rule = match(facts, worker)) {
    const RuleConfig& matched = rules_->all()[*rule];
    decision.rule = *rule;
    if (matched.answer != RuleAnswer::serve) return decision;
    own_root_path = !matched.root_path.empty();
    const RuleNames& names = rule_names_[*rule];
    const bool gets_script = facts.ipxe && !names.script.file.empty();
    const Entry& entry = gets_script ? names.script : names.program;
    if (is_runnable(entry.file, what_runs(facts))) {
      chosen_file = entry.file;
      decision.script = gets_script;
    }
  }
  if (chosen_file.empty()) chosen_file = file_override(facts, facts.link);
  const auto chosen = own_root_path ? file_plan(facts, chosen_file) : plan(facts, chosen_file);
  if (!chosen) return decision;
  decision.file = chosen->file;
  decision.image = chosen->image;
  decision.script |= chosen->script;
  decision.disk = chosen->disk;
  return decision;
}

BootPlan BootPolicy::plan_of(const Decision& decision) const {
  BootPlan plan = rule_plans_[std::min<std::size_t>(decision.rule, rule_plans_.size() - 1)];
  plan.file = decision.file;
  plan.image = decision.image;
  plan.script = decision.script;
  plan.disk = decision.disk;
  if (plan.root_path.empty()) plan.root_path = disks_.root_path(decision.disk);
  return plan;
}

// Texts count only where rules look at them; the client-id is also a key of [[host]].
std::uint64_t BootPolicy::fingerprint(const Facts& facts, const FactsHash& fresh) const {
  FactsHash hash = fresh;
  const auto flags = static_cast<std::uint64_t>(facts.pxe) | std::uint64_t{facts.http} << 1 |
                     std::uint64_t{facts.ipxe} << 2 | std::uint64_t{facts.raspberry_pi} << 3 |
                     std::uint64_t{facts.uuid.has_value()} << 4;
  hash.add(flags << 48 | std::uint64_t{static_cast<std::uint8_t>(facts.firmware)} << 32 |
               std::uint64_t{facts.architecture} << 16 | facts.vlan,
           raw_number(facts.mac));
  hash.add(std::uint64_t{facts.relay.value} << 32 | facts.link.value, 0);
  if (facts.uuid) hash.add(Bytes{facts.uuid->octets});
  if (!by_client_id_.empty()) hash.add(facts.client_id);
  return rules_ != nullptr ? hash.value_with(rules_->hash_of_texts(facts, fresh)) : hash.value();
}

std::string_view BootPolicy::file_override(const Facts& facts, Ipv4Address address) const {
  std::string_view file;
  const auto take = [&file](const std::string& own) {
    file = own;
    return !own.empty();
  };
  if (find_host(facts, take)) return file;
  for (const SubnetFile& subnet : by_subnet_) {
    if (subnet.prefix.contains(address) ||
        std::ranges::find(subnet.relays, address) != subnet.relays.end()) {
      return subnet.file;
    }
  }
  return {};
}

}  // namespace reveille
