// Another server's configuration, imported and read back.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "control/config/config_check.h"
#include "control/config/config_file.h"
#include "control/import/imported.h"

namespace reveille {

// A line of dnsmasq's: addresses for rules to speak of.
inline constexpr std::string_view kRange = "dhcp-range=set:lab,10.77.1.0,10.77.1.99,255.255.0.0\n";

// The result, which must pass the checks, and its text.
struct ImportedConfig {
  Config config;
  std::string toml;

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const RuleConfig& rule : config.rules) all.push_back(rule.name);
    return all;
  }
  // "file" of each rule, in order; "ignore" for those that turn machines away.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const RuleConfig& rule : config.rules) {
      all.push_back(rule.answer == RuleAnswer::ignore ? "ignore" : rule.boot_file);
    }
    return all;
  }
};

inline ImportedConfig imported(std::string_view text, std::string_view format) {
  const ImportResult import = import_text(text, format, "/etc/the.conf");
  EXPECT_TRUE(import) << import.error();
  if (!import) return {};
  ImportedConfig result{{}, toml_text(*import)};
  ParsedConfig parsed = parse_config(result.toml, "result.toml");
  check_config(parsed.config, parsed.origins, parsed.problems);
  EXPECT_FALSE(parsed.problems.any_error()) << parsed.problems.text() << result.toml;
  result.config = std::move(parsed.config);
  return result;
}

// What [boot.files] says.
inline std::string file_for(const Config& config, std::uint16_t architecture) {
  for (const ArchitectureFile& one : config.boot.files) {
    if (one.architecture == architecture) return one.file;
  }
  return "";
}

}  // namespace reveille
