#include "control/build_snapshot.h"

#include "control/config/problem.h"
#include "names/name_rules.h"
#include "policy/boot_policy.h"
#include "text/template_image.h"

namespace reveille {

tl::expected<std::shared_ptr<const Rules>, std::string> compile_rules(const Config& config) {
  if (config.rules.empty()) return nullptr;
  auto rules = Rules::compile(config.rules, config.workers.count);
  if (rules) return *rules;
  return tl::unexpected("rule " + in_quotes(config.rules[rules.error().rule].name) + ": " +
                        rules.error().text);
}

SnapshotBuilder::SnapshotBuilder(std::shared_ptr<const Config> config,
                                 std::vector<Station> stations, std::span<const LeaseChange> stored)
    : config_(std::move(config)),
      subnets_(std::make_shared<const Subnets>(*config_, stored)),
      stations_(std::move(stations)) {}

SnapshotBuilder::SnapshotBuilder(std::shared_ptr<const Config> config,
                                 std::vector<Station> stations,
                                 std::shared_ptr<const Subnets> subnets)
    : config_(std::move(config)), subnets_(std::move(subnets)), stations_(std::move(stations)) {}

tl::expected<void, std::string> SnapshotBuilder::compile() {
  if (!rules_) {
    auto rules = compile_rules(*config_);
    if (!rules) return tl::unexpected(std::move(rules.error()));
    rules_ = std::move(*rules);
  }
  const TftpConfig& tftp = config_->tftp;
  if (!names_ && !tftp.rewrites.empty()) {
    auto built = NameRules::build(tftp.rewrites, tftp.ignore_case, config_->workers.count);
    if (!built) return tl::unexpected(std::move(built.error()));
    names_ = std::move(*built);
  }
  if (!templates_.empty()) return {};
  for (const TemplateConfig& one : config_->templates) {
    auto text = Template::parse(one.text, Template::Captures::none);
    if (!text) return tl::unexpected(one.name + ": " + text.error().text);
    templates_.push_back(template_image(one.name, std::move(*text)));
  }
  return {};
}

tl::expected<std::unique_ptr<const Snapshot>, std::string> SnapshotBuilder::build(
    std::shared_ptr<const Catalogue> catalogue, std::shared_ptr<const Disks> disks) {
  if (const auto compiled = compile(); !compiled) return tl::unexpected(compiled.error());
  if (!templates_.empty()) {
    auto images = templates_;
    const auto& files = catalogue->images();
    images.insert(images.end(), files.begin(), files.end());
    catalogue = std::make_shared<const Catalogue>(
        std::move(images), Catalogue::Options{.ignore_case = config_->tftp.ignore_case});
  }
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->version = ++version_;
  snapshot->stations = stations_;
  snapshot->config = config_;
  snapshot->subnets = subnets_;
  snapshot->policy = std::make_shared<const BootPolicy>(*config_, *catalogue, rules_);
  snapshot->catalogue = std::move(catalogue);
  snapshot->names = names_;
  snapshot->disks = std::move(disks);
  return snapshot;
}

}  // namespace reveille
